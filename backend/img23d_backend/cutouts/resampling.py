"""Pictures made smaller or larger by a kernel that is as wide as a new pixel, as Pillow does it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Kernel = Callable[[np.ndarray], np.ndarray]  # of distances in pixels

_LOBES = 3  # of the Lanczos kernel
_SHARPNESS = -0.5  # of the cubic one (Keys, Cubic Convolution Interpolation, 1981)


def lanczos(away: np.ndarray) -> np.ndarray:
    return np.where(np.abs(away) < _LOBES, np.sinc(away) * np.sinc(away / _LOBES), 0.0)


def bicubic(away: np.ndarray) -> np.ndarray:
    x, a = np.abs(away), _SHARPNESS
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((x - 5) * x + 8) * x * a - 4 * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def resampling(length: int, wanted: int, kernel: Kernel = lanczos) -> np.ndarray:
    """(wanted, length) float32: rows of weights from `length` pixels to `wanted`."""
    scale = length / wanted
    reach = max(scale, 1.0)
    centres = (np.arange(wanted) + 0.5) * scale
    weights = kernel((np.arange(length) + 0.5 - centres[:, None]) / reach)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def resized(picture: np.ndarray, width: int, height: int, kernel: Kernel) -> np.ndarray:
    """(h, w, C) uint8 to (height, width, C) uint8, rounded after each of both directions."""
    rows, columns = (resampling(length, wanted, kernel) for length, wanted in zip(picture.shape[:2], (height, width), strict=True))
    across = _bytes(np.einsum("xw,hwc->hxc", columns, picture.astype(np.float32), optimize=True))
    return _bytes(np.einsum("yh,hxc->yxc", rows, across, optimize=True)).astype(np.uint8)


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.floor(values + np.float32(0.5)).clip(0, 255)
