"""How long something has been waited for."""

from __future__ import annotations

from collections.abc import Callable

# Between two looks at most this much counts. A Blender that renders for minutes, or a machine that slept, does not look
# at all meanwhile, and its backend is not to blame for that.
LONGEST_STEP = 2.0  # seconds


class Stopwatch:
    """Adds up waiting time while somebody looks, in seconds of the given clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seen = clock()
        self._waited = 0.0

    def restart(self) -> None:
        self._seen = self._clock()
        self._waited = 0.0

    def tick(self) -> None:
        """To be called at every tick, before anything else is decided."""
        now = self._clock()
        self._waited += min(max(now - self._seen, 0.0), LONGEST_STEP)
        self._seen = now

    @property
    def seconds(self) -> float:
        return self._waited

    def is_over(self, limit: float) -> bool:
        return self._waited >= limit
