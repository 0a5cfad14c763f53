"""Preprocessing of TRELLIS's picture: the thing in the middle of a black square, a sixth wider than it is."""

from __future__ import annotations

import numpy as np

from img23d_protocol import ErrorCode, Img23DError

from ....cutouts.resampling import resampling

_SOLID = 205  # alpha: more than four fifths
_WIDER = 1.2
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's


def picture_of(rgba: np.ndarray, side: int) -> np.ndarray:
    """(h, w, 4) uint8 straight alpha to (3, side, side) float32, normalized. Raises Img23DError(EMPTY_CUTOUT).

    As TRELLIS's own, which crops and resizes with Pillow.
    """
    square = _framed(rgba).astype(np.float32) / 255
    square[:, :, :3] *= square[:, :, 3:]
    rows = resampling(len(square), side)
    small = np.einsum("xw,hwc->hxc", rows, square, optimize=True).clip(0, 1)
    small = np.einsum("yh,hxc->yxc", rows, small, optimize=True).clip(0, 1)
    over_black = np.minimum(small[:, :, :3], small[:, :, 3:])  # no colour is brighter than white, where the kernel overshoots as well
    return ((over_black - _MEAN) / _DEVIATION).transpose(2, 0, 1).astype(np.float32)


def _framed(rgba: np.ndarray) -> np.ndarray:
    """(s, s, 4): the square around the thing, transparent where it leaves the cut-out."""
    alpha = rgba[:, :, 3]
    solid = alpha >= min(_SOLID, max(1, int(alpha.max(initial=0))))
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if not len(rows):
        raise Img23DError(ErrorCode.EMPTY_CUTOUT, "Nothing is left of it after cutting it out: draw a box around it.")
    ends = [(int(line[0]), int(line[-1])) for line in (rows, columns)]
    half = max(1, int(_WIDER * max(last - first for first, last in ends)) // 2)
    top, left = (round((first + last) / 2 - half) for first, last in ends)
    square = np.zeros((2 * half, 2 * half, 4), dtype=np.uint8)
    part = rgba[max(0, top) : top + 2 * half, max(0, left) : left + 2 * half]
    y, x = max(0, -top), max(0, -left)
    square[y : y + part.shape[0], x : x + part.shape[1]] = part
    return square
