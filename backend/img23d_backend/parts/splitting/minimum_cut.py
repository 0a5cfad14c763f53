"""The cheapest cut between two sides of a small graph: maximum flow by Dinic's algorithm (1970), in plain Python."""

from __future__ import annotations

import numpy as np

_SOURCE, _SINK = 0, 1
_NOTHING = 1e-12  # of the largest capacity: what is left of an edge that is full


def source_side(pairs: np.ndarray, capacity: np.ndarray, is_source: np.ndarray, is_sink: np.ndarray) -> np.ndarray:
    """(N,) bool: the nodes on the sources' side of the cheapest cut of undirected edges (E, 2) with `capacity` (E,) > 0.

    Of several cheapest ones the one nearest to the sources. Nodes that hang together with neither side are not on it.
    """
    number = np.where(is_source, _SOURCE, np.where(is_sink, _SINK, 0))
    free = np.flatnonzero(~is_source & ~is_sink)
    number[free] = np.arange(len(free)) + 2
    network = _Network(number[pairs], capacity, len(free) + 2)
    network.fill()
    reached = np.array(network.reached())
    return reached[number] & (is_source | ~is_sink)


class _Network:
    """Arcs in pairs: 2 e and 2 e + 1 are an edge there and back, each with what it can still take."""

    def __init__(self, pairs: np.ndarray, capacity: np.ndarray, count: int) -> None:
        plain = pairs[:, 0] != pairs[:, 1]
        pairs, capacity = pairs[plain], capacity[plain]
        self._left: list[float] = np.repeat(capacity, 2).tolist()
        self._end: list[int] = pairs[:, ::-1].ravel().tolist()
        self._least = _NOTHING * float(capacity.max(initial=0.0))
        self._arcs: list[list[int]] = [[] for _ in range(count)]
        for arc, start in enumerate(pairs.ravel().tolist()):
            self._arcs[start].append(arc)

    def fill(self) -> None:
        """Push flow along shortest paths until there is none left."""
        while (depth := self._depths())[_SINK] >= 0:
            following = [0] * len(self._arcs)  # of each node's arcs the first that may lead on
            while path := self._path(depth, following):
                amount = min(self._left[arc] for arc in path)
                for arc in path:
                    self._left[arc] -= amount
                    self._left[arc ^ 1] += amount

    def reached(self) -> list[bool]:
        """Which nodes the source can still reach."""
        return [depth >= 0 for depth in self._depths()]

    def _depths(self) -> list[int]:
        """Steps from the source along arcs that are not full, -1 where there is no way."""
        depth = [-1] * len(self._arcs)
        depth[_SOURCE] = 0
        front = [_SOURCE]
        while front and depth[_SINK] < 0:
            beyond: list[int] = []
            for node in front:
                for arc in self._arcs[node]:
                    end = self._end[arc]
                    if depth[end] < 0 and self._left[arc] > self._least:
                        depth[end] = depth[node] + 1
                        beyond.append(end)
            front = beyond
        return depth

    def _path(self, depth: list[int], following: list[int]) -> list[int]:
        """Arcs from source to sink, each one step deeper; what leads nowhere is not tried again."""
        path: list[int] = []
        node = _SOURCE
        while node != _SINK:
            arcs = self._arcs[node]
            while following[node] < len(arcs):
                arc = arcs[following[node]]
                if self._left[arc] > self._least and depth[self._end[arc]] == depth[node] + 1:
                    path.append(arc)
                    node = self._end[arc]
                    break
                following[node] += 1
            else:
                if not path:
                    return []
                node = self._end[path.pop() ^ 1]
                following[node] += 1
        return path
