"""Pull-push filling of unknown pixels from the known ones around them."""

from __future__ import annotations

import cv2
import numpy as np


def pull_push(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(H, W, C) float32 with the places of weight 0 filled smoothly from those of weight 1; `weight` (H, W) float32.

    The pull-push of Gortler et al., The Lumigraph (SIGGRAPH 1996). Without any known place the result is 0.
    """
    height, width = weight.shape
    if max(height, width) <= 2:
        total = float(weight.sum())
        mean = (values * weight[..., None]).sum((0, 1)) / total if total > 0 else np.zeros(values.shape[2])
        return blended(values, np.full_like(values, mean), weight)
    size = ((width + 1) // 2, (height + 1) // 2)
    half_weight = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    half = cv2.resize(weighted(values, weight), size, interpolation=cv2.INTER_AREA).reshape(*size[::-1], -1)
    filled = pull_push(weighted(half, 1 / np.maximum(half_weight, 1e-6)), np.minimum(half_weight * 4, 1))
    behind = cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR).reshape(values.shape)
    return blended(values, behind, weight)


def blended(front: np.ndarray, behind: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(H, W, C) float32: `weight` (H, W) of the front and the rest of what is behind it."""
    return cv2.blendLinear(front, behind, weight, 1 - weight).reshape(front.shape)


def weighted(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(H, W, C) float32 times (H, W) float32; many times faster than NumPy's broadcasting over a short last axis."""
    return cv2.multiply(values, cv2.merge([weight] * values.shape[2])).reshape(values.shape)
