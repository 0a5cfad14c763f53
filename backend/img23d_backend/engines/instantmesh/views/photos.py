"""The artist's own photos as views: the photo from the front, further ones from the left, the back and the right, all of them level.

Where such cameras see the whole thing it is as high in one picture as in the other, whatever sizes the photos have; and none of its sides
fills more of a picture than what Zero123++ looks at does.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Side

from ....stages import CutOut
from .cameras import cameras_at
from .drawing import FILLS
from .sampling import VIEW_SIDE

_AZIMUTHS = {Side.RIGHT: 90.0, Side.BACK: 180.0, Side.LEFT: 270.0}  # degrees, see `cameras`
_SOLID = 128  # alpha
_LEAST = 2  # pixels across and down


@dataclass(frozen=True, kw_only=True)
class PhotoViews:
    """`pictures` (V, 320, 320, 3) uint8 on white and their `cameras` (V, 16): first the photo, then its further ones."""

    pictures: np.ndarray
    cameras: np.ndarray


def views_of_photos(cutout: CutOut) -> PhotoViews:
    """Of a cut-out with further photos. Raises Img23DError(EMPTY_CUTOUT)."""
    chosen = [(cutout.rgba, 0.0), *((cutout.sides[side], azimuth) for side, azimuth in _AZIMUTHS.items() if side in cutout.sides)]
    parts = [_solid_part(rgba) for rgba, _ in chosen]
    widest = max(1.0, *(part.shape[1] / part.shape[0] for part in parts))  # in heights of the thing
    height = FILLS * VIEW_SIDE / widest
    pictures = np.stack([_on_white(part, height) for part in parts])
    azimuths = [azimuth for _, azimuth in chosen]
    return PhotoViews(pictures=pictures, cameras=cameras_at(azimuths, [0.0] * len(azimuths)))


def _solid_part(rgba: np.ndarray) -> np.ndarray:
    """Cut to what is solid in it."""
    solid = rgba[..., 3] >= _SOLID
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    if min(len(rows), len(columns)) < _LEAST:
        raise Img23DError(ErrorCode.EMPTY_CUTOUT, "Nothing is left of it after cutting it out: draw a box around it.")
    return rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _on_white(part: np.ndarray, height: float) -> np.ndarray:
    """(320, 320, 3) uint8 with the part (h, w, 4), made so high, in its middle."""
    scale = height / part.shape[0]
    alpha = part[..., 3:].astype(np.float32) / 255
    colors = part[..., :3] * alpha + 255 * (1 - alpha)
    size = tuple(min(VIEW_SIDE, max(1, round(length * scale))) for length in (part.shape[1], part.shape[0]))
    resized = cv2.resize(colors, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    picture = np.full((VIEW_SIDE, VIEW_SIDE, 3), 255, np.uint8)
    left, top = ((VIEW_SIDE - length) // 2 for length in size)
    picture[top : top + size[1], left : left + size[0]] = np.rint(resized.clip(0, 255))
    return picture
