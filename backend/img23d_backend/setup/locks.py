"""The lock files: every package that is installed besides torch, with its hashes. `build_addon.py lock` compiles them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from img23d_protocol.environment import lock_hash

FOLDER = Path(__file__).with_name("locks")


def lock_path(name: str) -> Path:
    return FOLDER / f"{name}.txt"


def hashes(names: Iterable[str]) -> dict[str, str]:
    return {name: lock_hash(FOLDER, name) for name in names}


def locked_packages() -> frozenset[str]:
    """The names of all packages in all lock files, in the index's spelling."""
    texts = (path.read_text(encoding="utf-8") for path in FOLDER.glob("*.txt"))
    return frozenset(canonical(name) for text in texts for name in re.findall(r"^([\w.-]+)==", text, re.MULTILINE))


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
