"""Marching cubes' table (Lorensen and Cline, 1987), made from one rule so that surfaces are closed and manifold.

On a face whose corners alternate, inside corners are always parted. Both cells at the face follow the rule, so their
polygons meet (the original table leaves holes there). A polygon's diagonals never lie in a face of the cell, where the
neighbour could have the same one: no edge gets more than two faces.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from .octree import CORNERS

Triangle = tuple[int, int, int]

# The cell's faces, corners counter-clockwise seen from outside
_FACES = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
_MOST_TRIANGLES = 5


@dataclass(frozen=True, kw_only=True)
class CellTable:
    """`edges` (12, 2) are the corners of the cell's edges, the lower one first, grouped by axis (x, y, z).

    For each of the 256 cases (bit c is set where corner c is inside): the number of triangles `counts` (256,), and
    `triangles` (256, 5, 3) the edges that their corners lie on, counter-clockwise seen from the empty side.
    """

    edges: np.ndarray
    counts: np.ndarray
    triangles: np.ndarray


@cache
def cell_table() -> CellTable:
    edges = [(c, c | bit) for bit in (4, 2, 1) for c in range(8) if not c & bit]
    number = {frozenset(edge): i for i, edge in enumerate(edges)}
    faces_of = [{f for f, face in enumerate(_FACES) if set(edge) <= set(face)} for edge in edges]
    middles = np.array(CORNERS)[np.array(edges)].mean(axis=1)  # (12, 3)
    counts = np.zeros(256, dtype=np.uint8)
    triangles = np.zeros((256, _MOST_TRIANGLES, 3), dtype=np.uint8)
    for case in range(256):
        found = [t for polygon in _polygons(case, number) for t in _best_triangles(polygon, faces_of, middles)]
        counts[case] = len(found)
        triangles[case, : len(found)] = np.reshape(found, (-1, 3))
    return CellTable(edges=np.array(edges), counts=counts, triangles=triangles)


def _polygons(case: int, number: dict[frozenset[int], int]) -> Iterator[list[int]]:
    """The polygons of a case, as the edges they go through."""
    following = dict(pair for face in _FACES for pair in _segments(case, face, number))
    while following:
        polygon = [next(iter(following))]
        while (edge := following.pop(polygon[-1])) != polygon[0]:
            polygon.append(edge)
        yield polygon


def _segments(case: int, face: tuple[int, ...], number: dict[frozenset[int], int]) -> Iterator[tuple[int, int]]:
    """One for each run of inside corners around the face: from the edge that leads into it to the edge that leads out."""
    inside = [bool(case >> corner & 1) for corner in face]
    edge = [number[frozenset((face[i], face[(i + 1) % 4]))] for i in range(4)]
    for i in range(4):
        if inside[i] and not inside[i - 1]:
            last = next(j for j in range(i, i + 4) if not inside[(j + 1) % 4]) % 4
            yield edge[i - 1], edge[last]


def _best_triangles(polygon: list[int], faces_of: list[set[int]], middles: np.ndarray) -> list[Triangle]:
    """The triangulation with the shortest diagonals, all of which run through the cell's interior."""
    sides = {frozenset(pair) for pair in zip(polygon, polygon[1:] + polygon[:1], strict=True)}

    def diagonals(triangles: list[Triangle]) -> set[frozenset[int]]:
        return {frozenset((t[i - 1], t[i])) for t in triangles for i in range(3)} - sides

    def length(triangles: list[Triangle]) -> float:
        return sum(float(np.linalg.norm(middles[a] - middles[b])) for a, b in diagonals(triangles))

    inner = [triangles for triangles in _triangulations(polygon) if not any(faces_of[a] & faces_of[b] for a, b in diagonals(triangles))]
    return min(inner, key=length)


def _triangulations(polygon: list[int]) -> Iterator[list[Triangle]]:
    """All ways to cut a polygon into triangles; none of a side alone is needed."""
    if len(polygon) < 3:
        yield []
        return
    for k in range(1, len(polygon) - 1):  # the third corner of the triangle at the side from the last to the first
        for before in _triangulations(polygon[: k + 1]):
            for after in _triangulations(polygon[k:]):
                yield [*before, *after, (polygon[0], polygon[k], polygon[-1])]
