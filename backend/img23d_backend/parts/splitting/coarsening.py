"""A graph of many faces made smaller step by step: neighbours that hang together most become one node.

Local maximum matching (Birn, Osipov, Sanders et al., Efficient Parallel and External Matching, 2013) by the rating
expansion*2 of KaFFPa (Sanders and Schulz, 2011), which keeps nodes round and does not cross what is cheap to cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .dual_graph import DualGraph

_ROUNDS = 4  # of matching a level
_LARGEST = 4.0  # times the mean area at the size that is wanted: a node grows no larger
_LEAST = 0.95  # of the nodes are left by a level that is worth it


@dataclass(frozen=True, kw_only=True)
class Level:
    """`group` (N,) is the node of this level that each one of the finer level lies in; of the finest one, the node itself."""

    graph: DualGraph
    group: np.ndarray


def levels(graph: DualGraph, size: int) -> list[Level]:
    """From the graph itself down to about `size` nodes, or to as few as there is anything to match."""
    found = [Level(graph=graph, group=np.arange(len(graph)))]
    limit = _LARGEST * float(graph.area.sum()) / max(size, 1)
    while len(found[-1].graph) > size:
        finer = found[-1].graph
        group, count = _matched(finer, limit)
        if count > _LEAST * len(finer):
            break
        found.append(Level(graph=finer.merged(group, count).weighed(), group=group))
    return found


def _matched(graph: DualGraph, limit: float) -> tuple[np.ndarray, int]:
    """Pairs that are each other's best, in some rounds: (N,) groups and how many there are."""
    count = len(graph)
    a, b = graph.pairs.T
    least = float(graph.area.sum()) / count * 1e-3 or 1.0  # faces without area are matched first
    rating = graph.weight**2 / ((graph.area[a] + least) * (graph.area[b] + least))
    order = np.argsort(-rating, kind="stable")
    order = order[(graph.area[a] + graph.area[b])[order] <= limit]
    partner = np.arange(count)
    for _ in range(_ROUNDS):
        if len(order) == 0:
            break
        rank = np.arange(len(order))
        best = np.full(count, len(order))
        np.minimum.at(best, a[order], rank)
        np.minimum.at(best, b[order], rank)
        chosen = order[(best[a[order]] == rank) & (best[b[order]] == rank)]
        partner[a[chosen]], partner[b[chosen]] = b[chosen], a[chosen]
        free = partner == np.arange(count)
        order = order[free[a[order]] & free[b[order]]]
    leader = np.minimum(np.arange(count), partner)
    is_leader = leader == np.arange(count)
    number = np.cumsum(is_leader) - 1
    return number[leader], int(is_leader.sum())
