"""The backend's logs."""

from __future__ import annotations

from pathlib import Path

from .folders import log_folder


def newest_log() -> Path | None:
    logs = sorted(log_folder().rglob("backend-*.log"), key=lambda path: path.stat().st_mtime)
    return logs[-1] if logs else None


def last_lines(path: Path, count: int) -> list[str]:
    """Of a file that another process may be writing; none where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
    except OSError:
        return []
