"""Whether points lie in a solid: the generalized winding number (Jacobson et al. 2013), triangles that are far away as dipoles together
(Barill et al., Fast Winding Numbers for Soups and Clouds, 2018).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

_IN_A_CELL = 30  # triangles, about
_MOST_CELLS = 20  # a side
_FAR = 2.0  # times a cell's radius
_AT_A_TIME = 30_000  # pairs of a point and a triangle: as many as a processor keeps at hand


@dataclass(frozen=True, kw_only=True)
class _Cell:
    """Triangles that lie together: `corners` (F, 3, 3), what they are from far away, and within which radius they lie."""

    corners: np.ndarray
    middle: np.ndarray
    dipole: np.ndarray
    radius: float


class Inside:
    """Of a solid, or of several: the union of what they enclose."""

    def __init__(self, corners: np.ndarray) -> None:
        """`corners` (F, 3, 3) of its triangles, all counter-clockwise or all clockwise."""
        self._cells = _cells(corners.astype(np.float64))

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """(N,) bool"""
        return np.abs(self.winding(points)) > 0.5

    def winding(self, points: np.ndarray) -> np.ndarray:
        """(N,) float64: 1 inside, 0 outside."""
        total = np.zeros(len(points))
        for cell in self._cells:
            apart = cell.middle - points
            distance = np.linalg.norm(apart, axis=1)
            is_far = distance > _FAR * cell.radius
            total[is_far] += (apart[is_far] @ cell.dipole) / distance[is_far] ** 3
            near = np.flatnonzero(~is_far)
            step = max(1, _AT_A_TIME // len(cell.corners))
            for start in range(0, len(near), step):
                some = near[start : start + step]
                total[some] += _solid_angles(points[some], cell.corners)
        return total / (4 * math.pi)


def _cells(corners: np.ndarray) -> list[_Cell]:
    middles = corners.mean(axis=1)
    low, extent = middles.min(axis=0), np.maximum(np.ptp(middles, axis=0), 1e-300)
    side = min(max(round((len(corners) / _IN_A_CELL) ** (1 / 3)), 1), _MOST_CELLS)
    place = np.minimum((middles - low) / extent * side, side - 1).astype(np.int64)
    number = (place[:, 0] * side + place[:, 1]) * side + place[:, 2]
    order = np.argsort(number, kind="stable")
    found = []
    for own in np.split(order, np.flatnonzero(np.diff(number[order])) + 1):
        triangles = corners[own]
        vectors = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]) / 2
        areas = np.linalg.norm(vectors, axis=1)
        weights = areas / areas.sum() if areas.sum() > 0 else np.full(len(own), 1 / len(own))
        middle = (middles[own] * weights[:, None]).sum(axis=0)
        radius = float(np.linalg.norm(triangles - middle, axis=2).max())
        found.append(_Cell(corners=triangles, middle=middle, dipole=vectors.sum(axis=0), radius=radius))
    return found


def _solid_angles(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """(N,) the sum over the triangles (Van Oosterom and Strackee 1983)."""
    # Column by column, since NumPy is slow along short axes: each (N, F)
    a, b, c = ([corners[None, :, corner, axis] - points[:, axis, None] for axis in range(3)] for corner in range(3))
    la, lb, lc = (np.sqrt(_dot(one, one)) for one in (a, b, c))
    volume = a[0] * (b[1] * c[2] - b[2] * c[1]) + a[1] * (b[2] * c[0] - b[0] * c[2]) + a[2] * (b[0] * c[1] - b[1] * c[0])
    below = la * lb * lc + _dot(a, b) * lc + _dot(b, c) * la + _dot(c, a) * lb
    return 2 * np.arctan2(volume, below).sum(axis=1)


def _dot(one: list[np.ndarray], other: list[np.ndarray]) -> np.ndarray:
    return one[0] * other[0] + one[1] * other[1] + one[2] * other[2]
