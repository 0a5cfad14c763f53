"""Buttons of the panel are disabled for a moment after a change: nobody can have meant them before they were there to be seen."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

DEAD_SECONDS = 0.5  # after a change; also the longest time between two clicks that are meant as one double-click


class Slots:
    """`clock` counts seconds and never goes back. Main thread only."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._shown: dict[Hashable, Hashable] = {}  # by place: what is drawn there
        self._dead: dict[Hashable, float] = {}  # by place: when it comes alive
        self._pressed: dict[str, float] = {}  # by button: when it was taken last

    def is_alive(self, place: Hashable, shown: Hashable) -> bool:
        """To be asked whenever the place is drawn. What is drawn there first is alive at once: there was nothing to aim at."""
        now, before = self._clock(), self._shown.setdefault(place, shown)
        if before != shown:
            self._shown[place] = shown
            self._dead[place] = now + DEAD_SECONDS
        return self._dead.get(place, now) <= now

    def takes_press(self, button: str) -> bool:
        """False for the second click of a double-click, which nobody means as another press."""
        now = self._clock()
        is_second = now - self._pressed.get(button, -DEAD_SECONDS) < DEAD_SECONDS
        if not is_second:
            self._pressed[button] = now
        return not is_second

    @property
    def is_waiting(self) -> bool:
        """Whether a place is dead and must be drawn again when it comes alive."""
        return bool(self._dead)

    def step(self) -> bool:
        """True where a place has come alive since the last step, so that it must be drawn again."""
        now = self._clock()
        alive = [place for place, until in self._dead.items() if until <= now]
        for place in alive:
            del self._dead[place]
        return bool(alive)
