"""The channel to Blender: the protocol's pipes, taken before anything else can write to them, and the process's end with its parent.

Standard library only.
"""

from __future__ import annotations

import faulthandler
import io
import logging
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from .log_file import keep_short, open_log

log = logging.getLogger(__name__)
_PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclass(frozen=True, kw_only=True)
class Channel:
    """File descriptors of the two pipes, in binary mode."""

    read: int
    write: int


def take_channel(log_path: Path | None) -> Channel:
    """Keep stdin and stdout for the protocol; whatever prints from now on, C code included, prints into the log."""
    channel = Channel(read=os.dup(0), write=os.dup(1))
    _set_binary(channel)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    if log_path is not None:
        _send_errors_to(log_path)
    os.dup2(2, 1)
    _start_logging()
    return channel


def _set_binary(channel: Channel) -> None:
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (channel.read, channel.write):
            msvcrt.setmode(descriptor, os.O_BINARY)


def _send_errors_to(path: Path) -> None:
    """Leaves stderr as it is where the log cannot be written: a missing log must not cost the backend."""
    try:
        log = open_log(path)
    except OSError as error:
        sys.stderr.write(f"no log at {path}: {error}\n")
        return
    os.dup2(log, 2)
    keep_short(path, log)


def _start_logging() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    faulthandler.enable(sys.stderr)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True)


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
