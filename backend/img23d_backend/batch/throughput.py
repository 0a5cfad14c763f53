"""How fast a batch goes on, and how long what is left will take."""

from __future__ import annotations

from collections import deque

_WINDOW = 200  # photos: long enough to even out large and small ones, short enough to see that a machine has joined


class Throughput:
    """Times are of one clock, in seconds."""

    def __init__(self, now: float) -> None:
        self._ends: deque[float] = deque([now], maxlen=_WINDOW + 1)

    def count(self, now: float) -> None:
        """A photo has ended."""
        self._ends.append(now)

    def a_minute(self, now: float) -> float:
        """Photos; 0 before the first has ended."""
        ended = len(self._ends) - 1
        return 60.0 * ended / max(now - self._ends[0], 1e-3) if ended else 0.0

    def seconds_left(self, waiting: int, now: float) -> float | None:
        """None where it cannot be told yet."""
        rate = self.a_minute(now)
        return 60.0 * waiting / rate if rate else None


def told(seconds: float | None) -> str:
    """`3 h 20 min`, `4 min`, `30 s`."""
    if seconds is None:
        return "?"
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{round(seconds)} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
