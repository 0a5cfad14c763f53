"""Faces, or groups of faces, as the nodes of a graph whose edges are cheap to cut where the surface is concave.

The weights are those of Katz and Tal, Hierarchical Mesh Decomposition (2003), as conductances: an edge's length over 1 plus a
multiple of its angle against the mean one, concave angles counting ten times as much as convex ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...mesh.topology.connected import connected
from ...mesh.topology.normals import area_vectors, unit, weld
from ...mesh.topology.sorting import numbered
from ...stages import Mesh
from .links import links_between, next_corner

_CONCAVE, _CONVEX, _SHARPNESS = 1.0, 0.1, 4.0
_OPEN = 0.1  # of a piece's area is what its faces' vectors may sum up to where it is as good as closed, as with holes for eyes


@dataclass(frozen=True, kw_only=True)
class DualGraph:
    """N nodes with `area` (N,), `normal` (N, 3) as long as the area and `middle` (N, 3), and E edges between `pairs` (E, 2) of them:
    the `length` (E,) of the border, its `weight` (E,) as a conductance and its `midpoint` (E, 3). float64, in the mesh's unit.
    """

    area: np.ndarray
    normal: np.ndarray
    middle: np.ndarray
    pairs: np.ndarray
    length: np.ndarray
    weight: np.ndarray
    midpoint: np.ndarray

    def __len__(self) -> int:
        return len(self.area)

    def part(self, nodes: np.ndarray) -> DualGraph:
        """The graph of some nodes (M,), ascending, and of the edges between them."""
        number = np.full(len(self), -1, dtype=np.int64)
        number[nodes] = np.arange(len(nodes))
        pairs = number[self.pairs]
        kept = np.flatnonzero((pairs >= 0).all(axis=1))
        return DualGraph(
            area=self.area[nodes],
            normal=self.normal[nodes],
            middle=self.middle[nodes],
            pairs=pairs[kept],
            length=self.length[kept],
            weight=self.weight[kept],
            midpoint=self.midpoint[kept],
        )

    def merged(self, group: np.ndarray, count: int) -> DualGraph:
        """Each of `count` groups (N,) as one node; edges between the same two groups become one."""
        area = np.bincount(group, self.area, count)
        share = np.where(area > 0, area, 1.0)[:, None]
        size = np.maximum(np.bincount(group, minlength=count), 1)[:, None]
        plain, weighted = _sums(group, self.middle, count) / size, _sums(group, self.middle * self.area[:, None], count) / share
        ends = np.sort(group[self.pairs], axis=1)
        kept = np.flatnonzero(ends[:, 0] != ends[:, 1])
        first, edge = numbered(ends[kept, 0] * count + ends[kept, 1])
        number = len(first)
        length = np.bincount(edge, self.length[kept], number)
        midpoint = _sums(edge, self.midpoint[kept] * self.length[kept, None], number) / np.where(length > 0, length, 1.0)[:, None]
        return DualGraph(
            area=area,
            normal=_sums(group, self.normal, count),
            middle=np.where(area[:, None] > 0, weighted, plain),
            pairs=ends[kept][first],
            length=length,
            weight=np.bincount(edge, self.weight[kept], number),
            midpoint=midpoint,
        )

    def weighed(self, agree: np.ndarray | None = None) -> DualGraph:
        """With weights by the angles between its nodes. `agree` (E,): whether two faces turn the same way, where not all do."""
        return replace(self, weight=_conductance(self, np.ones(len(self.pairs), dtype=bool) if agree is None else agree))


def dual_graph(mesh: Mesh) -> tuple[DualGraph, LoosePieces]:
    """A node each face, of any mesh of triangles: edges may have any number of faces, and faces may be without area.

    Vertices in the same place count as one. A closed piece that is inside out is turned.
    """
    place, count = weld(mesh.vertices)
    normal = area_vectors(mesh.vertices, mesh.faces) / 2
    vertices = mesh.vertices.astype(np.float64)
    found = links_between(vertices, mesh.faces, place[mesh.faces], count)
    start, end = (vertices[mesh.faces.ravel()[at]] for at in (found.first, next_corner(found.first)))
    graph = DualGraph(
        area=np.linalg.norm(normal, axis=1),
        normal=normal,
        middle=vertices[mesh.faces].mean(axis=1),
        pairs=found.pairs,
        length=found.length,
        weight=np.ones(len(found.pairs)),
        midpoint=(start + end) / 2,
    )
    pieces, is_inside_out = _loose_pieces(graph)
    graph = replace(graph, normal=np.where(is_inside_out[pieces.piece, None], -normal, normal))
    return graph.weighed(found.agree), pieces


@dataclass(frozen=True, kw_only=True)
class LoosePieces:
    """`piece` (N,) of each node, and of each of the C pieces its `area` (C,) and whether it `is_closed` (C,), or has small holes only."""

    piece: np.ndarray
    area: np.ndarray
    is_closed: np.ndarray


def _loose_pieces(graph: DualGraph) -> tuple[LoosePieces, np.ndarray]:
    """What hangs together, and (C,) whether it is closed and inside out."""
    piece = connected(len(graph), graph.pairs)
    count = int(piece.max()) + 1
    area = np.bincount(piece, graph.area, count)
    centre = _sums(piece, graph.middle, count) / np.bincount(piece, minlength=count)[:, None]
    flux = np.bincount(piece, (graph.normal * (graph.middle - centre[piece])).sum(axis=1), count)
    open_area = np.linalg.norm(_sums(piece, graph.normal, count), axis=1)
    is_closed = open_area <= _OPEN * area
    return LoosePieces(piece=piece, area=area, is_closed=is_closed), is_closed & (flux < 0)


def _conductance(graph: DualGraph, agree: np.ndarray) -> np.ndarray:
    """(E,) see the module."""
    normals = unit(graph.normal)
    a, b = graph.pairs.T
    turned = np.where(agree, 1.0, -1.0)[:, None] * normals[b]
    bend = 1.0 - np.clip((normals[a] * turned).sum(axis=1), -1.0, 1.0)
    bend[(graph.area[a] == 0) | (graph.area[b] == 0)] = 0.0  # a face without area has no angle
    across = graph.middle[b] - graph.middle[a]
    is_concave = (across * (normals[a] - turned)).sum(axis=1) > 0
    cost = np.where(is_concave, _CONCAVE, _CONVEX) * bend
    total = float(graph.length.sum())
    mean = float((cost * graph.length).sum()) / total if total > 0 else 0.0
    return graph.length / (1.0 + _SHARPNESS * cost / mean) if mean > 1e-12 else graph.length.copy()


def _sums(group: np.ndarray, values: np.ndarray, count: int) -> np.ndarray:
    return np.stack([np.bincount(group, column, count) for column in values.T], axis=1)
