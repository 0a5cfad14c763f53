"""One process at a time at a file set. The system lets go of the lock when its process ends, however it ends."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .task import Task

_INTERVAL = 0.2  # seconds between two tries


@contextlib.contextmanager
def locked(path: Path, task: Task) -> Iterator[None]:
    """Hold the lock file while the block runs; wait for it as long as it takes. Raises JobCancelled, OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        while not _take(handle):
            task.note = "Another Blender is busy with these files, waiting"
            task.wait(_INTERVAL)
        yield
    finally:
        os.close(handle)


def _take(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True  # a network drive without locks: better without one than not at all
    return True
