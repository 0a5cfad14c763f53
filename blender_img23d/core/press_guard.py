"""Buttons of the panel are disabled for a moment after a change: nobody can have meant them before they were there to be seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

DISABLED_SECONDS = 0.5  # after a change; also the longest time between two clicks that are meant as one double-click


class PressGuard:
    """`clock` counts seconds and never goes back. Main thread only."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._shown: dict[Hashable, Hashable] = {}  # by place: what is drawn there
        self._disabled: dict[Hashable, float] = {}  # by place: when it is enabled again
        self._pressed: dict[str, float] = {}  # by button: when it was taken last

    def is_enabled(self, place: Hashable, shown: Hashable) -> bool:
        """To be asked whenever the place is drawn. What is drawn there first is enabled at once: there was nothing to aim at."""
        now, before = self._clock(), self._shown.setdefault(place, shown)
        if before != shown:
            self._shown[place] = shown
            self._disabled[place] = now + DISABLED_SECONDS
        return self._disabled.get(place, now) <= now

    def takes_press(self, button: str) -> bool:
        """False for the second click of a double-click, which nobody means as another press."""
        now = self._clock()
        is_second = now - self._pressed.get(button, -DISABLED_SECONDS) < DISABLED_SECONDS
        if not is_second:
            self._pressed[button] = now
        return not is_second

    @property
    def is_waiting(self) -> bool:
        """Whether a place is disabled and must be drawn again when it is enabled."""
        return bool(self._disabled)

    def step(self) -> bool:
        """True where a place was enabled since the last step, so that it must be drawn again."""
        now = self._clock()
        enabled = [place for place, until in self._disabled.items() if until <= now]
        for place in enabled:
            del self._disabled[place]
        return bool(enabled)
