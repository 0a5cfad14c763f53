"""Foreground colour estimation: at a soft edge the thing's own colours, without those of what is behind it."""

from __future__ import annotations

import cv2
import numpy as np

from .pyramid import pull_push, weighted

_FAR, _NEAR = 90, 6  # pixels: the radii of the two blurs
_FAR_SHRINK = 4  # the far blur is so smooth that a sixteenth of the pixels will do
_KNOWN = 0.5  # alpha: the estimate counts fully from here on, at half of it and below it is mostly noise


def estimate_foreground(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8: the colours F of I = a F + (1 - a) B, carried on under the transparent pixels.

    Blur fusion in two passes: M. Forte, Approximate Fast Foreground Colour Estimation (ICIP 2021). Opaque pixels keep
    their colours, so only the soft ones are computed.
    """
    weight = alpha.astype(np.float32)
    soft = (weight > 0) & (weight < 1)
    image, share = rgb[soft].astype(np.float32), weight[soft][:, None]
    front, behind = (layer[soft] for layer in _far_layers(rgb, weight))
    own = _with_soft(rgb, weight, soft, share * _corrected(image, front, behind, share))
    front = _near_layer(own, weight)[soft]
    front = _corrected(image, front, behind, share)
    return _carried_on(rgb, weight, soft, front, np.clip(2 * share / _KNOWN - 1, 0, 1))


def _far_layers(rgb: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(H, W, 3) float32 each: the thing and what is behind it, smoothed widely, each by its own share of the pixels."""
    height, width = weight.shape
    size = (max(1, width // _FAR_SHRINK), max(1, height // _FAR_SHRINK))
    image = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    share = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    front, behind = (_smooth(weighted(image, part), part, _FAR // _FAR_SHRINK) for part in (share, 1 - share))
    behind = _smooth(weighted(behind, 1 - share), 1 - share, max(1, _NEAR // _FAR_SHRINK))
    front, behind = (cv2.resize(layer, (width, height), interpolation=cv2.INTER_LINEAR) for layer in (front, behind))
    return front, behind


def _near_layer(own: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return _smooth(own, weight, _NEAR)


def _smooth(shown: np.ndarray, share: np.ndarray, radius: int) -> np.ndarray:
    """Colours (H, W, 3), already times their share (H, W), averaged over a square by it."""
    size = (2 * radius + 1, 2 * radius + 1)
    return weighted(cv2.blur(shown, size), 1 / (cv2.blur(share, size) + 1e-5))


def _with_soft(rgb: np.ndarray, weight: np.ndarray, soft: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """(H, W, 3) float32: opaque pixels as they are, soft ones (N, 3) as given, the others black."""
    shown = cv2.copyTo(rgb, (weight >= 1).astype(np.uint8)).astype(np.float32)
    shown[soft] = colours
    return shown


def _corrected(image: np.ndarray, front: np.ndarray, behind: np.ndarray, share: np.ndarray) -> np.ndarray:
    """(N, 3) F such that the two layers mix to the image again, as far as each pixel's own alpha, `share`, tells."""
    return np.clip(front + share * (image - share * front - (1 - share) * behind), 0, 255)


def _carried_on(rgb: np.ndarray, weight: np.ndarray, soft: np.ndarray, front: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8: the thing's colours, filled from half the size where they are not fully `known` (N, 1)."""
    height, width = weight.shape
    half_size = ((width + 1) // 2, (height + 1) // 2)
    sure = (weight >= 1).astype(np.float32)
    sure[soft] = known[:, 0]
    share = cv2.resize(sure, half_size, interpolation=cv2.INTER_AREA)
    half = cv2.resize(_with_soft(rgb, weight, soft, known * front), half_size, interpolation=cv2.INTER_AREA)
    filled = pull_push(weighted(half, 1 / np.maximum(share, 1e-6)), np.minimum(share * 4, 1))
    colours = cv2.resize(cv2.convertScaleAbs(filled), (width, height), interpolation=cv2.INTER_LINEAR)
    colours[soft] = np.rint(known * front + (1 - known) * colours[soft])
    return cv2.copyTo(rgb, (weight >= 1).astype(np.uint8), colours)
