"""The few points of a mesh that the outline of its silhouette can touch."""

from __future__ import annotations

import numpy as np

FINE, COARSE = 192, 40  # directions, of which each gives both ends
_CHUNK = 4_000_000  # products at a time, which keeps a large mesh's memory small


def extreme_points(vertices: np.ndarray, directions: int = FINE) -> np.ndarray:
    """(K, 3) of (V, 3): those that are farthest in one of evenly spread directions, the axes among them.

    Between two of 384 directions the hull can stand out by less than 0.5% of the mesh's size, and by nothing where it has corners.
    """
    points = np.asarray(vertices, dtype=np.float32)
    ends: list[np.ndarray] = []
    towards = _directions(directions).astype(np.float32)
    step = max(1, _CHUNK // max(1, len(points)))
    for start in range(0, len(towards), step):
        along = points @ towards[start : start + step].T
        ends += [along.argmax(axis=0), along.argmin(axis=0)]
    return np.asarray(vertices, dtype=np.float64)[np.unique(np.concatenate(ends))]


def padded(hulls: list[np.ndarray]) -> np.ndarray:
    """(N, K, 3): hulls of different sizes as one array, the first point of each repeated."""
    size = max(map(len, hulls))
    return np.stack([np.concatenate([hull, np.repeat(hull[:1], size - len(hull), axis=0)]) for hull in hulls])


def _directions(count: int) -> np.ndarray:
    """(count + 3, 3) unit vectors spread over a half sphere (a golden spiral), and the axes."""
    index = np.arange(count)
    height = (index + 0.5) / count
    angle = index * np.pi * (3 - np.sqrt(5))
    around = np.sqrt(1 - height**2)
    spiral = np.stack([around * np.cos(angle), height, around * np.sin(angle)], axis=1)
    return np.concatenate([spiral, np.eye(3)])
