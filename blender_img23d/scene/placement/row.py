"""Where the objects of a run stand: side by side in the order of the photo. Plain arithmetic, in metres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

GAP = 0.15  # metres between neighbours, where the largest object of a run is 1 m


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One target: its box in the photo (fractions; None where it has none) and, once it is made, its true width."""

    left: float | None = None
    right: float | None = None
    width: float | None = None  # metres

    @property
    def box_width(self) -> float:
        return 0.0 if self.left is None or self.right is None else max(self.right - self.left, 0.0)


def row_positions(slots: Sequence[Slot], gap: float = GAP) -> list[float]:
    """The x of each slot's middle. The row is centred on 0 and ordered by where the boxes are in the photo.

    The width of a target that is not made yet is estimated from its box and the ones that are.
    """
    widths = _widths(slots)
    order = sorted(range(len(slots)), key=lambda i: (_middle(slots[i]), i))
    positions = [0.0] * len(slots)
    edge = -width_of_row(slots, gap) / 2
    for i in order:
        positions[i] = edge + widths[i] / 2
        edge += widths[i] + gap
    return positions


def width_of_row(slots: Sequence[Slot], gap: float = GAP) -> float:
    return sum(_widths(slots)) + gap * max(len(slots) - 1, 0)


def _widths(slots: Sequence[Slot]) -> list[float]:
    scale = max((s.width / s.box_width for s in slots if s.width and s.box_width), default=1.0)
    return [slot.width if slot.width is not None else slot.box_width * scale for slot in slots]


def _middle(slot: Slot) -> float:
    return 0.5 if slot.left is None or slot.right is None else (slot.left + slot.right) / 2
