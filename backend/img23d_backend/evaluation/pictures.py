"""Two pictures against each other: PSNR, and SSIM (Wang et al., Image Quality Assessment, 2004) with a uniform window of 7 pixels, which is
scikit-image's standard. Another window gives another number, so it is told beside each.
"""

from __future__ import annotations

import numpy as np

WINDOW = 7  # pixels, all with the same weight
SSIM_NAME = f"SSIM (uniform window of {WINDOW})"
_LUMINANCE, _CONTRAST = 0.01**2, 0.03**2  # what keeps the quotient from 0 / 0, at a range of 1


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    """Decibels; infinite where both are the same. (H, W, 3) in 0..1. Raises ValueError where they differ in size."""
    _same_size(one, other)
    error = float(((one.astype(np.float64) - other) ** 2).mean())
    return float("inf") if error == 0 else -10 * float(np.log10(error))


def ssim(one: np.ndarray, other: np.ndarray) -> float:
    """-1 to 1, the mean over channels of (H, W, 3) in 0..1. Raises ValueError where they differ in size or are smaller than the window."""
    _same_size(one, other)
    if min(one.shape[:2]) < WINDOW:
        raise ValueError(f"pictures of at least {WINDOW} pixels a side, not {one.shape[:2]}")
    x, y = one.astype(np.float64), other.astype(np.float64)
    mean_x, mean_y = _windowed(x), _windowed(y)
    unbiased = WINDOW**2 / (WINDOW**2 - 1)
    spread_x, spread_y = (unbiased * (_windowed(square) - mean**2) for square, mean in ((x * x, mean_x), (y * y, mean_y)))
    shared = unbiased * (_windowed(x * y) - mean_x * mean_y)
    likeness = (2 * mean_x * mean_y + _LUMINANCE) * (2 * shared + _CONTRAST)
    return float((likeness / ((mean_x**2 + mean_y**2 + _LUMINANCE) * (spread_x + spread_y + _CONTRAST))).mean())


def _windowed(values: np.ndarray) -> np.ndarray:
    """Means (H - 6, W - 6, 3) over each window that lies in the picture."""
    for axis in (0, 1):
        sums = np.concatenate((np.zeros_like(values.take([0], axis)), values.cumsum(axis)), axis)
        count = values.shape[axis]
        values = (sums.take(range(WINDOW, count + 1), axis) - sums.take(range(count + 1 - WINDOW), axis)) / WINDOW
    return values


def _same_size(one: np.ndarray, other: np.ndarray) -> None:
    if one.shape != other.shape:
        raise ValueError(f"pictures of one size, not {one.shape} and {other.shape}")
