"""One process at a time at a file set. The system releases the lock when its process ends, however it ends."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from img23d_protocol.files.os_lock import LockState, try_lock

if TYPE_CHECKING:
    from .task import Task

_INTERVAL = 0.2  # seconds between two tries


@contextlib.contextmanager
def locked(path: Path, task: Task) -> Iterator[None]:
    """Hold the lock file while the block runs; wait for it as long as it takes. Raises JobCancelled, OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        while try_lock(handle) is LockState.HELD:  # a network drive without locks: better without one than not at all
            task.note = "Another Blender is busy with these files, waiting"
            task.wait(_INTERVAL)
        yield
    finally:
        os.close(handle)
