"""Links from vertex to vertex by where they begin: much faster than sorting them, as SciPy only counts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

_MANY = 64  # links of one vertex above which comparing each two is slower than sorting


@dataclass(frozen=True, kw_only=True)
class Links:
    """Those that begin at vertex i lead to ends[rows[i]:rows[i + 1]]."""

    rows: np.ndarray  # (V + 1,) int32
    ends: np.ndarray  # (N,) int32

    @cached_property
    def twice(self) -> np.ndarray:
        """(M, 2) start and end of links that occur again; none where each occurs once."""
        sizes = np.diff(self.rows)
        keys = np.repeat(np.arange(len(sizes), dtype=np.int64) << 32, sizes)
        keys |= self.ends
        most = int(sizes.max(initial=0))
        if most > _MANY:
            keys.sort()
            most = 2
        found = [keys[apart:][keys[apart:] == keys[:-apart]] for apart in range(1, most)]
        again = np.concatenate(found) if found else keys[:0]
        return np.stack([again >> 32, again & 0xFFFFFFFF], axis=1)


def grouped(start: np.ndarray, end: np.ndarray, count: int) -> Links:
    """(N,) int32 each, of `count` vertices. Twice the same link stays twice."""
    from scipy.sparse import csr_array

    one_each = np.arange(len(start) + 1, dtype=np.int32)
    columns = csr_array((end, start, one_each), shape=(len(start), count)).tocsc()
    return Links(rows=columns.indptr, ends=columns.data)


def half_edges(faces: np.ndarray, count: int) -> Links:
    """(F, 3) int32: each corner with the next one of its face."""
    return grouped(faces.ravel(), faces[:, [1, 2, 0]].ravel(), count)


def pieces(links: Links) -> tuple[int, np.ndarray]:
    """How many there are and the number (V,) int32 of each vertex's: those that lead to each other in both directions.

    Half edges lead around their face, so whatever hangs together by faces does; this is faster than looking both ways.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    count = len(links.rows) - 1
    graph = csr_array((np.ones(len(links.ends)), links.ends, links.rows), shape=(count, count))
    if len(links.twice):  # which SciPy's search gets wrong unless they stand next to each other
        graph = graph.copy()
        graph.sum_duplicates()
    return connected_components(graph, directed=True, connection="strong")
