"""Colours known at some points of a surface, diffused over the rest of it along its edges.

What is sought is the smoothest passage between the known colours: the harmonic one, in which every point is the mean of
its neighbours, the nearer ones and those that face the same way counting more. Points in the same place are one point,
so that seams of the mesh and of its layout do not part anything. Preconditioned conjugate gradients (Hestenes and Stiefel
1952) start from the colours of the surroundings in space, where parts that nobody sees stay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..topology.neighbour_sums import neighbours
from ..topology.normals import unit
from ..topology.sorting import numbered

_STEPS = 60
_KNOWN = 0.5  # trust from which a colour is kept as it is
_PULL = 0.5  # of an edge's mean weight: how much a colour of less trust counts
_ACROSS = 0.02  # least weight over a sharp edge
# Cells along the longest side, and whether in them only what faces the same way counts
_GRIDS = ((32, True), (16, True), (8, False), (4, False), (2, False), (1, False))


@dataclass(frozen=True, kw_only=True)
class Points:
    """Points on a surface and their neighbours: `position` (P, 3), `normal` (P, 3), `pairs` (E, 2), each pair once."""

    position: np.ndarray
    normal: np.ndarray
    pairs: np.ndarray


def connect(corners: np.ndarray, normals: np.ndarray, place: np.ndarray, count: int, *, which: np.ndarray | None = None) -> Points:
    """`corners` (F, 3, 3) of faces, `normals` (F, 3) theirs by area, `place` (F, 3) the number of each corner's point. With
    `which` (K,) only those faces connect their points.
    """
    owner = place.ravel()
    share = np.maximum(np.bincount(owner, minlength=count), 1)
    position, normal = np.empty((2, count, 3))
    for axis in range(3):
        position[:, axis] = np.bincount(owner, weights=corners[:, :, axis].ravel(), minlength=count) / share
        normal[:, axis] = np.bincount(owner, weights=np.repeat(normals[:, axis], 3), minlength=count)
    if which is not None:
        place = place[which]
    a, b = place.ravel(), place[:, [1, 2, 0]].ravel()
    first, _ = numbered(np.minimum(a, b) * count + np.maximum(a, b))
    first = first[a[first] != b[first]]
    return Points(position=position, normal=unit(normal), pairs=np.stack([a[first], b[first]], axis=1))


def is_known(trust: np.ndarray) -> np.ndarray:
    """(P,) which points keep the colour that they have."""
    return trust >= _KNOWN


def diffuse_colors(points: Points, color: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """(P, 3) float64 colours for all points, from those of them, `color` (P, 3), that have trust (P,) 0..1."""
    known = is_known(trust)
    start = _surroundings(points, color, trust)
    start[known] = color[known]
    unknown = np.flatnonzero(~known)
    if not len(unknown):
        return start
    weight = _weights(points)
    pull = np.where(known, 0.0, trust) * _PULL * float(weight.mean() if len(weight) else 1.0)
    number = np.full(len(known), -1)
    number[unknown] = np.arange(len(unknown))
    system = _System(points.pairs, weight, number, pull[unknown])
    for channel in range(color.shape[1]):
        pulled = color[unknown, channel] * pull[unknown]
        start[unknown, channel] = system.solve(start[:, channel], start[unknown, channel], pulled)
    return np.clip(start, 0.0, 255.0)


class _System:
    """The equations of the unknown points: the sum over the edges of weight times difference, and the pull, are nought.

    `number` (P,) is a point's number among the unknown, -1 for a known one.
    """

    def __init__(self, pairs: np.ndarray, weight: np.ndarray, number: np.ndarray, pull: np.ndarray) -> None:
        one, other = number[pairs[:, 0]], number[pairs[:, 1]]
        inner = np.flatnonzero((one >= 0) & (other >= 0))
        self._beside = neighbours(np.stack([one[inner], other[inner]], axis=1), len(pull))
        around = weight[inner][self._beside.edge]
        left, right = np.flatnonzero((one >= 0) & (other < 0)), np.flatnonzero((one < 0) & (other >= 0))
        here, there = np.append(one[left], other[right]), np.append(pairs[left, 1], pairs[right, 0])
        across = np.append(weight[left], weight[right])
        self._border = here, there, across
        diagonal = (pull + self._summed(here, across))[self._beside.order] + self._beside.sums(around)
        diagonal = np.where(diagonal > 0.0, diagonal, 1.0)  # a point by itself keeps what it has
        self._weight, self._diagonal = around.astype(np.float32), diagonal.astype(np.float32)
        self._inverse = (1.0 / diagonal).astype(np.float32)

    def solve(self, values: np.ndarray, start: np.ndarray, pulled: np.ndarray) -> np.ndarray:
        """One channel of the unknown points, from that of all of them, `values` (P,), and a first guess. It is solved in single
        precision, which is plenty for 256 steps of a colour.
        """
        row, other, weight = self._border
        order = self._beside.order
        solution = start[order].astype(np.float32)
        rest = (self._summed(row, weight * values[other]) + pulled)[order].astype(np.float32) - self._times(solution)
        scaled = rest * self._inverse
        way, size = scaled, _dot(rest, scaled)
        for _ in range(_STEPS):
            image = self._times(way)
            curved = _dot(way, image)
            if curved <= 0.0 or size <= 0.0:
                break
            solution += (size / curved) * way
            image *= size / curved
            rest -= image
            scaled = rest * self._inverse
            size, before = _dot(rest, scaled), size
            way = way * (size / before)
            way += scaled
        return solution[self._beside.place]

    def _times(self, values: np.ndarray) -> np.ndarray:
        around = values.take(self._beside.other)
        around *= self._weight
        return self._diagonal * values - self._beside.sums(around)

    def _summed(self, row: np.ndarray, values: np.ndarray) -> np.ndarray:
        return np.bincount(row, weights=values, minlength=len(self._beside.order))


def _dot(a: np.ndarray, b: np.ndarray) -> float:
    """Not by BLAS, whose threads wait for each other longer than this takes."""
    return float(np.einsum("i,i->", a, b))


def _weights(points: Points) -> np.ndarray:
    """(E,) over the squared distance, less where the surface turns."""
    a, b = np.ascontiguousarray(points.pairs.T)
    squared, alike = np.zeros(len(a)), np.zeros(len(a))
    for column in np.ascontiguousarray(points.position.T):
        squared += (column.take(a) - column.take(b)) ** 2
    for column in np.ascontiguousarray(points.normal.T):
        alike += column.take(a) * column.take(b)
    least = float(squared.mean()) * 1e-3 if len(squared) else 1.0
    return np.maximum(alike, _ACROSS) / np.maximum(squared, max(least, 1e-30))


def _surroundings(points: Points, color: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """(P, 3) the mean of the trusted colours in the smallest cell that has any, first of points that face the same way."""
    low = points.position.min(axis=0)
    extent = max(float((points.position.max(axis=0) - low).max()), 1e-30)
    share = [(column - start) / (extent * (1.0 + 1e-9)) for column, start in zip(points.position.T, low, strict=True)]
    side = _side(points.normal)
    result = np.zeros_like(color, dtype=np.float64)
    open_ = np.flatnonzero(~is_known(trust))
    seen = np.flatnonzero(trust > 0.0)
    given = [*(trust[seen] * channel.take(seen) for channel in color.T), trust[seen]]
    for grid, same_side in _GRIDS:
        x, y, z = (np.minimum((column * grid).astype(np.int64), grid - 1) for column in share)
        cell = (x * grid + y) * grid + z
        cell = cell * 6 + side if same_side else cell
        sums = np.stack([np.bincount(cell[seen], weights=k, minlength=6 * grid**3) for k in given])
        has = sums[3, cell[open_]] > 1e-6
        found, open_ = open_[has], open_[~has]
        result[found] = (sums[:3, cell[found]] / sums[3, cell[found]]).T
    return result


def _side(normal: np.ndarray) -> np.ndarray:
    """(P,) which of the six directions along the axes the normals (P, 3) are closest to."""
    x, y, z = normal.T
    wide, high, deep = np.abs(x), np.abs(y), np.abs(z)
    along_x, along_y = (wide >= high) & (wide >= deep), high >= deep
    return np.where(along_x, x > 0.0, np.where(along_y, 2 + (y > 0.0), 4 + (z > 0.0)))
