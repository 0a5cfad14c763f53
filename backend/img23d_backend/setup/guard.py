"""Runs a program and ends it, with all that it has started, when stdin ends: so when the backend is gone, however it went.

    python -I guard.py PROGRAM ARGUMENT...

A script of its own, without imports from the package, because it lives on when the backend is killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading


def main() -> int:
    # The lock's descriptor goes on to the program: the folder stays locked until the last of them has ended.
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, close_fds=os.name == "nt")
    threading.Thread(target=_end_with_stdin, args=(child.pid,), daemon=True).start()
    return child.wait()


def _end_with_stdin(pid: int) -> None:
    while os.read(0, 1024):
        pass
    if os.name == "nt":
        subprocess.run(["taskkill", "/PID", str(pid), "/T", "/F"], stdin=subprocess.DEVNULL, capture_output=True)
        os._exit(1)
    os.killpg(0, signal.SIGKILL)  # the group that this script was started as the leader of


if __name__ == "__main__":
    sys.exit(main())
