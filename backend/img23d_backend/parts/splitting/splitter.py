"""Parts of a mesh by its shape alone: loose pieces, and within each what is parted by concave lines.

1. Faces hang together by edges of welded vertices, however many faces an edge has.
2. Each large piece is coarsened to some hundred nodes and cut by its slowest vibrations into more pieces than wanted.
3. Their borders move to where they are cheapest (maximum flow), and flat ones go.
4. On the way back to the faces each finer level moves the borders once more.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...stages import Mesh
from .borders import refined, whole
from .coarsening import Level, levels
from .dual_graph import DualGraph, LoosePieces, dual_graph
from .loose import gathered
from .merging import Limits, joined
from .spectral import spectral_pieces

MOST = 64  # parts
_VIBRATING = 700  # nodes whose eigenvectors are computed
_SEEN = 1500  # nodes on which borders are judged
_LARGE = 0.05  # of all area: a loose piece that is split
_LEAST = 0.01  # of all area: a smaller part of a loose piece is none
_SHRUNK = 0.5  # of the least area: a part that the moved borders have left so little goes as well
_ANGLE = 12.0  # degrees
_RADIUS = 0.05  # of the extent
_BAND = 0.04  # of the extent
_MOST_HOPS, _FINE_HOPS = 6, 2
_PIECES = 10  # a loose piece is cut into first, or more where more parts are wanted


@dataclass(frozen=True, kw_only=True)
class Wish:
    """`more` parts than usual: each step halves the angle and the size from which on something is a part, each step below 0 doubles
    them. `count` parts in its place, as far as the mesh has so many.
    """

    more: float = 0.0
    count: int | None = None

    @property
    def pieces(self) -> int:
        """So many at first."""
        return min(max(_PIECES, round(_PIECES * 1.4**self.more), 2 * (self.count or 0)), 2 * MOST)


@dataclass(frozen=True, kw_only=True)
class _Piece:
    """A loose piece that is split: its faces (M,), its levels, and of the one that borders are judged on the number and the labels."""

    nodes: np.ndarray
    ladder: list[Level]
    seen: int
    label: np.ndarray

    @property
    def group(self) -> np.ndarray:
        """(M,) each face's node in the level `seen`."""
        group = np.arange(len(self.ladder[self.seen].graph))
        for level in self.ladder[self.seen : 0 : -1]:
            group = group[level.group]
        return group


def split(mesh: Mesh, wish: Wish, report: Callable[[float], None] = lambda fraction: None) -> np.ndarray:
    """(F,) int64 part of each face, 0 the largest by area. `report` gets fractions of the work, and may raise to end it."""
    graph, loose = dual_graph(mesh)
    extent = float(np.ptp(mesh.vertices[mesh.faces].reshape(-1, 3).astype(np.float64), axis=0).max())
    report(0.1)
    large = np.flatnonzero(loose.area >= _LARGE * loose.area.sum())
    pieces = []
    for number in large.tolist():
        nodes = np.flatnonzero(loose.piece == number)
        pieces.append(_first_pieces(graph.part(nodes), nodes, extent, wish))
        report(0.1 + 0.4 * len(pieces) / len(large))
    group, label = _seen(graph, loose, pieces)
    limits = _limits(extent, wish)
    label = joined(graph.merged(group, len(label)), label, _is_solid(loose, group, len(label)), limits)
    report(0.6)
    label = label[group]
    for done, piece in enumerate(pieces):
        label[piece.nodes] = _on_faces(piece, label[piece.nodes], 0.0 if wish.count else _SHRUNK * limits.least * float(graph.area.sum()))
        report(0.6 + 0.35 * (done + 1) / len(pieces))
    return _by_size(gathered(graph, loose, label, extent, more=wish.more, most=wish.count or MOST), graph.area)


def _first_pieces(graph: DualGraph, nodes: np.ndarray, extent: float, wish: Wish) -> _Piece:
    """More than wanted, on the level where borders are judged."""
    ladder = levels(graph, _VIBRATING)
    label = spectral_pieces(ladder[-1].graph, wish.pieces)
    seen = next((n for n, level in enumerate(ladder) if len(level.graph) <= _SEEN), len(ladder) - 1)
    for number in range(len(ladder) - 1, seen, -1):
        label = refined(ladder[number].graph, label, _hops(ladder[number].graph, extent))[ladder[number].group]
    return _Piece(nodes=nodes, ladder=ladder, seen=seen, label=refined(ladder[seen].graph, label, _hops(ladder[seen].graph, extent)))


def _seen(graph: DualGraph, loose: LoosePieces, pieces: list[_Piece]) -> tuple[np.ndarray, np.ndarray]:
    """(F,) nodes of one graph on which all borders are judged, and (N,) their labels: loose pieces that are not split are one node each."""
    group, label = loose.piece.copy(), [np.arange(len(loose.area))]
    nodes, labels = len(loose.area), len(loose.area)
    for piece in pieces:
        group[piece.nodes] = nodes + piece.group
        label.append(labels + piece.label)
        nodes, labels = nodes + len(piece.label), labels + int(piece.label.max()) + 1
    used, number = np.unique(group, return_inverse=True)
    return number.reshape(-1), np.concatenate(label)[used]


def _is_solid(loose: LoosePieces, group: np.ndarray, count: int) -> np.ndarray:
    is_solid = np.zeros(count, dtype=bool)
    is_solid[group] = loose.is_closed[loose.piece]
    return is_solid


def _limits(extent: float, wish: Wish) -> Limits:
    scale = 2.0**-wish.more if wish.count is None else 0.5
    return Limits(angle=_ANGLE * scale, least=_LEAST * min(scale, 1.0), radius=_RADIUS * extent, count=wish.count)


def _on_faces(piece: _Piece, of_face: np.ndarray, least: float) -> np.ndarray:
    """(M,) labels of a piece's faces, from those that its nodes got; none with less area than `least`."""
    label = np.zeros(len(piece.label), dtype=np.int64)
    label[piece.group] = of_face
    label = refined(piece.ladder[piece.seen].graph, label, _MOST_HOPS)
    for number in range(piece.seen, 0, -1):
        label = refined(piece.ladder[number - 1].graph, label[piece.ladder[number].group], _FINE_HOPS)
    return whole(piece.ladder[0].graph, label, least)


def _by_size(label: np.ndarray, area: np.ndarray) -> np.ndarray:
    _, number = np.unique(label, return_inverse=True)
    number = number.reshape(-1)
    order = np.argsort(-np.bincount(number, area), kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank[number]


def _hops(graph: DualGraph, extent: float) -> int:
    """As many nodes as the band is wide."""
    size = math.sqrt(max(float(graph.area.sum()), 1e-300) / len(graph))
    return min(max(math.ceil(_BAND * extent / size), _FINE_HOPS), _MOST_HOPS)
