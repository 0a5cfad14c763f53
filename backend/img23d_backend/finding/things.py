"""What is asked of things that were found, whatever found them, and the order in which they are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

_SAME_ROW = 0.5  # of the smaller height: how far two things must overlap to stand in one row


class Thing(Protocol):
    """Lengths in any one unit."""

    @property
    def left(self) -> float: ...
    @property
    def top(self) -> float: ...
    @property
    def right(self) -> float: ...
    @property
    def bottom(self) -> float: ...
    @property
    def center(self) -> tuple[float, float]: ...
    @property
    def area(self) -> float: ...
    @property
    def lightness(self) -> float:
        """Mean L, 0..100."""
        ...

    def share(self, colour: str) -> float:
        """Of its area, 0..1, that deserves this colour's name."""
        ...

    def share_about(self, colour: str) -> float:
        """With half of the colours that light and shadow make of it, or that another person would call so."""
        ...


Found = TypeVar("Found", bound=Thing)


def reading_order(things: Sequence[Found]) -> list[Found]:
    """Rows from top to bottom, in each from left to right; a row is what overlaps its first thing's height."""
    waiting = sorted(things, key=lambda thing: thing.center[1])
    ordered: list[Found] = []
    while waiting:
        first = waiting[0]
        row = [thing for thing in waiting if _share_row(first, thing)]
        ordered += sorted(row, key=lambda thing: thing.center[0])
        taken = {id(thing) for thing in row}
        waiting = [thing for thing in waiting if id(thing) not in taken]
    return ordered


def _share_row(first: Thing, other: Thing) -> bool:
    overlap = min(first.bottom, other.bottom) - max(first.top, other.top)
    return overlap >= _SAME_ROW * min(first.bottom - first.top, other.bottom - other.top)
