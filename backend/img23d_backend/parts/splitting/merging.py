"""Pieces joined where the surface between them is not concave, the flattest border first.

A border counts by the mean angle that the surfaces on its two sides make, each seen over a small neighbourhood, concave angles
positive; a long border counts less, since it parts less from each other. Cutting borders off in this order is one number: the
smallest angle that parts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ...mesh.topology.normals import unit
from .dual_graph import DualGraph

_SAMPLES = 48  # places along a border that are looked at
_OWN = 0.45  # of a piece's radius, as if it were round: the most that its neighbourhoods reach
_SAME_SIDE = 0.3  # cosine of the angle to the surface right at the border: a thin piece's other side is not looked at
_CONVEX = 10.0  # degrees are the most that a convex border counts: a back flush with its seat is parted from it in front
_SURELY_FLAT = 3.0  # degrees: what goes first where a number of pieces is wanted
_HOLLOW = 0.003  # of its area to the power of 1.5 is the least that a piece holds; a sphere holds 0.094
_CONTACT = 0.05  # of the smaller piece's girth: a shorter border is chance
_CONSTANT = 0.5  # beside the border's length in units of the smaller piece's girth


@dataclass(frozen=True, kw_only=True)
class Limits:
    """`angle`: degrees below which a border goes; `least`: share of all area that a piece must have; `radius` of a neighbourhood, in the
    mesh's unit; `count`: so many pieces in place of `angle`, where there are enough.
    """

    angle: float
    least: float
    radius: float
    count: int | None = None


def joined(graph: DualGraph, label: np.ndarray, is_solid: np.ndarray, limits: Limits) -> np.ndarray:
    """(N,) numbers 0.. of what is left of the pieces. `is_solid` (N,): the node lies on a closed surface, of which no hollow is a part."""
    pieces = _Pieces(graph, label, limits)
    surely = limits.angle if limits.count is None else _SURELY_FLAT
    while pieces.join_small() or pieces.join_flattest(surely):
        pass
    while pieces.join_hollow(is_solid) or pieces.join_flattest(surely):
        pass
    while limits.count is not None and pieces.join_flattest(math.inf):
        pass
    return np.unique(pieces.label, return_inverse=True)[1].reshape(-1)


class _Pieces:
    def __init__(self, graph: DualGraph, label: np.ndarray, limits: Limits) -> None:
        self._graph, self._limits = graph, limits
        self.label = label.copy()
        self._total = float(graph.area.sum())
        self._borders: dict[tuple[int, int], tuple[float, float]] = {}  # score and length
        self._areas = dict(zip(np.unique(label).tolist(), np.bincount(label, graph.area)[np.unique(label)].tolist(), strict=True))
        ends = np.sort(label[graph.pairs], axis=1)
        for one, other in np.unique(ends[ends[:, 0] != ends[:, 1]], axis=0).tolist():
            self._look(one, other)

    def join_flattest(self, below: float) -> bool:
        """Whether anything was joined: there are more pieces than are wanted, and a border whose score is below a limit, or any."""
        if not self._borders or (self._limits.count is not None and len(self._areas) <= self._limits.count):
            return False
        pair = min(self._borders, key=lambda pair: (self._borders[pair][0], pair))
        return (self._borders[pair][0] < below or below == math.inf) and self._join(*pair)

    def join_small(self) -> bool:
        """Whether the smallest piece, being too small for one, was joined along its longest border."""
        touching = {number for pair in self._borders for number in pair}
        if not touching:
            return False
        number = min(touching, key=lambda one: (self._areas[one], one))
        return self._areas[number] < self._limits.least * self._total and self._join(*self._longest(number))

    def join_hollow(self, is_solid: np.ndarray) -> bool:
        """Whether a piece that holds no volume, as the floor in a mug, was joined along its longest border."""
        for number in sorted({number for pair in self._borders for number in pair}):
            nodes = np.flatnonzero(self.label == number)
            if is_solid[nodes].all() and self._volume(nodes, number) < _HOLLOW * self._areas[number] ** 1.5:
                return self._join(*self._longest(number))
        return False

    def _volume(self, nodes: np.ndarray, number: int) -> float:
        """With lids over its borders, as if these were in one plane together."""
        graph = self._graph
        ends = self.label[graph.pairs] == number
        edges = np.flatnonzero(ends[:, 0] != ends[:, 1])
        middle = np.average(graph.midpoint[edges], axis=0, weights=graph.length[edges] + 1e-300)
        return float((graph.normal[nodes] * (graph.middle[nodes] - middle)).sum()) / 3

    def _longest(self, number: int) -> tuple[int, int]:
        return max((pair for pair in self._borders if number in pair), key=lambda pair: (self._borders[pair][1], pair))

    def _join(self, one: int, other: int) -> bool:
        self.label[self.label == other] = one
        self._areas[one] += self._areas.pop(other)
        changed = {number for pair in self._borders if one in pair or other in pair for number in pair} - {one, other}
        self._borders = {pair: border for pair, border in self._borders.items() if one not in pair and other not in pair}
        for number in sorted(changed):
            self._look(*sorted((one, number)))
        return True

    def _look(self, one: int, other: int) -> None:
        ends = self.label[self._graph.pairs]
        edges = np.flatnonzero(((ends[:, 0] == one) & (ends[:, 1] == other)) | ((ends[:, 0] == other) & (ends[:, 1] == one)))
        length = float(self._graph.length[edges].sum())
        smaller = min(self._areas[one], self._areas[other])
        girth = float(np.sqrt(4 * np.pi * max(smaller, 1e-300)))
        radius = min(self._limits.radius, _OWN * float(np.sqrt(smaller / np.pi)))
        angle, long = self._angle(edges, one, other, radius), _CONSTANT + length / girth
        score = angle / long if angle > 0 else angle * long  # what shares a long convex border is joined first
        self._borders[one, other] = score if length > _CONTACT * girth else math.inf, length

    def _angle(self, edges: np.ndarray, one: int, other: int, radius: float) -> float:
        """Degrees, the mean along a border, concave positive."""
        edges = edges[np.linspace(0, len(edges) - 1, min(len(edges), _SAMPLES)).astype(np.int64)]
        at, weight = self._graph.midpoint[edges], self._graph.length[edges]
        sides = [self._around(at, edges, number, radius) for number in (one, other)]
        (normal, middle), (normal_of_other, middle_of_other) = sides
        bend = np.degrees(np.arccos(np.clip((normal * normal_of_other).sum(axis=1), -1.0, 1.0)))
        is_concave = ((middle_of_other - middle) * (normal - normal_of_other)).sum(axis=1) > 0
        signed = np.where(is_concave, bend, -np.minimum(bend, _CONVEX))
        return float((signed * weight).sum() / max(float(weight.sum()), 1e-300))

    def _around(self, at: np.ndarray, edges: np.ndarray, number: int, radius: float) -> tuple[np.ndarray, np.ndarray]:
        """Mean unit normals and middles (S, 3) of a piece's nodes around places on its border, the nodes beside them always among these."""
        graph = self._graph
        nodes = np.flatnonzero(self.label == number)
        distance = ((at[:, None] - graph.middle[nodes]) ** 2).sum(axis=2)
        is_near = distance <= radius**2
        beside = np.where(self.label[graph.pairs[edges, 0]] == number, graph.pairs[edges, 0], graph.pairs[edges, 1])
        is_near &= unit(graph.normal[beside]) @ unit(graph.normal[nodes]).T > _SAME_SIDE
        is_near[np.arange(len(at)), np.searchsorted(nodes, beside)] = True
        share = is_near * graph.area[nodes]
        total = np.maximum(share.sum(axis=1), 1e-300)[:, None]
        return unit(is_near @ graph.normal[nodes]), share @ graph.middle[nodes] / total
