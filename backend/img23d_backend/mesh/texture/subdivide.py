"""Large faces cut into small ones for the time of a computation: a box of twelve triangles has no vertices to hold colours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..topology.normals import area_vectors

_WANTED = 40_000  # even faces, whose size is the measure
_TOLERATED = 3.0  # sides of such a face that a face may be long
_MOST = 150_000


@dataclass(frozen=True, kw_only=True)
class Subdivided:
    """Every face cut along each side into `parts` (F,), a power of two, which makes parts**2 faces alike.

    `face` (G,) the old face of each new one, `weights` (G, 3, 2) of the old second and third corner at each new corner,
    `start` (F,) each old face's first new one.
    """

    parts: np.ndarray
    start: np.ndarray
    face: np.ndarray
    weights: np.ndarray

    def corners(self, values: np.ndarray) -> np.ndarray:
        """(G, 3, K) at the new corners what the old ones, `values` (F, 3, K), come to there."""
        if len(self.face) == len(values):
            return values
        result = np.empty((3, values.shape[2], len(self.face)))  # columns, since NumPy is slow along short axes
        for axis in range(values.shape[2]):
            a, b, c = (values[:, corner, axis].take(self.face) for corner in range(3))
            b, c = b - a, c - a
            for corner in range(3):
                result[corner, axis] = a + b * self.weights[:, corner, 0] + c * self.weights[:, corner, 1]
        return result.transpose(2, 0, 1)

    def located(self, face: np.ndarray, b: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The new face (N,), and how much its second and third corner count, where those of the old `face` count `b` and `c`."""
        if len(self.face) == len(self.parts):
            return face, b, c
        parts = self.parts.take(face).astype(np.float32)
        last, inside = parts - 1, parts - np.float32(1e-4)
        b, c = np.minimum(b * parts, inside), np.minimum(c * parts, inside)
        row = np.floor(b)
        column = np.minimum(np.floor(c), last - row)
        b -= row
        c -= column
        turned = np.flatnonzero((b + c > 1.0) & (row + column < last))
        b[turned], c[turned] = 1.0 - b[turned], 1.0 - c[turned]
        row[turned], column[turned] = (last - row)[turned], (last - column)[turned]
        return self.start.take(face) + (row * parts + column).astype(np.int64), b, c


def even_side(vertices: np.ndarray, faces: np.ndarray) -> float:
    """The side of 40,000 equilateral triangles that would cover the surface."""
    area = 0.5 * np.linalg.norm(area_vectors(vertices, faces), axis=1).sum()
    return max(float(np.sqrt(2.3 * area / _WANTED)), 1e-30)


def subdivide(vertices: np.ndarray, faces: np.ndarray, *, side: float) -> Subdivided:
    """Cut faces whose longest side is out of proportion to `side`."""
    corners = vertices[faces].astype(np.float64)
    longest = np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2).max(axis=1)
    power = np.ceil(np.log2(np.maximum(longest / (_TOLERATED * side), 1.0))).astype(np.int64)
    while (4**power).sum() > max(_MOST, len(faces)):
        power = np.maximum(power - 1, 0)
    parts = 2**power
    count = parts**2
    start = np.cumsum(count) - count
    face = np.repeat(np.arange(len(faces)), count)
    return Subdivided(parts=parts, start=start, face=face, weights=_weights(parts[face], np.arange(len(face)) - start[face]))


def _weights(parts: np.ndarray, number: np.ndarray) -> np.ndarray:
    """(G, 3, 2). A face's new ones fill a square: those like itself below the diagonal, those upside down turned into the rest."""
    row, column = np.divmod(number, parts)
    upright = row + column < parts
    row, column = np.where(upright, row, parts - 1 - row), np.where(upright, column, parts - 1 - column)
    steps = np.where(upright[:, None, None], [[0, 0], [1, 0], [0, 1]], [[1, 1], [0, 1], [1, 0]])
    return (np.stack([row, column], axis=1)[:, None] + steps) / parts[:, None, None]
