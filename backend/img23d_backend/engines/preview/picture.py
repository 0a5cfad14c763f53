"""The cut-out prepared for painting: its colours kept clear of the background, at three degrees of sharpness."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...mesh.bake import Sight
from ...mesh.fill import fill_nearest
from ...mesh.volume import sample_image
from ...stages import CutOut

_SOFT_PIXELS = 256  # longest side of the smoothed pictures
_DETAIL = 0.05  # of the longest side: what is smaller does not come back on the other side of the object
_INSET = 0.004  # of the object's longest side is left out along the outline
_TOLERANCE = 0.015  # of the longest side that a mesh may stick out of the outline and still be the photo's


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Looked up at `spot` (N, 3): pixels of the cut-out (the first one's centre at (0.5, 0.5)) and depth."""

    colors: np.ndarray  # (h, w, 3) uint8, at the texture's own resolution or the photo's, the lower of the two
    soft_colors: np.ndarray  # (h, w, 3) uint8, small
    likeness_colors: np.ndarray  # (h, w, 3) uint8, small and without detail
    confidence: np.ndarray  # (h, w) float32, in the frame of the depth map
    sight: Sight
    size: tuple[int, int]  # the cut-out's width and height

    def sharp(self, spot: np.ndarray) -> np.ndarray:
        return self._sample(self.colors, spot, cv2.INTER_CUBIC)

    def soft(self, spot: np.ndarray) -> np.ndarray:
        return self._sample(self.soft_colors, spot, cv2.INTER_LINEAR)

    def likeness(self, spot: np.ndarray) -> np.ndarray:
        return self._sample(self.likeness_colors, spot, cv2.INTER_CUBIC)

    def trust(self, spot: np.ndarray, slack: np.ndarray) -> np.ndarray:
        """(N,) 0..1: nothing lies before it by more than `slack`, and the photo there shows the object."""
        nearest = self._sample(self.sight.depth, spot, cv2.INTER_NEAREST)
        return np.where(spot[:, 2] <= nearest + slack, self._sample(self.confidence, spot, cv2.INTER_LINEAR), 0.0)

    def shows_through(self, spot: np.ndarray) -> np.ndarray:
        """(N,) bool: between the point and the surface that the photo shows lies no other surface towards the viewer, so
        that both may be sides of one thing.
        """
        return spot[:, 2] <= self._sample(self.sight.second, spot, cv2.INTER_NEAREST)

    def _sample(self, image: np.ndarray, spot: np.ndarray, interpolation: int) -> np.ndarray:
        height, width = image.shape[:2]
        x = spot[:, 0] * (width / self.size[0]) - 0.5
        y = spot[:, 1] * (height / self.size[1]) - 0.5
        return sample_image(image, np.clip(x, -1.0, width), np.clip(y, -1.0, height), interpolation)


def make_picture(cutout: CutOut, sight: Sight, *, zoom: float) -> Picture:
    """`zoom`: texels a side that one pixel of the cut-out gets; under 1 the picture is averaged down, not skipped over."""
    height, width = cutout.rgba.shape[:2]
    core = _core(cutout.rgba[:, :, 3])
    colors, distance = fill_nearest(np.ascontiguousarray(cutout.rgba[:, :, :3]), core)
    small = _resized(colors, min(1.0, _SOFT_PIXELS / max(width, height)))
    return Picture(
        colors=_resized(colors, zoom) if zoom < 0.9 else colors,
        soft_colors=small,
        likeness_colors=_without_detail(small),
        confidence=_confidence(distance, sight),
        sight=sight,
        size=(width, height),
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
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)


def _without_detail(small: np.ndarray) -> np.ndarray:
    """The large areas with their borders: medians drop lettering, faces and spots, where a blur would smear everything."""
    size = max(small.shape[:2])
    window = max(3, round(_DETAIL * size) | 1)
    calm = small
    for _ in range(3):
        calm = cv2.medianBlur(calm, window)
    return cv2.GaussianBlur(calm, (0, 0), max(0.6, 0.004 * size))


def _confidence(distance: np.ndarray, sight: Sight) -> np.ndarray:
    """1 on the object, falling to 0 outside its outline and beside the edge of something nearer."""
    height, width = sight.depth.shape
    longest = max(distance.shape)
    tolerance = max(4.0, _TOLERANCE * longest)
    near_outline = np.clip(2.0 - distance / tolerance, 0.0, 1.0)
    outline = cv2.resize(near_outline, (width, height), interpolation=cv2.INTER_LINEAR)
    clear = 1.0 - sight.beside.astype(np.float32)
    return np.minimum(outline, cv2.GaussianBlur(clear, (0, 0), 1.0) * clear)
