"""The backend's log: for its owner only, and kept short while it grows, since a library may print for hours.

Whatever writes into it, C code included, writes to one descriptor; so the file itself stays, and its contents move to
`<name>.1` when there are too many of them. Standard library only, as all that is imported before the pipes are taken.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from pathlib import Path

from img23d_protocol.files.os_lock import try_lock
from img23d_protocol.files.whole_files import whole_file

LIMIT = 1_000_000  # bytes
GENERATIONS = 2  # older ones beside it
LOOK_SECONDS = 2.0


def open_log(path: Path) -> int:
    """A descriptor that appends. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
    if os.name != "nt":
        with contextlib.suppress(OSError):  # another user's file system
            os.fchmod(descriptor, 0o600)
        try_lock(descriptor, shared=True)  # says that it is being written; Windows refuses to delete an open file anyway
    _shorten(path, descriptor)
    return descriptor


def keep_short(path: Path, descriptor: int) -> None:
    """Looks at the log from a thread of its own, which ends with the process."""

    def watch() -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            with contextlib.suppress(OSError):
                _shorten(path, descriptor)

    threading.Thread(target=watch, name="log", daemon=True).start()


def _shorten(path: Path, descriptor: int) -> None:
    """Raises OSError where the file cannot be emptied."""
    if os.fstat(descriptor).st_size <= LIMIT:
        return
    with contextlib.suppress(OSError):  # a full disk, most of all, must not keep it from being emptied
        for number in range(GENERATIONS - 1, 0, -1):
            older = _older(path, number)
            if older.exists():
                os.replace(older, _older(path, number + 1))
        with whole_file(_older(path, 1), private=True) as draft:
            shutil.copyfile(path, draft)
    os.ftruncate(descriptor, 0)


def _older(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
