"""What a decoded shape may bring along that no artist wants: crumbs, faces without extent, holes, edges with many faces."""

from __future__ import annotations

import numpy as np

from ..stages import Mesh
from .repair import is_sound, repaired, sorted_half_edges, without_short_edges

# Pieces with fewer faces than this share of the largest one's are crumbs, as in hy3dgen's FloaterRemover: a chair's leg
# that the field has parted from its seat stays.
SMALLEST_PIECE = 0.005


def clean(mesh: Mesh) -> Mesh:
    """Without crumbs and faces without extent, holes of some dozen edges closed, every edge with two faces.

    A mesh without any of this comes back as it is, and fast.
    """
    vertices, faces = without_short_edges(mesh.vertices, mesh.faces)
    half_edges = sorted_half_edges(faces, faces[:, [1, 2, 0]])
    sound = is_sound(faces, half_edges)
    faces = _without_crumbs(faces, half_edges, len(vertices))
    if not sound:
        return repaired(Mesh(vertices=vertices, faces=faces))
    if faces is mesh.faces:
        return mesh
    return _without_loose_vertices(vertices, faces)


def _without_crumbs(faces: np.ndarray, half_edges: np.ndarray, vertex_count: int) -> np.ndarray:
    """The half edges of a face lead around it: its vertices are strongly connected, which is the fastest to find out."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    rows = np.zeros(vertex_count + 1, dtype=np.int32)
    np.cumsum(np.bincount(faces.ravel(), minlength=vertex_count), out=rows[1:])
    ends = half_edges.astype(np.int32)  # the lower half
    links = csr_array((np.ones(len(ends)), ends, rows), shape=(vertex_count, vertex_count))
    count, piece = connected_components(links, directed=True, connection="strong")
    if count == 1:
        return faces
    of_face = piece.take(faces[:, 0])
    sizes = np.bincount(of_face, minlength=count)
    kept = sizes >= SMALLEST_PIECE * sizes.max()
    return faces if kept[sizes > 0].all() else faces[kept.take(of_face)]


def _without_loose_vertices(vertices: np.ndarray, faces: np.ndarray) -> Mesh:
    used = np.zeros(len(vertices), dtype=bool)
    used[faces] = True
    number = np.cumsum(used, dtype=np.int32) - 1
    return Mesh(vertices=vertices[used], faces=number.take(faces).astype(np.int32))
