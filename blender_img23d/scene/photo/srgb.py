"""Between linear light and sRGB (IEC 61966-2-1): arrays of colours, 0..1, of any shape."""

from __future__ import annotations

import numpy as np


def to_linear(seen: np.ndarray) -> np.ndarray:
    return np.where(seen <= 0.04045, seen / 12.92, ((seen + 0.055) / 1.055) ** 2.4)


def to_srgb(linear: np.ndarray) -> np.ndarray:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
