"""The few points of a mesh that the outline of its silhouette can touch."""

from __future__ import annotations

import numpy as np

FINE, COARSE = 8.0, 17.0  # degrees between two directions
# Degrees: how far the planes through the camera and an edge of the box can be turned from upright and level ones
_SIDES = 35.0
_LOWEST, _HIGHEST, _ASLANT = -35.0, 95.0, 35.0
_CHUNK = 1_000_000  # products at a time, which keeps a large mesh's memory small


def extreme_points(vertices: np.ndarray, step: float = FINE) -> np.ndarray:
    """(K, 3) of (V, 3) in glTF's axes: those that are farthest out, at both ends, in one of the directions that an edge of the
    silhouette's box can have while the front faces the viewer.

    Between two directions the hull can stand out by 1 - cos(step / 2) of its radius, and by nothing where it has corners.
    """
    points = np.asarray(vertices, dtype=np.float32)
    ends: list[np.ndarray] = []
    towards = _directions(step).astype(np.float32)
    chunk = max(1, _CHUNK // max(1, len(points)))
    for start in range(0, len(towards), chunk):
        along = towards[start : start + chunk] @ points.T  # (D, V)
        ends += [along.argmax(axis=1), along.argmin(axis=1)]
    return np.asarray(vertices, dtype=np.float64)[np.unique(np.concatenate(ends))]


def padded(hulls: list[np.ndarray]) -> np.ndarray:
    """(N, K, 3): hulls of different sizes as one array, the first point of each repeated."""
    size = max(map(len, hulls))
    return np.stack([np.concatenate([hull, np.repeat(hull[:1], size - len(hull), axis=0)]) for hull in hulls])


def _directions(step: float) -> np.ndarray:
    """(D, 3) unit vectors: about the x axis for left and right, and from ahead to straight up for top and bottom."""
    aside, aslope = np.meshgrid(_angles(-_SIDES, _SIDES, step), _angles(-_SIDES, _SIDES, step))
    level = np.stack([np.ones(aside.size), np.tan(aside.ravel()), np.tan(aslope.ravel())], axis=1)
    rise, slant = np.meshgrid(_angles(_LOWEST, _HIGHEST, step), _angles(-_ASLANT, _ASLANT, step))
    upright = np.stack([np.tan(slant.ravel()), np.cos(rise.ravel()), np.sin(rise.ravel())], axis=1)
    directions = np.concatenate([np.eye(3), level, upright])
    return directions / np.linalg.norm(directions, axis=1, keepdims=True)


def _angles(first: float, last: float, step: float) -> np.ndarray:
    """Radians, evenly, at most a step apart; the middle is among them."""
    half = int(np.ceil((last - first) / 2 / step))
    return np.radians(np.linspace(first, last, 2 * half + 1))
