"""Fields of known solids for the measurements, above 0 inside: (N, 3) points in [-1, 1] to (N,) float32."""

from __future__ import annotations

import numpy as np


def ball(points: np.ndarray) -> np.ndarray:
    return (0.7 - _length(points)).astype(np.float32)


def figure(points: np.ndarray) -> np.ndarray:
    """A body with fine relief, a handle, four thin legs and a tilted plate on top, and three small pieces in the air."""
    x, y, z = points.T
    relief = 0.02 * np.sin(25 * x) * np.sin(23 * y) * np.sin(27 * z) + 0.008 * np.sin(60 * x + 20 * y)
    parts = [
        0.5 - _length(points - np.float32((0, 0.1, 0))) + relief,
        0.09 - np.hypot(np.hypot(x - 0.55, y - 0.1) - 0.3, z),
        np.minimum(0.012 - np.abs(y - 0.75 + 0.1 * x), 0.75 - np.hypot(x, z)),
        np.minimum(0.03 - np.hypot(x, z), 0.2 - np.abs(y - 0.7)),
    ]
    parts += [np.minimum(0.05 - np.hypot(x - a, z - b), 0.45 - np.abs(y + 0.45)) for a in (-0.3, 0.3) for b in (-0.3, 0.3)]
    parts += [0.02 - _length(points - np.float32(at)) for at in ((0.9, 0.9, 0.9), (-0.9, 0.9, 0.9), (-0.9, -0.95, 0.9))]
    return np.max(parts, axis=0).astype(np.float32)


def _length(points: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("ij,ij->i", points, points))
