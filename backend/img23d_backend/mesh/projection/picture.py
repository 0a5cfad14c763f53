"""The cut-out prepared for painting: its colours kept clear of the background, as they are and without their detail."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...stages import CutOut
from ..raster.visibility import Visibility
from ..texture.fill import fill_nearest

_SOFT_PIXELS = 256  # longest side of the smoothed picture
_DETAIL = 0.05  # of the longest side: what is smaller does not come back on the other side of the object
_INSET = 0.004  # of the object's longest side is left out along the outline
_TOLERANCE = 0.015  # of the longest side that a mesh may stick out of the outline and still be the photo's
_FINEST = 2.0  # pixels a side that one of the photo is made into where the texture is finer


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Both pictures and the confidence cover the cut-out's frame, each in a resolution of its own."""

    colors: np.ndarray  # (h, w, 3) uint8, about as fine as the texture
    likeness: np.ndarray  # (h, w, 3) uint8, small and without detail
    confidence: np.ndarray  # (h, w) float32 0..1, in the frame of the depth map


def make_picture(cutout: CutOut, sight: Visibility, *, zoom: float) -> Picture:
    """`zoom`: texels a side that one pixel of the cut-out gets; under 1 the picture is averaged down, not skipped over."""
    height, width = cutout.rgba.shape[:2]
    core = _core(cutout.rgba[:, :, 3])
    colors, distance = fill_nearest(np.ascontiguousarray(cutout.rgba[:, :, :3]), core)
    small = _resized(colors, min(1.0, _SOFT_PIXELS / max(width, height)))
    return Picture(
        colors=_resized(colors, min(zoom, _FINEST)) if not 0.9 < zoom < 1.1 else colors,
        likeness=_without_detail(small),
        confidence=_confidence(distance, sight),
    )


def _core(alpha: np.ndarray) -> np.ndarray:
    """(h, w) bool: pixels that are surely the object: a little inside the outline, but thin parts whole."""
    solid = (alpha >= 128).astype(np.uint8)
    if not solid.any():
        solid = (alpha == alpha.max()).astype(np.uint8)
    inset = max(1, round(_INSET * _longest_side(solid)))
    sure = cv2.erode(((alpha >= 230) & (solid > 0)).astype(np.uint8), _disc(inset), borderValue=0)
    thick = cv2.dilate(sure, _disc(2 * inset + 1))
    return (sure > 0) | ((solid > 0) & (thick == 0))


def _longest_side(mask: np.ndarray) -> int:
    _, _, width, height = cv2.boundingRect(mask)
    return max(width, height)


def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def _resized(image: np.ndarray, factor: float) -> np.ndarray:
    height, width = image.shape[:2]
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if factor < 1.0 else cv2.INTER_CUBIC)


def _without_detail(small: np.ndarray) -> np.ndarray:
    """The large areas with their borders: medians drop lettering, faces and spots, where a blur would smear everything."""
    size = max(small.shape[:2])
    window = max(3, round(_DETAIL * size) | 1)
    calm = small
    for _ in range(3):
        calm = cv2.medianBlur(calm, window)
    return cv2.GaussianBlur(calm, (0, 0), max(0.6, 0.004 * size))


def _confidence(distance: np.ndarray, sight: Visibility) -> np.ndarray:
    """1 on the object, falling to 0 outside its outline and beside the edge of something nearer."""
    height, width = sight.raster.face.shape
    longest = max(distance.shape)
    tolerance = max(4.0, _TOLERANCE * longest)
    near_outline = np.clip(2.0 - distance / tolerance, 0.0, 1.0)
    outline = cv2.resize(near_outline, (width, height), interpolation=cv2.INTER_LINEAR)
    clear = 1.0 - sight.beside.astype(np.float32)
    return np.minimum(outline, cv2.GaussianBlur(clear, (0, 0), 1.0) * clear)
