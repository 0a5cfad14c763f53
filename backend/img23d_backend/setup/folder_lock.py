"""One set-up at a time in a folder, held by the operating system, so that no crash leaves a lock behind."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.os_lock import LockState, try_lock

PATIENCE = 10.0  # seconds: what an earlier backend had started may still be ending
TICK_SECONDS = 0.2


@contextlib.contextmanager
def hold(path: Path, tick: Callable[[], None], *, patience: float = PATIENCE) -> Iterator[int]:
    """Locks the file, which is made where it is missing, and gives its descriptor.

    On POSIX a child that inherits the descriptor holds the lock as well. Raises Img23DError(BUSY), OSError.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + patience
        while try_lock(descriptor) is LockState.HELD:
            if time.monotonic() > deadline:
                sentence = f"Another set-up is at work in “{path.parent}”: wait until it is finished."
                raise Img23DError(ErrorCode.BUSY, sentence)
            tick()
            time.sleep(TICK_SECONDS)
        yield descriptor
    finally:
        os.close(descriptor)
