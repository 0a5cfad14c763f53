"""Filling what is unknown from what is known around it."""

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
        return _blended(values, weight, np.broadcast_to(mean.astype(np.float32), values.shape))
    size = ((width + 1) // 2, (height + 1) // 2)
    half_weight = cv2.resize(weight, size, interpolation=cv2.INTER_AREA)
    half = cv2.resize(values * weight[..., None], size, interpolation=cv2.INTER_AREA).reshape(*size[::-1], -1)
    half = half / np.maximum(half_weight, 1e-6)[..., None]
    filled = pull_push(half, np.minimum(half_weight * 4, 1))
    behind = cv2.resize(filled, (width, height), interpolation=cv2.INTER_LINEAR).reshape(values.shape)
    return _blended(values, weight, behind)


def _blended(values: np.ndarray, weight: np.ndarray, behind: np.ndarray) -> np.ndarray:
    return values * weight[..., None] + behind * (1 - weight[..., None])
