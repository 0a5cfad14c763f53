"""A backend in a process of its own, reached by pipes on its stdin and stdout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path


class PipeLink:
    """A `BackendLink`."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log_path: Path) -> None:
        raise NotImplementedError
