"""From a network's matte, coarser than the photo, to an edge as sharp as the photo's."""

from __future__ import annotations

import math

import cv2
import numpy as np

from .edge import soften

_UNSURE = 0.1  # of the alpha: from here to 1 less this, a pixel is neither thing nor background
_CONTRAST = 2.0  # a network's matte is softer than the edge it means
_DOUBT = 2.0  # pixels at least by which the outline may be wrong


def sharpened(rgb: np.ndarray, alpha: np.ndarray, zoom: float) -> np.ndarray:
    """Alpha (h, w) float32 0..1, with the edge where the colours of `rgb` (h, w, 3) uint8 have it.

    `zoom` is how many pixels of the picture one of the network's stood for. Where the matte is soft over a wider band than its
    own coarseness makes it (hair, fur, glass), it stays soft.
    """
    solid = alpha >= 0.5
    if not solid.any() or solid.all():
        return _stretched(alpha)
    doubt = max(_DOUBT, 1.0 + 0.5 * zoom)
    fuzzy = _fuzzy(alpha, zoom)
    sharp = soften(rgb, solid, width=doubt)
    return sharp + fuzzy * (_stretched(alpha) - sharp)


def _fuzzy(alpha: np.ndarray, zoom: float) -> np.ndarray:
    """(h, w) float32, from 0 where the matte has a sharp edge to 1 where it is soft over a wide band."""
    width = 2 * math.ceil(_DOUBT + 1.5 * zoom) + 1
    unsure = ((alpha > _UNSURE) & (alpha < 1 - _UNSURE)).astype(np.uint8)
    wide = cv2.morphologyEx(unsure, cv2.MORPH_OPEN, np.ones((width, width), np.uint8))
    return cv2.blur(cv2.dilate(wide, np.ones((width, width), np.uint8)).astype(np.float32), (width, width))


def _stretched(alpha: np.ndarray) -> np.ndarray:
    return np.clip(0.5 + _CONTRAST * (alpha - 0.5), 0, 1)
