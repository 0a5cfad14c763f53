"""Dual marching cubes' cases (Nielson, 2004), made from one rule: which cut edges of a cube share a vertex.

Corner i lies at (i & 1, i >> 1 & 1, i >> 2 & 1); a case has bit i set where corner i is inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

# The corners of each edge, in the order in which their values are read: edges along y go down, so that quads wind the same way round
EDGES = ((0, 1), (1, 5), (4, 5), (0, 4), (2, 3), (3, 7), (6, 7), (2, 6), (2, 0), (3, 1), (7, 5), (6, 4))
CORNERS = tuple((i & 1, i >> 1 & 1, i >> 2 & 1) for i in range(8))
_FACES = tuple((axis, side) for axis in range(3) for side in (0, 1))
_MANY = 5  # inside corners, from which a case with one ambiguous face may hide a tunnel


@dataclass(frozen=True, kw_only=True)
class CaseTables:
    """`vertex_of` (256, 12) int8: the vertex of each edge among its cube's, -1 where the edge is not cut; `counts` (256,) of vertices.

    `is_ambiguous` (256,): two cubes that are both and share the face that `towards` (256, 3) points to would meet there in edges of
    four faces; both become the opposite case instead, 255 less the own.
    """

    vertex_of: np.ndarray
    counts: np.ndarray
    is_ambiguous: np.ndarray
    towards: np.ndarray


@cache
def case_tables() -> CaseTables:
    vertex_of = np.full((256, len(EDGES)), -1, dtype=np.int8)
    is_ambiguous = np.zeros(256, dtype=bool)
    towards = np.zeros((256, 3), dtype=np.int8)
    for case in range(256):
        for number, edges in enumerate(edge_groups(case)):
            vertex_of[case, sorted(edges)] = number
        faces = [face for face in _FACES if len(_cut(case, face)) == 4]
        if len(faces) == 1 and case.bit_count() >= _MANY:
            axis, side = faces[0]
            is_ambiguous[case] = True
            towards[case, axis] = 2 * side - 1
    counts = vertex_of.max(axis=1) + 1
    return CaseTables(vertex_of=vertex_of, counts=counts, is_ambiguous=is_ambiguous, towards=towards)


def edge_groups(case: int) -> list[set[int]]:
    """The edges of each vertex, by the smallest edge: edges that one line of the surface joins over a face.

    On a face with four cut edges the lines part the inside corners: each joins the two edges at one of those.
    """
    groups: list[set[int]] = [{edge} for edge in range(len(EDGES)) if _is_cut(case, edge)]
    for face in _FACES:
        cut = _cut(case, face)
        lines = [cut] if len(cut) == 2 else [[e for e in cut if corner in EDGES[e]] for corner in range(8) if case >> corner & 1]
        for line in lines:
            joined = [group for group in groups if group & set(line)]
            groups = [group for group in groups if group not in joined] + ([set().union(*joined)] if joined else [])
    return sorted(groups, key=min)


def _is_cut(case: int, edge: int) -> bool:
    first, second = EDGES[edge]
    return (case >> first & 1) != (case >> second & 1)


def _cut(case: int, face: tuple[int, int]) -> list[int]:
    axis, side = face
    return [edge for edge, ends in enumerate(EDGES) if all(CORNERS[c][axis] == side for c in ends) and _is_cut(case, edge)]
