"""The backend's logs."""

from __future__ import annotations

import contextlib
from pathlib import Path

from .folders import log_folder


def newest_log() -> Path | None:
    """None where there is none; other Blenders delete old ones meanwhile."""
    logs = []
    for path in log_folder(create=False).rglob("backend-*.log"):
        with contextlib.suppress(OSError):
            logs.append((path.stat().st_mtime, path))
    return max(logs)[1] if logs else None


def last_lines(path: Path, count: int) -> list[str]:
    """Of a file that another process may be writing, and of the one before it where it has just begun anew."""
    lines = _lines(path)
    if len(lines) < count:
        lines = _lines(path.with_name(f"{path.name}.1")) + lines
    return lines[-count:]


def _lines(path: Path) -> list[str]:
    """None where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
