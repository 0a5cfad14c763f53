"""Normals and welding: what several steps need to know about a mesh's surface."""

from __future__ import annotations

import numpy as np

from .sorting import numbered

_WELD_STEPS = 2**20  # vertices closer than a millionth of the mesh's extent are one point


def weld(vertices: np.ndarray) -> tuple[np.ndarray, int]:
    """(V,) int64 numbers that vertices in the same place share, and how many places there are."""
    low = np.array([column.min() for column in vertices.T], dtype=np.float64)  # NumPy is slow along short axes
    extent = max(float(column.max()) - low[axis] for axis, column in enumerate(vertices.T)) or 1.0
    scale = (_WELD_STEPS - 1) / extent
    x, y, z = (np.rint((column - low[axis]) * scale).astype(np.int64) for axis, column in enumerate(vertices.T))
    first, place = numbered((x * _WELD_STEPS + y) * _WELD_STEPS + z)
    return place, len(first)


def area_vectors(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(F, 3) float64 normals of the faces, as long as twice their area."""
    columns = [np.ascontiguousarray(axis) for axis in vertices.T.astype(np.float64)]  # NumPy is slow along short axes
    a, b, c = ([column.take(corner) for column in columns] for corner in faces.T)
    (bx, by, bz), (cx, cy, cz) = ([end - start for end, start in zip(ends, a, strict=True)] for ends in (b, c))
    return np.stack([by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx], axis=1)


def vertex_normals(vertices: np.ndarray, faces: np.ndarray, place: np.ndarray | None = None) -> np.ndarray:
    """(V, 3) float64 unit normals, the mean of the faces' weighted by their angle at the vertex (Thürmer, Wüthrich 1998).

    `place` (V,) from `weld` makes vertices in the same place share their normal. A vertex without a face gets +z.
    """
    place = np.arange(len(vertices)) if place is None else place
    normal = unit(area_vectors(vertices, faces))
    angles = _corner_angles(vertices, faces)
    summed = np.empty((len(vertices), 3))
    owner = place[faces].ravel()
    for axis in range(3):
        weighted = (normal[:, axis, None] * angles).ravel()
        summed[:, axis] = np.bincount(owner, weights=weighted, minlength=len(vertices))
    normals = unit(summed[place])
    normals[~normals.any(axis=1)] = (0.0, 0.0, 1.0)
    return normals


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors scaled to length one; those without length stay zero."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 0.0, length, 1.0)


def _corner_angles(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(F, 3) radians."""
    corners = vertices[faces].astype(np.float64)
    edges = unit(np.roll(corners, -1, axis=1) - corners)  # (F, 3, 3) from corner i to i + 1
    cosines = -np.einsum("fij,fij->fi", edges, np.roll(edges, 1, axis=1))
    return np.arccos(np.clip(cosines, -1.0, 1.0))
