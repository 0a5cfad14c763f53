"""Preprocessing of TripoSR's picture: the thing in the middle of a grey square, filling 85 % of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img23d_protocol import ErrorCode, Img23DError

from ....stages import Context

if TYPE_CHECKING:
    from torch import Tensor

FOREGROUND_RATIO = 0.85
_VARIED_RATIOS = (0.7, 0.92)  # a network without chance makes another shape only of another picture
_GREY = 0.5


def ratio_for(context: Context) -> float:
    """How much of the square's side the thing fills."""
    if not context.is_varied:
        return FOREGROUND_RATIO
    return float(np.random.default_rng(context.seed).uniform(*_VARIED_RATIOS))


def square_of(rgba: np.ndarray, ratio: float = FOREGROUND_RATIO) -> np.ndarray:
    """(h, w, 4) uint8 straight alpha to (s, s, 3) uint8. Raises Img23DError(EMPTY_CUTOUT).

    Pixel for pixel what TripoSR's own run.py makes, its box being one row and column short included.
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
    square = np.full((side, side, 3), _GREY, dtype=np.float32)
    square[top : top + part.shape[0], left : left + part.shape[1]] = part[:, :, :3] * alpha + (1 - alpha) * np.float32(_GREY)
    return (square * 255.0).astype(np.uint8)


def resized(square: np.ndarray, side: int) -> Tensor:
    """(s, s, 3) uint8 to (1, 3, side, side) float32 in 0..1, as TripoSR's image processor does."""
    import torch
    from torch.nn.functional import interpolate

    picture = torch.from_numpy(square).permute(2, 0, 1)[None].float() / 255
    return interpolate(picture, (side, side), mode="bilinear", align_corners=False, antialias=True)
