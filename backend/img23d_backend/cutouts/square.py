"""A cut-out as reconstruction models take it: in the middle of a square of one shade."""

from __future__ import annotations

import numpy as np

from img23d_protocol import ErrorCode, Img23DError


def squared(rgba: np.ndarray, ratio: float, background: float) -> np.ndarray:
    """(h, w, 4) uint8 straight alpha to (s, s, 3) uint8: the thing's longer side fills `ratio` of the square, whose shade is 0..1.

    Pixel for pixel what the run.py of TripoSR and of InstantMesh make, its box being one row and column short included.
    Raises Img23DError(EMPTY_CUTOUT).
    """
    rows, columns = np.flatnonzero(rgba[:, :, 3].any(axis=1)), np.flatnonzero(rgba[:, :, 3].any(axis=0))
    if len(rows) < 2 or len(columns) < 2:
        raise Img23DError(ErrorCode.EMPTY_CUTOUT, "Nothing is left of it after cutting it out: draw a box around it.")
    part = rgba[rows[0] : rows[-1], columns[0] : columns[-1]].astype(np.float32) / 255
    longer = max(part.shape[:2])
    side = int(longer / ratio)
    border = (side - longer) // 2
    top, left = (border + (longer - length) // 2 for length in part.shape[:2])
    alpha = part[:, :, 3:]
    square = np.full((side, side, 3), background, dtype=np.float32)
    square[top : top + part.shape[0], left : left + part.shape[1]] = part[:, :, :3] * alpha + (1 - alpha) * np.float32(background)
    return (square * 255.0).astype(np.uint8)
