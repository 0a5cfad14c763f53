"""Whether a backend that works still answers."""

from __future__ import annotations

from collections.abc import Callable

from .stopwatch import Patience

ASK_SECONDS = 2.0  # without a word, then a backend that works is asked whether it is there
# Then the artist is told, and may end it. A model's library may hold the interpreter for seconds, so no more than that is said.
ANSWER_SECONDS = 10.0


class Answers:
    """Listens to a backend that may compute for minutes without a word: that it is there it says when it is asked."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._silence = Patience(clock)  # since the last word of any kind
        self._was_asked = False  # since then

    def hear(self) -> None:
        """It has said something, or has had nothing to say until now."""
        self._was_asked = False
        self._silence.restart()

    def look(self) -> None:
        """At every tick, before what has arrived is taken in."""
        self._silence.look()

    def must_ask(self) -> bool:
        """True once in each silence: what nobody reads must not pile up."""
        is_due = not self._was_asked and self._silence.is_over(ASK_SECONDS)
        self._was_asked |= is_due
        return is_due

    @property
    def missing_since(self) -> int:
        """Whole seconds; 0 while the silence is not long."""
        return int(self._silence.seconds) if self._silence.is_over(ANSWER_SECONDS) else 0
