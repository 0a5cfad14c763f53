"""Runs a program and ends it, with all that it has started, when stdin ends: so when the backend is gone, for whatever reason.

    python -I guard.py PROGRAM ARGUMENT...

A script of its own, without imports from the package, because it lives on when the backend is killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading


def main() -> int:
    """The program's own exit code, once it is gone."""
    # The lock's descriptor goes on to the program: the folder stays locked until the last of them has ended.
    group = {} if os.name == "nt" else {"process_group": 0, "close_fds": False}
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, **group)
    threading.Thread(target=_end_with_stdin, args=(child.pid,), daemon=True).start()
    return child.wait()


def _end_with_stdin(pid: int) -> None:
    while os.read(0, 1024):
        pass
    if os.name == "nt":
        subprocess.run(["taskkill", "/PID", str(pid), "/T", "/F"], stdin=subprocess.DEVNULL, capture_output=True)
        return
    with contextlib.suppress(ProcessLookupError):  # it has ended by itself
        os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
