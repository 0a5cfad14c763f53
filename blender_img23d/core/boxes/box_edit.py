"""Drawing, moving and resizing boxes: the hit test, and the box after a drag.

All in fractions of the upright photo, y downwards; a `Reach` says how many of these a few pixels of the screen are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...shared.img23d_protocol.job_requests import Box


@dataclass(frozen=True, kw_only=True)
class Reach:
    """The tolerance of the hit test, across and down."""

    x: float
    y: float


@dataclass(frozen=True, kw_only=True)
class Grip:
    """Which edges are held: -1 the left or top one, 1 the right or bottom one, 0 neither. With neither the whole box is."""

    x: int = 0
    y: int = 0

    @property
    def moves(self) -> bool:
        return self.x == 0 and self.y == 0


@dataclass(frozen=True, kw_only=True)
class Hit:
    index: int
    grip: Grip


def hit(x: float, y: float, boxes: Sequence[Box | None], active: int, reach: Reach) -> Hit | None:
    """The hit test of a press at (x, y); None where there is nothing, and a new box begins.

    The active box's edges come first, then the smallest box around the pointer, then the others' edges.
    """
    held = {index: (box, grip) for index, box in enumerate(boxes) if box is not None and (grip := grip_at(box, x, y, reach)) is not None}
    if active in held and not held[active][1].moves:
        return Hit(index=active, grip=held[active][1])
    if not held:
        return None
    around = [index for index, (box, _) in held.items() if _contains(box, x, y)]
    index = min(around or held, key=lambda number: (_area(held[number][0]), number))
    return Hit(index=index, grip=held[index][1])


def grip_at(box: Box, x: float, y: float, reach: Reach) -> Grip | None:
    """The edge, the corner or the inside that the pointer is at. A small box keeps an inside, to be moved by."""
    if not (box.left - reach.x <= x <= box.right + reach.x and box.top - reach.y <= y <= box.bottom + reach.y):
        return None
    return Grip(x=_edge(x, box.left, box.right, reach.x), y=_edge(y, box.top, box.bottom, reach.y))


def _edge(at: float, low: float, high: float, reach: float) -> int:
    inner = min(reach, (high - low) / 4)
    if at <= low + inner:
        return -1
    return 1 if at >= high - inner else 0


def _contains(box: Box, x: float, y: float) -> bool:
    return box.left <= x <= box.right and box.top <= y <= box.bottom


def _area(box: Box) -> float:
    return (box.right - box.left) * (box.bottom - box.top)


def pulled(box: Box, grip: Grip, dx: float, dy: float) -> Box:
    """The box after the pointer went (dx, dy): within the photo, and the right way round where an edge went past the other."""
    if grip.moves:
        dx, dy = _clamped(dx, -box.left, 1 - box.right), _clamped(dy, -box.top, 1 - box.bottom)
        return Box(left=box.left + dx, top=box.top + dy, right=box.right + dx, bottom=box.bottom + dy)
    left, right = _stretched(box.left, box.right, grip.x, dx)
    top, bottom = _stretched(box.top, box.bottom, grip.y, dy)
    return Box(left=left, top=top, right=right, bottom=bottom)


def _stretched(low: float, high: float, side: int, by: float) -> tuple[float, float]:
    if side < 0:
        low = _clamped(low + by, 0, 1)
    elif side > 0:
        high = _clamped(high + by, 0, 1)
    return min(low, high), max(low, high)


def begun(x: float, y: float) -> Box:
    """A box without any size, to be pulled open by its lower right corner; within the photo."""
    x, y = _clamped(x, 0, 1), _clamped(y, 0, 1)
    return Box(left=x, top=y, right=x, bottom=y)


OPENING = Grip(x=1, y=1)


def is_tiny(box: Box, least: Reach) -> bool:
    """Too small to be intended."""
    return box.right - box.left < least.x or box.bottom - box.top < least.y


def _clamped(value: float, low: float, high: float) -> float:
    return max(low, min(value, high))
