"""What the learned models run in: the private environment, or a Python that the artist has chosen."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from ...shared.img23d_protocol.values import Value


class EnvironmentState(StrEnum):
    """Of the private environment on disk."""

    MISSING = "missing"
    PARTIAL = "partial"  # a set-up was cut off; it goes on where it stopped
    OUTDATED = "outdated"  # made by an older version, or for another kind of graphics card
    READY = "ready"
    CHOSEN = "chosen"  # the artist's own Python is used instead
    ELSEWHERE = "elsewhere"  # another machine does the work, and has its own
    BROKEN = "broken"  # the artist's own Python is not there


class Environment(Value):
    """`place` is the folder of the private environment, or the artist's own Python."""

    state: EnvironmentState = EnvironmentState.MISSING
    place: str = ""

    @property
    def is_ready(self) -> bool:
        return self.state in (EnvironmentState.READY, EnvironmentState.CHOSEN, EnvironmentState.ELSEWHERE)

    @property
    def is_ours(self) -> bool:
        """Whether a set-up makes and changes it."""
        return self.state not in (EnvironmentState.CHOSEN, EnvironmentState.ELSEWHERE, EnvironmentState.BROKEN)


class Tools(Value):
    """What an environment is made with: uv's program, and the interpreter to fall back to."""

    uv: str
    python: str


class Surroundings(Value):
    """Callbacks that look up the environment and its tools; both are cheap."""

    read: Callable[[], Environment]
    find_tools: Callable[[], Tools]  # raises Img23DError where one is missing
