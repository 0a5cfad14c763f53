"""How the backend is started: which interpreter, which folders, which environment."""

from __future__ import annotations

from pathlib import Path

from .client import PipeLink


def new_link(extension_root: Path, log_folder: Path) -> PipeLink:
    """A link to a backend in Blender's own interpreter, not started yet; registration's `make_link`.

    `extension_root` is the folder of the extension's `__init__.py`. Raises Img23DError(BACKEND_START).
    """
    raise NotImplementedError
