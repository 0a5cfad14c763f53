"""The photo as a model that finds things sees it."""

from __future__ import annotations

import numpy as np

from ..stages import Photo


def opaque(photo: Photo) -> np.ndarray:
    """The photo on white: what is under a transparent pixel may be anything."""
    if photo.alpha is None:
        return photo.rgb
    alpha = photo.alpha[..., None].astype(np.uint16)  # (H, W, 1)
    return ((photo.rgb * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
