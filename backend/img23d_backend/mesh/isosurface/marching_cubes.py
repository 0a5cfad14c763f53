"""The surface of a sparse field as triangles: marching cubes, vectorised over the cells.

A vertex lies on a grid edge, where the field interpolated along it is 0, and is made by the one cell whose lower corner
the edge begins at; the others look it up there.
"""

from __future__ import annotations

import numpy as np

from img23d_protocol import ErrorCode, Img23DError

from ...stages import Mesh
from .cell_table import cell_table
from .octree import CORNERS, SparseField

# Of an edge: vertices keep away from its ends, so that no two of them coincide and no face is without area
_FROM_END = 0.001
_AXES = (4, 2, 1)  # the corners next to corner 0 along x, y, z


def extract_surface(field: SparseField) -> Mesh:
    """A closed, manifold mesh (one piece or several), counter-clockwise seen from where the field is negative.

    Every edge of it has two faces, every vertex one fan of faces, every face an area. Raises Img23DError(NO_SURFACE).
    """
    if len(field.cells) == 0:
        raise Img23DError(
            ErrorCode.NO_SURFACE,
            "The shape model found no surface in this picture: try another seed, or a higher octree resolution.",
        )
    inside = field.values > 0  # (8, N)
    vertices, made = _vertices(field, inside)
    return Mesh(vertices=vertices, faces=_faces(field, inside, made))


def _vertices(field: SparseField, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(V, 3) float32 positions, and (3, N) int32: the vertex on the edge from a cell's corner 0 along each axis."""
    crossed = np.stack([inside[0] != inside[corner] for corner in _AXES])
    made = np.cumsum(crossed.T, dtype=np.int32).reshape(-1, 3).T - 1  # a cell's next to each other: neighbours stay near
    grid = np.empty((int(made[-1, -1]) + 1, 3))
    for axis, corner in enumerate(_AXES):
        own = np.flatnonzero(crossed[axis])
        here, there = field.values[0].take(own), field.values[corner].take(own)
        at = field.cells[own].astype(np.float64)
        at[:, axis] += np.clip(here / (here - there), _FROM_END, 1 - _FROM_END)
        grid[made[axis].take(own)] = at
    cell = (field.high - field.low) / field.resolution
    return (grid * cell + field.low).astype(np.float32), made


def _faces(field: SparseField, inside: np.ndarray, made: np.ndarray) -> np.ndarray:
    """(F, 3) int32. Each cell looks up the vertices of its 12 edges, then copies its case's triangles."""
    table = cell_table()
    makers = _cells_above(field)
    vertex = np.stack([made[edge // 4].take(makers[lower]) for edge, (lower, _) in enumerate(table.edges)])  # (12, N)
    case = np.zeros(inside.shape[1], dtype=np.uint8)
    for corner, is_inside in enumerate(inside):
        case |= is_inside.astype(np.uint8) << np.uint8(corner)
    counts = table.counts.take(case)
    begin = np.cumsum(counts, dtype=np.int64) - counts
    faces = np.empty((int(counts.sum(dtype=np.int64)), 3), dtype=np.int32)
    for slot in range(int(counts.max())):
        own = np.flatnonzero(counts > slot)
        edges = table.triangles[:, slot].take(case.take(own), axis=0)  # (M, 3)
        faces[begin.take(own) + slot] = vertex.ravel().take(edges.astype(np.int64) * vertex.shape[1] + own[:, None])
    return faces


def _cells_above(field: SparseField) -> np.ndarray:
    """(8, N): the number of the cell that each corner is the lower corner of.

    Where there is none, any number: no edge that begins there is crossed, or the cell would be in the field.
    """
    side = field.resolution + 3
    x, y, z = field.cells.T.astype(np.int64)
    keys = (x * side + y) * side + z  # ascending, as the cells are
    found = [np.searchsorted(keys, keys + ((a * side + b) * side + c)) for a, b, c in CORNERS]
    return np.minimum(np.stack(found), len(keys) - 1)
