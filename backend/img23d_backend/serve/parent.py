"""The end of whoever started this process. Standard library only."""

from __future__ import annotations

import logging
import signal
import sys

log = logging.getLogger(__name__)

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def end_with_parent() -> None:
    """Ask Linux to kill this process when its parent ends.

    The end of stdin says the same, and everywhere, but a process that was stopped (SIGSTOP) reads nothing. The kernel counts
    the thread that made this process as its parent: Blender's main thread. prctl(2).
    """
    if sys.platform != "linux":
        return
    import ctypes

    try:
        if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0):
            log.info("the system does not tell of the parent's end: error %d", ctypes.get_errno())
    except (OSError, AttributeError) as error:  # no such call, or a sandbox without it
        log.info("the system does not tell of the parent's end: %s", error)
