"""Charts laid flat with as little stretch as they allow, from their projection.

Each triangle is turned into its chart's plane by the smallest rotation that does so. These flat triangles fit together
in a developable chart; elsewhere the corners are moved to where they fit best, which is a linear system (Poisson's
equation, as in Yu et al. 2004). Then triangles and corners follow each other in turn, as rigid as possible (Liu et al.
2008). The system is solved by conjugate gradients; their preconditioner adds up scaled residuals over ever larger squares
of the plane (Bramble, Pasciak and Xu 1990), so that few steps are enough for large meshes too, without a sparse library.

Points of the plane are complex numbers here: u + i v.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..topology.neighbour_sums import Neighbours, neighbours
from ..topology.sorting import numbered

_STEPS, _MORE_STEPS, _ROUNDS = 40, 12, 2  # of conjugate gradients at first, then in each round of turning triangles
_ENOUGH = 2e-3  # of the edges' own length is left as a mean error
_SOFT, _STIFF = 0.05, 1e3  # bounds of an edge's weight: an obtuse angle would push, a needle outweigh all else
_BEHIND = 1e-2  # 1 + cosine to the chart's direction below which a triangle is as good as turned away from it
_FINEST = 2**15  # squares a side at most


def relaxed(flat: np.ndarray, normals: np.ndarray, chart: np.ndarray, place: np.ndarray, *, report: Callable[[], None]) -> np.ndarray:
    """(F, 3, 2) corners in the plane, about as large as on the surface.

    `flat` (F, 3, 3) are u, v and depth of the corners in their chart's projection, `normals` (F, 3) unit normals in the
    same axes, `chart` (F,) numbers 0.., `place` (F, 3) numbers that corners of the surface share.
    """
    ideal = _flattened(flat, normals)
    node = numbered((chart[:, None] * (int(place.max()) + 1) + place).ravel())[1].reshape(-1, 3)
    count = int(node.max()) + 1
    pairs, pull, weight = _edges(ideal, node, count)
    beside = neighbours(pairs, count)
    node = beside.place[node]
    first = np.empty(count, dtype=np.int64)
    first[node.ravel()] = np.arange(node.size)
    start = (flat[:, :, 0] + 1j * flat[:, :, 1]).ravel()[first]
    middle, unit = start.mean(), float(np.abs(ideal).max()) or 1.0  # single precision is enough for what lies around 0
    ends = beside.place[pairs[:, 0]], beside.place[pairs[:, 1]], pull
    pull = pull[beside.edge]
    diagonal = np.maximum(beside.sums(pull), 1e-12)
    system = _EdgeSystem(
        ideal=(ideal / unit).astype(np.complex64),
        weight=weight.astype(np.float32),
        node=node,
        diagonal=diagonal.astype(np.complex64),
        inverse=(1.0 / diagonal).astype(np.complex64),
        beside=beside,
        pull=pull.astype(np.complex64),
        levels=_levels(start, np.repeat(chart, 3)[first], ends, float(np.median(np.abs(ideal)))),
    )
    turned = np.ones(len(flat), dtype=np.complex64)
    spot = system.solved(turned, ((start - middle) / unit).astype(np.complex64), _STEPS, report)
    for _ in range(_ROUNDS):
        spot = system.solved(system.turns(spot), spot, _MORE_STEPS, report)
    spot = spot.astype(np.complex128) * unit + middle
    return np.stack([spot.real, spot.imag], axis=1)[node]


def _flattened(flat: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """(F, 3) edges from each corner to the next after the smallest rotation of the triangle into the plane."""
    edge = np.roll(flat, -1, axis=1) - flat
    sideways = normals[:, 0] + 1j * normals[:, 1]
    tilt = edge[:, :, 2] / np.maximum(1.0 - normals[:, 2], _BEHIND)[:, None]  # depth grows away from the viewer
    return edge[:, :, 0] + 1j * edge[:, :, 1] + tilt * sideways[:, None]


@dataclass(frozen=True, kw_only=True)
class _EdgeSystem:
    """The weighted edges of all triangles, and the preconditioner's levels, coarser and coarser."""

    ideal: np.ndarray  # (F, 3) complex edges
    weight: np.ndarray  # (F, 3)
    node: np.ndarray  # (F, 3)
    diagonal: np.ndarray  # (N,), and what else spots are multiplied by, complex: that saves conversions
    inverse: np.ndarray  # (N,) 1 / diagonal
    beside: Neighbours
    pull: np.ndarray  # (2 E,) of the neighbours
    levels: list[tuple[np.ndarray, np.ndarray]]  # parent of each node of the level below, and inverse diagonal

    def turns(self, spot: np.ndarray) -> np.ndarray:
        """(F,) unit numbers: the rotation of each flat triangle that comes closest to where its corners are."""
        corners = spot[self.node]
        edge = np.roll(corners, -1, axis=1) - corners
        turn = (self.weight * np.conj(self.ideal) * edge).sum(axis=1)
        return turn / np.maximum(np.abs(turn), 1e-30)

    def solved(self, turn: np.ndarray, start: np.ndarray, steps: int, report: Callable[[], None]) -> np.ndarray:
        """(N,) spots at which the edges differ least from the turned triangles'."""
        wanted = self.weight * self.ideal * turn[:, None]
        right = _summed(self.node.ravel(), (np.roll(wanted, 1, axis=1) - wanted).ravel(), len(start))
        spot, residual = start.copy(), right - self._applied(start)
        step = direction = self._smoothed(residual)
        energy, enough = np.vdot(residual, step).real, _ENOUGH**2 * float((self.weight * np.abs(self.ideal) ** 2).sum())
        for _ in range(steps):
            if energy <= enough:
                break
            report()
            change = self._applied(direction)
            length = energy / np.vdot(direction, change).real
            spot += np.float32(length) * direction
            change *= np.float32(length)
            residual -= change
            step = self._smoothed(residual)
            before, energy = energy, np.vdot(residual, step).real
            direction = direction * np.float32(energy / before)
            direction += step
        return spot

    def _applied(self, spot: np.ndarray) -> np.ndarray:
        pulls = spot.take(self.beside.other)
        pulls *= self.pull
        return self.diagonal * spot - self.beside.sums(pulls)

    def _smoothed(self, residual: np.ndarray) -> np.ndarray:
        sums = [residual]
        for parent, inverse in self.levels:
            sums.append(_summed(parent, sums[-1], len(inverse)))
        coarse = np.zeros(1, dtype=np.complex64)
        for k in range(len(self.levels) - 1, -1, -1):
            parent, inverse = self.levels[k]
            coarse = (inverse * sums[k + 1] + coarse).take(parent)
        return residual * self.inverse + coarse


def _edges(ideal: np.ndarray, node: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(E, 2) nodes of each edge and its pull (E,), the sum of the weights (F, 3) that it has in its faces."""
    weight = _weights(ideal)
    following = np.roll(node, -1, axis=1)
    low, high = np.minimum(node, following).ravel(), np.maximum(node, following).ravel()
    first, edge = numbered(low * count + high)
    pairs = np.stack([low[first], high[first]], axis=1)
    return pairs, np.bincount(edge, weights=weight.ravel()) * (pairs[:, 0] != pairs[:, 1]), weight


def _weights(ideal: np.ndarray) -> np.ndarray:
    """(F, 3) the cotangent of the angle opposite to each edge (Pinkall and Polthier 1993), within bounds."""
    second, third = np.roll(ideal, -1, axis=1), np.roll(ideal, -2, axis=1)
    double_area = np.abs(np.imag(np.conj(ideal[:, 0]) * ideal[:, 1]))
    cosine = -np.real(np.conj(third) * second)
    return np.clip(cosine / np.maximum(double_area, 1e-30)[:, None], _SOFT, _STIFF)


def _levels(spot: np.ndarray, chart: np.ndarray, edges: tuple[np.ndarray, np.ndarray, np.ndarray], length: float) -> list[tuple[np.ndarray, np.ndarray]]:
    """Nodes of one chart in one square are a node of the next level. The squares' sides double until no edge is left."""
    x, y = np.real(spot), np.imag(spot)
    x, y = x - x.min(), y - y.min()
    side = max(2.0 * length, float(max(x.max(), y.max())) / _FINEST, 1e-30)
    x, y = (x / side).astype(np.int64), (y / side).astype(np.int64)
    one, other, pull = edges
    levels: list[tuple[np.ndarray, np.ndarray]] = []
    while True:
        first, parent = numbered((chart * 2 * _FINEST + y) * 2 * _FINEST + x)
        one, other = parent[one], parent[other]
        kept = one != other
        one, other, pull = one[kept], other[kept], pull[kept]
        if not len(one):
            return levels
        diagonal = np.bincount(one, pull, len(first)) + np.bincount(other, pull, len(first))
        levels.append((parent, np.where(diagonal > 0.0, 1.0 / np.maximum(diagonal, 1e-30), 0.0).astype(np.complex64)))
        chart, x, y = chart[first], x[first] // 2, y[first] // 2


def _summed(group: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    """(count,) sums of complex values."""
    sums = np.empty(count, dtype=np.complex64)
    sums.real = np.bincount(group, weights=np.real(values), minlength=count)
    sums.imag = np.bincount(group, weights=np.imag(values), minlength=count)
    return sums
