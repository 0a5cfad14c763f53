"""A cut-out as AutoPartGen's image encoder sees it: a square around the thing, on white, whole or one painted part of it. And the parts' order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from img23d_protocol import ErrorCode, Img23DError

from ....cutouts.resampling import bicubic, resized

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 448  # pixels: 32 patches of 14
_OPAQUE = 0.8 * 255
_ROOM = 1.2  # the square's side over the thing's longer one
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's


def part_values(mask: np.ndarray) -> tuple[int, ...]:
    """Of a mask (h, w) uint8 the values but 0, the background, in AutoPartGen's order: what reaches furthest down comes first, and of what
    reaches as far down, what begins furthest left.
    """
    found = []
    for value in np.unique(mask[mask != 0]).tolist():
        own = mask == value
        rows, columns = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
        found.append((-int(rows[-1]), int(columns[0]), int(value)))
    return tuple(value for _, _, value in sorted(found))


def whole_picture(rgba: np.ndarray) -> np.ndarray:
    """(h, w, 4) uint8 straight alpha to (448, 448, 3) uint8. Raises Img23DError(EMPTY_CUTOUT)."""
    return _squared(_on_white(rgba), rgba)


def part_picture(rgba: np.ndarray, own: np.ndarray) -> np.ndarray:
    """The same square with white wherever the part (h, w) bool is not."""
    picture = _on_white(rgba)
    picture[~own] = 255
    return _squared(picture, rgba)


def normalized(picture: np.ndarray) -> Tensor:
    """(S, S, 3) uint8 to (1, 3, S, S) float32 as the encoder takes it."""
    import torch

    values = (picture.astype(np.float32) / 255 - np.asarray(_MEAN, np.float32)) / np.asarray(_DEVIATION, np.float32)
    return torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1)))[None]


def black() -> np.ndarray:
    """What stands for a picture that is not there: to the encoder it is no picture of zeros."""
    return np.zeros((SIDE, SIDE, 3), dtype=np.uint8)


def _on_white(rgba: np.ndarray) -> np.ndarray:
    alpha = rgba[:, :, 3:] / 255.0
    return (rgba[:, :, :3].astype(np.float32) * alpha + (1 - alpha) * 255.0).astype(np.uint8)


def _squared(picture: np.ndarray, rgba: np.ndarray) -> np.ndarray:
    """AutoPartGen's square where it lies within the picture. What is beyond is white; its own code cuts it off and stretches the rest."""
    left, top, side = _square(rgba[:, :, 3])
    height, width = picture.shape[:2]
    square = np.full((side, side, 3), 255, dtype=np.uint8)
    rows, columns = slice(max(top, 0), min(top + side, height)), slice(max(left, 0), min(left + side, width))
    square[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = picture[rows, columns]
    return resized(square, SIDE, SIDE, bicubic)


def _square(alpha: np.ndarray) -> tuple[int, int, int]:
    """Left, top and side."""
    solid = alpha > _OPAQUE
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if len(rows) == 0:
        raise Img23DError(ErrorCode.EMPTY_CUTOUT, "Nothing is left of it after cutting it out: draw a box around it.")
    top, bottom, left, right = (int(one) for one in (rows[0], rows[-1], columns[0], columns[-1]))
    half = max(int(max(right - left, bottom - top) * _ROOM) // 2, 1)
    return int(np.floor((left + right) / 2 - half)), int(np.floor((top + bottom) / 2 - half)), 2 * half
