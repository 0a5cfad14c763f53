"""Ctrl+C in a command."""

from __future__ import annotations

import signal
import threading


def cancel_on_interrupt() -> threading.Event:
    """The first Ctrl+C ends the job, keeping what is done; the second one ends the program."""
    cancelled = threading.Event()

    def interrupt(number: int, frame: object) -> None:
        cancelled.set()
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    signal.signal(signal.SIGINT, interrupt)
    return cancelled
