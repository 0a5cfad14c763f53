"""Small errors of a hard mask: islands beside the thing, and false holes in it."""

from __future__ import annotations

import cv2
import numpy as np

_ISLAND = 0.01  # of the largest part: smaller parts apart from it are specks
_HOLE_LEAST = 6  # pixels at the working size
_SEEN_THROUGH = 0.5  # of a hole: how much of it must look like the backdrop


def tidy(inside: np.ndarray, hint: np.ndarray, through: np.ndarray) -> np.ndarray:
    """The cut (H, W) bool without specks and parts outside the hint, and with holes filled unless one sees through.

    A part must lie mostly where the thing was expected, `hint`; `through` (H, W) bool is where the backdrop shows.
    """
    kept = _without_islands(inside, hint)
    return kept | _false_holes(kept, through)


def _without_islands(inside: np.ndarray, hint: np.ndarray) -> np.ndarray:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(inside.astype(np.uint8), connectivity=8)
    if count < 2:
        return inside
    areas = stats[:, cv2.CC_STAT_AREA]
    hinted = np.bincount(labels[hint], minlength=count)
    keep = (areas >= _ISLAND * areas[1:].max()) & (hinted > 0.3 * areas)
    keep[0] = False
    return keep[labels]


def _false_holes(inside: np.ndarray, through: np.ndarray) -> np.ndarray:
    count, labels, stats, _ = cv2.connectedComponentsWithStats((~inside).astype(np.uint8), connectivity=4)
    left, top, width, height, area = stats.T
    reaches_border = (left == 0) | (top == 0) | (left + width == inside.shape[1]) | (top + height == inside.shape[0])
    shown = np.bincount(labels[through & ~inside], minlength=count)
    false = ~reaches_border & ((area < _HOLE_LEAST) | (shown < _SEEN_THROUGH * area))
    false[0] = False
    return false[labels]
