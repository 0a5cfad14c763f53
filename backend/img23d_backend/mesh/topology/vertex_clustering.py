"""A dense mesh made several times coarser in one go: the vertices within a small block of space become one.

What becomes one vertex is connected and without holes on the surface, and no two vertices of the coarser mesh are joined
by two edges: the coarser surface has the pieces, holes and handles of the first one (R. L. Moore's theorem on
decompositions of surfaces). Where a thin part or two sheets close together would not come out so, the vertices stay.
"""

from __future__ import annotations

import numpy as np

from ...stages import Mesh
from .adjacency import grouped, half_edges, pieces

_ROUNDS = 6  # of leaving alone what comes out wrong


def merged(mesh: Mesh, side: float) -> Mesh:
    """The vertices within each cube of this side merged to their middle; the mesh itself where that cannot be done.

    An open border stays open; like everything else it moves by less than a block. Edges must not have more than two faces.
    """
    corners = [np.ascontiguousarray(column) for column in mesh.faces.T]
    label, wrong = _groups(mesh.vertices, corners, side)
    for _ in range(_ROUNDS):
        label = _alone(label, wrong)
        group = [label.take(corner) for corner in corners]
        kept = np.flatnonzero((group[0] != group[1]) & (group[1] != group[2]) & (group[2] != group[0]))
        faces = np.stack([column.take(kept) for column in group], axis=1)
        vertices = _middles(mesh.vertices, label)
        at_fault = np.concatenate([half_edges(faces, len(vertices)).twice.ravel(), _turned(mesh, kept, vertices, faces)])
        if len(at_fault) == 0:
            return Mesh(vertices=vertices, faces=faces)
        wrong = np.zeros(len(vertices), dtype=bool)
        wrong[at_fault] = True
    return mesh


def _groups(vertices: np.ndarray, corners: list[np.ndarray], side: float) -> tuple[np.ndarray, np.ndarray]:
    """(V,) number of the connected group of each vertex, and (G,) whether the faces within it are no disk.

    A disk has one vertex more than edges less faces (Euler); an edge between two faces is here twice, as two half edges.
    """
    block = _blocks(vertices, side)
    at = [block.take(corner) for corner in corners]
    same = [at[i] == at[(i + 1) % 3] for i in range(3)]
    start = np.concatenate([corners[i][same[i]] for i in range(3)])
    end = np.concatenate([corners[(i + 1) % 3][same[i]] for i in range(3)])
    count, label = pieces(grouped(start, end, len(vertices)))
    within = corners[0][same[0] & same[1]]
    vertex, edge, face = (np.bincount(numbers, minlength=count) for numbers in (label, label.take(start), label.take(within)))
    return label, 2 * vertex - edge + 2 * face != 2


def _blocks(vertices: np.ndarray, side: float) -> np.ndarray:
    """(V,) int64 number of the cube that each vertex is in."""
    columns = [np.floor((column - column.min()) / np.float32(side)).astype(np.int64) for column in vertices.T]
    _, high, far = (int(column.max()) + 1 for column in columns)
    return (columns[0] * high + columns[1]) * far + columns[2]


def _alone(label: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """The groups numbered anew, each vertex of a wrong one a group of its own."""
    number = np.cumsum(~wrong, dtype=np.int32) - 1
    out = number.take(label)
    single = np.flatnonzero(wrong.take(label))
    out[single] = np.arange(len(single), dtype=np.int32) + np.count_nonzero(~wrong)
    return out


def _middles(vertices: np.ndarray, label: np.ndarray) -> np.ndarray:
    size = np.bincount(label)
    return np.stack([np.bincount(label, weights=column) / size for column in vertices.T], axis=1).astype(np.float32)


def _turned(mesh: Mesh, kept: np.ndarray, vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Corners of the faces that are turned over or without area, against those they were."""
    before = _normals(mesh.vertices, mesh.faces.take(kept, axis=0))
    after = _normals(vertices, faces)
    moved = np.flatnonzero(sum(a * b for a, b in zip(before, after, strict=True)) <= 0)
    return faces[moved].ravel()


def _normals(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each face's x, y and z, twice its area long."""
    columns = [np.ascontiguousarray(column) for column in vertices.T]
    a, b, c = ([column.take(corner) for column in columns] for corner in faces.T)
    (ux, uy, uz), (vx, vy, vz) = ([q - p for p, q in zip(a, other, strict=True)] for other in (b, c))
    return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
