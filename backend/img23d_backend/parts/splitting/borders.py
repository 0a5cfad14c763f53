"""Borders between pieces, moved to where they are cheapest: a maximum flow in a band along each of them."""

from __future__ import annotations

import numpy as np

from ...mesh.topology.connected import connected
from .dual_graph import DualGraph
from .minimum_cut import source_side

_ROUNDS = 3  # of giving pieces away, whose neighbours may go as well


def refined(graph: DualGraph, label: np.ndarray, hops: int) -> np.ndarray:
    """(N,) the labels with each border moved within `hops` nodes of where it was. None falls apart."""
    near = _band(graph.pairs, label, hops)
    edges = np.flatnonzero(near[graph.pairs].all(axis=1))
    pairs, weight = graph.pairs[edges], graph.weight[edges]
    out = label.copy()
    for one, other in _neighbours(graph.pairs, label):
        _refine(pairs, weight, out, one, other, hops)
    return whole(graph, out)


def whole(graph: DualGraph, label: np.ndarray, least: float = 0.0) -> np.ndarray:
    """(N,) each label in one piece, none with less area than `least`: the others go to the neighbour with the longest border."""
    out = label.copy()
    for _ in range(_ROUNDS):
        a, b = graph.pairs.T
        piece = connected(len(graph), graph.pairs[out[a] == out[b]])
        area = np.bincount(piece, graph.area)
        of_piece = np.zeros(len(area), dtype=out.dtype)
        of_piece[piece] = out
        largest = np.full(int(out.max()) + 1, -1)
        order = np.argsort(area, kind="stable")
        largest[of_piece[order]] = order  # the last one written is the largest
        stray = (largest[of_piece] != np.arange(len(area))) | (area < least)
        if not stray.any():
            break
        out = _given_away(graph, out, piece, stray)
    return out


def _given_away(graph: DualGraph, label: np.ndarray, piece: np.ndarray, stray: np.ndarray) -> np.ndarray:
    ends = np.concatenate([graph.pairs, graph.pairs[:, ::-1]])
    length = np.tile(graph.length, 2)
    kept = stray[piece[ends[:, 0]]] & (label[ends[:, 0]] != label[ends[:, 1]]) & ~stray[piece[ends[:, 1]]]
    ends, length = ends[kept], length[kept]
    count = int(label.max()) + 1
    keys, number = np.unique(piece[ends[:, 0]] * count + label[ends[:, 1]], return_inverse=True)
    total = np.bincount(number.reshape(-1), length, len(keys))
    order = np.argsort(total, kind="stable")
    target = np.full(len(stray), -1)
    target[keys[order] // count] = keys[order] % count
    goes = stray[piece] & (target[piece] >= 0)
    return np.where(goes, target[piece], label)


def _band(pairs: np.ndarray, label: np.ndarray, hops: int) -> np.ndarray:
    """(N,) bool: nodes that are so near to another label, and one step more."""
    near = np.zeros(len(label), dtype=bool)
    near[pairs[label[pairs[:, 0]] != label[pairs[:, 1]]]] = True
    for _ in range(hops):
        reach = near[pairs].any(axis=1)
        near[pairs[reach]] = True
    return near


def _neighbours(pairs: np.ndarray, label: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of labels that touch, ascending."""
    ends = np.sort(label[pairs], axis=1)
    ends = np.unique(ends[ends[:, 0] != ends[:, 1]], axis=0)
    return [(int(one), int(other)) for one, other in ends]


def _refine(pairs: np.ndarray, weight: np.ndarray, label: np.ndarray, one: int, other: int, hops: int) -> None:
    """The cheapest border between two labels, in place."""
    ends = label[pairs]
    own = np.flatnonzero(((ends == one) | (ends == other)).all(axis=1))
    nodes, local = np.unique(pairs[own], return_inverse=True)
    local = local.reshape(-1, 2)
    side = label[nodes] == one
    depth = _depths(local, side, hops)
    kept = [min(hops, (int(depth[mask].max(initial=0)) + 1) // 2) for mask in (side, ~side)]  # the inner half of a small one does not change sides
    if min(kept) < 1:
        return
    is_source, is_sink = side & (depth >= kept[0]), ~side & (depth >= kept[1])
    first = source_side(local, weight[own], is_source, is_sink)
    label[nodes] = np.where(first, one, other)


def _depths(pairs: np.ndarray, side: np.ndarray, hops: int) -> np.ndarray:
    """(N,) steps from the border, 0 beside it; `hops` is the most."""
    depth = np.full(len(side), hops)
    depth[pairs[side[pairs[:, 0]] != side[pairs[:, 1]]]] = 0
    for step in range(1, hops):
        reach = (depth[pairs] == step - 1).any(axis=1)
        found = pairs[reach].ravel()
        found = found[depth[found] == hops]
        depth[found] = step
    return depth
