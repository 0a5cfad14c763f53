"""A file that belongs to one running program, with a lock file beside it.

    <folder>/<name>.lock    held by the operating system as long as that program lives; its end needs no word
    <folder>/<name>.json    what it has to say

A process number would not do: another process gets it after a while, and on a shared disk another machine has it as well.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

from ...shared.img23d_protocol.files.os_lock import LockState, try_lock
from ...shared.img23d_protocol.files.whole_files import write_whole

LOCK, DATA = ".lock", ".json"
_TRIES = 5


class OwnedFile:
    """Nothing is made before something is written."""

    def __init__(self, folder: Path, *, needs_locks: bool = False) -> None:
        """`needs_locks`: on a file system without locks, writing raises OSError(ENOLCK)."""
        self.name = secrets.token_hex(8)
        self._folder = folder
        self._needs_locks = needs_locks
        self._descriptor: int | None = None

    @property
    def path(self) -> Path:
        return self._folder / f"{self.name}{DATA}"

    @property
    def is_held(self) -> bool:
        return self._descriptor is not None

    def write(self, data: bytes) -> None:
        """Whole or not at all. Raises OSError."""
        self._hold()
        write_whole(self.path, data, private=True)

    def clear(self) -> None:
        """Nothing is left to say; the lock stays."""
        remove(self.path)

    def close(self, *, keeps_data: bool = False) -> None:
        """`keeps_data`: what was said is left for whoever comes next (see `claim`)."""
        if self._descriptor is None:
            return
        os.close(self._descriptor)
        self._descriptor = None
        if not keeps_data:
            remove(self.path.with_suffix(LOCK), self.path)

    def _hold(self) -> None:
        """Raises OSError."""
        if self._descriptor is not None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        lock = self.path.with_suffix(LOCK)
        for _ in range(_TRIES):  # another program may take it for a dead one's until it is locked
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
            state = try_lock(descriptor)
            if state is LockState.UNKNOWN and self._needs_locks:
                os.close(descriptor)
                remove(lock)
                raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK), str(lock))
            if state is not LockState.HELD and _is_there(lock, descriptor):
                self._descriptor = descriptor
                return
            os.close(descriptor)
        raise OSError(f"{lock} cannot be locked")


def claim(lock: Path, *, create: bool = False) -> tuple[LockState, int]:
    """What came of locking it, and its descriptor, which the caller closes. Raises OSError, FileNotFoundError where it has just gone."""
    descriptor = os.open(lock, os.O_RDWR | (os.O_CREAT if create else 0), 0o600)
    state = try_lock(descriptor)
    if state is LockState.TAKEN and not _is_there(lock, descriptor):
        os.close(descriptor)
        raise FileNotFoundError(lock)
    return state, descriptor


def locks_in(folder: Path) -> list[Path]:
    """Sorted by name. Raises OSError, FileNotFoundError where there is no such folder."""
    return sorted(Path(entry.path) for entry in os.scandir(folder) if entry.name.endswith(LOCK))


def remove(*paths: Path) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _is_there(path: Path, descriptor: int) -> bool:
    """Whether the name still leads to the open file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
