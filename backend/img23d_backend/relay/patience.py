"""Waiting for a connection that is lost: longer from time to time, told to Blender, and at an end when the job is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from .connection import Lost

FIRST_SECONDS, LONGEST_SECONDS = 0.25, 8.0
TELL_SECONDS = 5.0  # between two words to Blender, which else takes its backend for dead


class Over(Exception):
    """Nobody waits for the job any more."""


class Patience:
    """Of one job's thread. `tell` is called while it waits, with the seconds since the connection was lost."""

    def __init__(self, is_over: threading.Event, tell: Callable[[float], None]) -> None:
        self._is_over = is_over
        self._tell = tell
        self._pause = FIRST_SECONDS
        self._since = 0.0  # of time.monotonic; 0 while there is a connection

    @property
    def has_waited(self) -> bool:
        """Since the server was last heard."""
        return self._since > 0

    def heard(self) -> None:
        self._pause, self._since = FIRST_SECONDS, 0.0

    def wait(self, lost: Lost, most: float = float("inf")) -> None:
        """Raises Over, and the reason once it has waited for `most` seconds."""
        now = time.monotonic()
        self._since = self._since or now
        if now - self._since > most:
            raise lost.error
        self.pause(min(self._pause, self._since + most - now + 0.01))
        self._pause = min(2 * self._pause, LONGEST_SECONDS)

    def pause(self, seconds: float) -> None:
        """Raises Over."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._tell(time.monotonic() - self._since if self._since else 0.0)
            if self._is_over.wait(min(left, TELL_SECONDS)):
                raise Over
