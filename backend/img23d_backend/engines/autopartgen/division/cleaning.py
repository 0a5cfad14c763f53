"""What a decoded part is relieved of: faces beyond what was asked for, and specks."""

from __future__ import annotations

import numpy as np

from ....mesh.topology.adjacency import half_edges, pieces
from ....mesh.topology.cleanup import without_loose_vertices
from ....mesh.topology.normals import area_vectors
from ....mesh.topology.simplify import simplify
from ....stages import Mesh

SMALLEST = 0.01  # of a part's area


def cleaned(mesh: Mesh, faces: int) -> Mesh:
    """At most `faces` triangles, 0 for all of them, without pieces of under a hundredth of the area. Never empty."""
    return without_specks(simplify(mesh, faces))


def without_specks(mesh: Mesh) -> Mesh:
    """Thin shreds have many triangles and little area, so that the area tells them apart and not the number of faces."""
    count, piece = pieces(half_edges(mesh.faces, len(mesh.vertices)))
    own = piece.take(mesh.faces[:, 0])
    areas = np.bincount(own, weights=np.linalg.norm(area_vectors(mesh.vertices, mesh.faces), axis=1), minlength=count)
    kept = (areas >= SMALLEST * areas.sum())[own]
    if kept.all() or not kept.any():
        return mesh
    return without_loose_vertices(mesh.vertices, mesh.faces[kept])
