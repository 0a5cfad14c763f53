"""Clean-up of a decoded shape: small loose pieces, faces without extent, holes, edges with many faces."""

from __future__ import annotations

import numpy as np

from ...stages import Mesh
from .adjacency import Links, half_edges, pieces
from .repair import is_sound, repaired, without_short_edges

# Pieces with fewer faces than this share of the largest one's are loose, as in hy3dgen's FloaterRemover: a chair's leg
# that the field has parted from its seat stays.
SMALLEST_PIECE = 0.005


def clean(mesh: Mesh, smallest: float = SMALLEST_PIECE) -> Mesh:
    """Without small loose pieces and faces without extent, holes of some dozen edges closed, every edge with two faces.

    A mesh without any of this comes back as it is, and fast.
    """
    vertices, faces = without_short_edges(mesh.vertices, mesh.faces)
    links = half_edges(faces.astype(np.int32, copy=False), len(vertices))
    sound = is_sound(faces, links)
    faces = _without_small_pieces(faces, links, smallest)
    if not sound:
        return repaired(Mesh(vertices=vertices, faces=faces))
    if faces is mesh.faces:
        return mesh
    return without_loose_vertices(vertices, faces)


def _without_small_pieces(faces: np.ndarray, links: Links, smallest: float) -> np.ndarray:
    count, piece = pieces(links)
    if count == 1:
        return faces
    of_face = piece.take(faces[:, 0])
    sizes = np.bincount(of_face, minlength=count)
    kept = sizes >= smallest * sizes.max()
    return faces if kept[sizes > 0].all() else faces[kept.take(of_face)]


def without_loose_vertices(vertices: np.ndarray, faces: np.ndarray) -> Mesh:
    """The mesh of these with no vertex that no face has."""
    used = np.zeros(len(vertices), dtype=bool)
    used[faces] = True
    number = np.cumsum(used, dtype=np.int32) - 1
    return Mesh(vertices=vertices[used], faces=number.take(faces).astype(np.int32))
