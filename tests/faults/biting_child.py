"""Does what `batch` must notice."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable


def attempt_with() -> Callable[[str], str]:
    return attempt


def attempt(case: str) -> str:
    match case:
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "hang":
            time.sleep(60)
        case "escape":
            raise KeyError("nobody expects this")
        case "memory":
            return str(len(bytearray(700 * 2**20)))
        case "far too much":
            return str(len(bytearray(64 * 2**30)))
        case "slow":
            end = time.process_time() + 0.5
            while time.process_time() < end:
                pass
        case "talks":
            print("a library says something")
    return "well"
