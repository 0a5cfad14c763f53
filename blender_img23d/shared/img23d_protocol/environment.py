"""The private environment on disk, as the backend makes it and the extension finds it.

<folder>/img23d.json    the record: written last and removed first, so an environment without it is never used
<folder>/venv/          the environment itself
<folder>/python/        the Python below it, where uv could fetch one
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from .files.whole_files import write_whole

RECORD_NAME = "img23d.json"
PACKAGES_LOCK = "packages"
HUNYUAN3D_LOCK = "hunyuan3d"  # Tencent's networks: only where their licence was accepted


@dataclass(frozen=True, kw_only=True)
class EnvironmentRecord:
    """What a complete environment was made of."""

    python: str  # its version
    base: str  # the interpreter it was made from; without that it cannot start
    torch: str  # the version, such as "2.13.0+cu130"
    torch_build: str  # as it was asked for: one of choices.TORCH_BUILDS, or a tag of the torch index
    locks: dict[str, str]  # name -> SHA-256 of the lock file that was installed


def interpreter_in(folder: Path) -> Path:
    """The environment's Python, whether it is there or not."""
    return folder / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def read_record(folder: Path) -> EnvironmentRecord | None:
    """None where there is none, or none that this version understands."""
    try:
        record = EnvironmentRecord(**json.loads((folder / RECORD_NAME).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    texts = (record.python, record.base, record.torch, record.torch_build)
    is_whole = isinstance(record.locks, dict) and all(isinstance(text, str) for text in (*texts, *record.locks.values()))
    return record if is_whole and "\0" not in record.base else None


def write_record(folder: Path, record: EnvironmentRecord) -> None:
    """At once or not at all. Raises OSError."""
    write_whole(folder / RECORD_NAME, json.dumps(asdict(record), indent=1).encode(), durable=True)


def lock_hash(locks: Path, name: str) -> str:
    """SHA-256 of a lock file; empty where it is missing."""
    try:
        text = (locks / f"{name}.txt").read_text(encoding="utf-8")  # universal newlines: the same on each system
    except OSError:
        return ""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
