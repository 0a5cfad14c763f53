"""The working size of a thing in a huge photo: what its texture can show, since more would only cost memory and time."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from ..stages import Found, Photo, PixelBox

# The longest side of a box, in pixels, that is worked on as it is. The front of a thing takes at most about two thirds
# of a texture's side, and the largest texture has 2048.
MAX_SIDE = 2048
_STEPS_PER_HALVING = 2  # few sizes, so that a photo is scaled, and taken apart by an engine, once for many targets


@dataclass(frozen=True, kw_only=True)
class WorkingSizes:
    """One photo in the sizes that its targets ask for, each made when it is first needed."""

    photo: Photo
    _scaled: dict[float, Photo] = field(default_factory=dict)

    def fitted(self, found: Found) -> tuple[Photo, Found, float]:
        """The photo and the target at the working size, and its scale, at most 1."""
        scale = working_scale(max(found.box.width, found.box.height))
        if scale == 1:
            return self.photo, found, scale
        if scale not in self._scaled:
            self._scaled[scale] = _scaled_photo(self.photo, scale)
        photo = self._scaled[scale]
        mask = None if found.mask is None else _scaled(found.mask.astype(np.uint8), scale, is_mask=True) > 0
        return photo, replace(found, box=_scaled_box(found.box, scale, photo), mask=mask), scale


def working_scale(side: int) -> float:
    """1, or the largest power of the square root of 1/2 at which `side` is at most MAX_SIDE."""
    if side <= MAX_SIDE:
        return 1.0
    return 2 ** -(math.ceil(math.log2(side / MAX_SIDE) * _STEPS_PER_HALVING) / _STEPS_PER_HALVING)


def _scaled_photo(photo: Photo, scale: float) -> Photo:
    alpha = None if photo.alpha is None else _scaled(photo.alpha, scale)
    return replace(photo, rgb=_scaled(photo.rgb, scale), alpha=alpha)


def _scaled(image: np.ndarray, scale: float, *, is_mask: bool = False) -> np.ndarray:
    import cv2

    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_NEAREST if is_mask else cv2.INTER_AREA)


def _scaled_box(box: PixelBox, scale: float, photo: Photo) -> PixelBox:
    return PixelBox(
        left=math.floor(box.left * scale),
        top=math.floor(box.top * scale),
        right=min(photo.width, math.ceil(box.right * scale)),
        bottom=min(photo.height, math.ceil(box.bottom * scale)),
    )
