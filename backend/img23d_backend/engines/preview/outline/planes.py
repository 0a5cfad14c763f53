"""Where a thing ends in a plane: at the photo's border, which cuts it off, and at the base that it stands on."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ....stages import PixelBox

NEAR_BORDER = 2  # pixels: a matte may fade out that much before the photo's border
LEAST_CUT = 0.12  # of the thing's shorter side: a shorter contact with the border is a touch
BASE_STEEP = 1.0  # columns a row on either side: where the outline's flanks begin, above the base's rounding
BASE_ROUNDING = 0.3  # of the base's half width: a higher rounding is that of a round thing
BASE_WIDTH = 0.2  # of the thing's width: a narrower one is a tip
BASE_CHORD = 0.4, 0.5  # of the base's width: the least and the most that the plane's cut is wide
BASE_LOSS = 0.005  # of the thing's area: the most that the plane takes off
BASE_HEIGHT = 3.0  # a thing less high than that many roundings is a lens or a leaf, lying


@dataclass(frozen=True, kw_only=True)
class Planes:
    """The first and last pixel lines of a thing where a plane cuts it off, None where it ends by itself.

    `left` and `top` are the first kept column and row, `right` and `bottom` the first that are not. `base`: `bottom` is
    what the thing stands on.
    """

    left: int | None = None
    top: int | None = None
    right: int | None = None
    bottom: int | None = None
    base: bool = False

    def __bool__(self) -> bool:
        return any(side is not None for side in (self.left, self.top, self.right, self.bottom))

    @property
    def sideways(self) -> bool:
        return self.left is not None or self.right is not None


def find_planes(alpha: np.ndarray, photo: PixelBox | None) -> Planes:
    """The planes that end the thing of an alpha (h, w) uint8; `photo` is the photo's area in its pixels, where known."""
    solid = _largest(alpha >= 128)
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if len(rows) < 8 or len(columns) < 8:
        return Planes()
    box = PixelBox(left=int(columns[0]), top=int(rows[0]), right=int(columns[-1]) + 1, bottom=int(rows[-1]) + 1)
    solid = solid[box.top : box.bottom, box.left : box.right]
    least = LEAST_CUT * min(box.width, box.height)
    bottom = _at_border(box.bottom, photo and photo.bottom, solid[-1], least)
    base = None if bottom is not None else _base_row(solid)
    return Planes(
        left=_at_border(box.left, photo and photo.left, solid[:, 0], least),
        top=_at_border(box.top, photo and photo.top, solid[0], least),
        right=_at_border(box.right, photo and photo.right, solid[:, -1], least),
        bottom=bottom if base is None else box.top + base,
        base=base is not None,
    )


def _largest(solid: np.ndarray) -> np.ndarray:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(solid.astype(np.uint8), connectivity=8)
    return labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])) if count > 2 else solid


def _at_border(end: int, border: int | None, line: np.ndarray, least: float) -> int | None:
    """`end` if the photo's border is there and touches the thing on more than `least` of its last line."""
    cut = border is not None and abs(end - border) <= NEAR_BORDER and np.count_nonzero(line) >= max(least, 3)
    return end if cut else None


def _base_row(solid: np.ndarray) -> int | None:
    """The first row below the plane that a thing (h, w) bool, cropped, stands on; None if it is round below or has feet.

    A cylinder seen from above ends in an arc much flatter than a circle. The plane is laid where the arc is wide enough to
    stand on, at a small loss.
    """
    height, width = solid.shape
    upwards = solid[::-1]
    inside = upwards.sum(axis=1).astype(np.float64)
    extent = width - upwards.argmax(axis=1) - upwards[:, ::-1].argmax(axis=1)
    rounding = _rounding(inside)
    base = inside[rounding]
    if base < BASE_WIDTH * width or rounding > BASE_ROUNDING * base / 2 or height < BASE_HEIGHT * rounding:
        return None
    if inside[: rounding + 1].sum() < 0.9 * extent[: rounding + 1].sum():
        return None
    lost = np.cumsum(inside) - inside
    few = int(np.searchsorted(lost, BASE_LOSS * inside.sum(), side="right")) - 1
    wide = int(np.argmax(inside >= BASE_CHORD[1] * base))
    row = min(few, wide)
    return height - row if inside[row] >= BASE_CHORD[0] * base else None


def _rounding(inside: np.ndarray) -> int:
    """How many rows above the lowest the widths (h,), from below, stop growing fast."""
    span = max(2, round(0.015 * len(inside)))
    grown = inside[span:] - inside[:-span]
    return int(np.argmax(grown < 2 * BASE_STEEP * span)) if (grown < 2 * BASE_STEEP * span).any() else len(inside) - 1
