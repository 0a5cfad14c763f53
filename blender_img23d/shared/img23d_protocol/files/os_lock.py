"""Locks of the operating system: they end with the process that holds them, however it ends, so that none is ever stale."""

from __future__ import annotations

import errno
import sys
from enum import Enum

_HELD = {errno.EACCES, errno.EAGAIN, getattr(errno, "EDEADLK", errno.EACCES)}


class LockState(Enum):
    """What came of a try."""

    TAKEN = "taken"
    HELD = "held"  # by somebody else, who lives
    UNKNOWN = "unknown"  # some network file systems have no locks


def try_lock(descriptor: int, *, shared: bool = False) -> LockState:
    """Of the open file, without waiting; it is given back when the last copy of the descriptor is closed.

    On Windows it is the first byte from the file's position on, which nobody else can write to then, and never `shared`.
    """
    try:
        _lock(descriptor, shared)
    except OSError as error:
        return LockState.HELD if error.errno in _HELD else LockState.UNKNOWN
    return LockState.TAKEN


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int, shared: bool) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int, shared: bool) -> None:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
