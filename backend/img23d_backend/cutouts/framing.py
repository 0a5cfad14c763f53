"""From an alpha over a part of the photo to a cut-out: its own colours, its transparent margin, its place in the photo."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from img23d_protocol import ErrorCode, Img23DError

from ..stages import CutOut, Photo, PixelBox
from .foreground import estimate_foreground

_MARGIN = 0.05  # of the thing's longer side, transparent around it
_MARGIN_LEAST = 4  # pixels
_LEAST = 9  # solid pixels, below which there is no thing


def view(image: np.ndarray, window: PixelBox) -> np.ndarray:
    """The window's part of a picture of the photo's size; not a copy."""
    return image[window.top : window.bottom, window.left : window.right]


def inside_box(window: PixelBox, box: PixelBox) -> np.ndarray:
    """(h, w) bool over the window: the box itself."""
    inside = np.zeros((window.height, window.width), bool)
    inside[box.top - window.top : box.bottom - window.top, box.left - window.left : box.right - window.left] = True
    return inside


def without_others(alpha: np.ndarray, mine: np.ndarray) -> np.ndarray:
    """An alpha (h, w) 0..1 less what lies nearer to something solid of another thing than to `mine` (h, w) bool."""
    others = (alpha >= 0.5) & ~mine
    to_mine = cv2.distanceTransform((~mine).astype(np.uint8), cv2.DIST_L2, 3)
    to_others = cv2.distanceTransform((~others).astype(np.uint8), cv2.DIST_L2, 3)
    return np.where(to_mine <= to_others, alpha, 0)


def bounds_of(alpha: np.ndarray, name: str) -> PixelBox:
    """What is not empty of an alpha (h, w) 0..1. Raises Img23DError(EMPTY_CUTOUT) when next to nothing is solid."""
    if np.count_nonzero(alpha >= 0.5) < _LEAST:
        raise Img23DError(
            ErrorCode.EMPTY_CUTOUT,
            f"Nothing that stands out was found where “{name}” should be; draw a box tightly around it.",
        )
    rows, columns = np.flatnonzero((alpha > 0).any(1)), np.flatnonzero((alpha > 0).any(0))
    return PixelBox(left=int(columns[0]), top=int(rows[0]), right=int(columns[-1]) + 1, bottom=int(rows[-1]) + 1)


def framed(rgb: np.ndarray, alpha: np.ndarray, bounds: PixelBox, window: PixelBox) -> CutOut:
    """The cut-out with its transparent margin, also beyond the window where that ends too soon.

    `rgb` (h, w, 3) uint8 and `alpha` (h, w) float32 0..1 are the window's, `bounds` is within it.
    """
    margin = max(_MARGIN_LEAST, round(_MARGIN * max(bounds.width, bounds.height)))
    colours = estimate_foreground(rgb, alpha)
    rgba = view(np.dstack([colours, np.rint(alpha * 255).astype(np.uint8)]), bounds)
    rgba = cv2.copyMakeBorder(rgba, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    rgba[:margin, :, 3] = rgba[-margin:, :, 3] = 0
    rgba[:, :margin, 3] = rgba[:, -margin:, 3] = 0
    return CutOut(rgba=rgba, left=window.left + bounds.left - margin, top=window.top + bounds.top - margin)


def within(photo: Photo, cutout: CutOut) -> CutOut:
    """The cut-out with the photo's borders in its own pixels."""
    left, top = -cutout.left, -cutout.top
    return replace(cutout, photo=PixelBox(left=left, top=top, right=left + photo.width, bottom=top + photo.height))
