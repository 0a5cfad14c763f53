"""From a network's matte, coarser than the photo, to an edge as sharp as the photo's."""

from __future__ import annotations

import math

import cv2
import numpy as np

from .edge import soften

_UNSURE = 0.1  # of the alpha: from here to 1 less this, a pixel is neither thing nor background
_CONTRAST = 2.0  # a network's matte is softer than the edge it means
_DOUBT = 2.0  # pixels beyond its own coarseness that a sharp edge may be soft over
_OFF, _OFF_LEAST = 0.5, 0.6  # of the network's pixels, pixels: by how much the outline may be wrong
_HAIR, _HAIR_LEAST = 0.06, 8  # of the thing's longer side, pixels: farther from the background a soft matte is no hair, but doubt
_NO_HOLE = 0.2  # of the alpha, in the mean over a gap inside a thing: through a real one hardly anything is seen


def sharpened(rgb: np.ndarray, alpha: np.ndarray, zoom: float) -> np.ndarray:
    """Alpha (h, w) float32 0..1, with the edge where the colours of `rgb` (h, w, 3) uint8 have it.

    `zoom` is how many pixels of the picture one of the network's stood for: where it was shown the picture enlarged to twice
    its size (0.5), its own edge is the better one, and the colours of a pattern behind the thing would only fray it. Where the
    matte is soft over a wider band along the outline than its own coarseness makes it (hair, fur), it stays soft. Inside,
    doubtful places become thing or gap.
    """
    solid = alpha >= 0.5
    if not solid.any() or solid.all():
        return stretched(alpha)
    gaps = _false_gaps(alpha, solid)
    solid |= gaps
    own = np.where(gaps, np.float32(1), stretched(alpha))
    by_colour = min(max(2 * zoom - 1, 0), 1)
    if by_colour > 0:
        sharp = soften(rgb, solid, width=max(_OFF_LEAST, _OFF * zoom))
        own += by_colour * (1 - _hairy(alpha, solid, zoom)) * (sharp - own)
    return own


def _false_gaps(alpha: np.ndarray, solid: np.ndarray) -> np.ndarray:
    """(h, w) bool: the gaps inside a thing that the network was not sure of."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((~solid).astype(np.uint8), connectivity=4)
    left, top, width, height, area = stats.T
    inner = (left > 0) & (top > 0) & (left + width < solid.shape[1]) & (top + height < solid.shape[0])
    inner[0] = False
    seen = np.bincount(labels.ravel(), weights=alpha.ravel(), minlength=count)
    return (inner & (seen >= _NO_HOLE * area))[labels]


def _hairy(alpha: np.ndarray, solid: np.ndarray, zoom: float) -> np.ndarray:
    """(h, w) float32, from 0 where the matte has a sharp edge to 1 where it is soft over a wide band along the outline."""
    width = 2 * math.ceil(_DOUBT + 1.5 * zoom) + 1
    unsure = ((alpha > _UNSURE) & (alpha < 1 - _UNSURE)).astype(np.uint8)
    wide = cv2.morphologyEx(unsure, cv2.MORPH_OPEN, np.ones((width, width), np.uint8))
    wide = cv2.blur(cv2.dilate(wide, np.ones((width, width), np.uint8)).astype(np.float32), (width, width))
    _, _, across, down = cv2.boundingRect(solid.astype(np.uint8))
    reach = max(_HAIR_LEAST, _HAIR * max(across, down))
    outwards = cv2.distanceTransform((alpha >= _UNSURE).astype(np.uint8), cv2.DIST_L2, 3)
    return wide * np.clip(2 - 2 * outwards / reach, 0, 1)


def stretched(alpha: np.ndarray) -> np.ndarray:
    """(h, w) float32 0..1: a network's matte with the contrast of the edge that it means; one half stays one half."""
    return np.clip(0.5 + _CONTRAST * (alpha - 0.5), 0, 1)
