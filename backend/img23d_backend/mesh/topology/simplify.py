"""Fewer faces: collapsing edges by quadric errors (Garland and Heckbert, 1997), with fast-simplification.

A mesh far denser than the target is first merged by small blocks (vertex_clustering.py). The library collapses in rounds, each up to
a larger error, which is fast and now and then lets a surface touch itself; what it leaves is made manifold again.
"""

from __future__ import annotations

import numpy as np

from ...stages import Mesh
from .repair import repaired
from .vertex_clustering import merged

# How fast the allowed error grows from round to round, for a mesh two units long. The library's own 7 is no faster and
# ends up to four times as far from the surface; where so careful a growth does not reach the target, the next goes on.
_GROWTH = (4.0, 5.0, 7.0, 10.0)
# Blocks of so many edge lengths leave a fifth of the faces. Below so many times the target, or so many faces in all, the
# edges are collapsed from the beginning: the shape gains and the time is short.
_BLOCK, _DENSE, _MANY = 2.25, 20, 200_000
_EACH = 7  # of the faces is looked at for the length of an edge
_ROOM = 0.999  # of the target is what the library gets; parting sheets takes some faces
_ROUNDS = 60  # of going on where slivers are in the library's way


def simplify(mesh: Mesh, faces: int) -> Mesh:
    """At most `faces` triangles where the shape allows it; a closed mesh stays closed and becomes manifold.

    0, or as many as there are, leaves the mesh untouched.
    """
    if faces == 0 or len(mesh.faces) <= faces:
        return mesh
    best = _coarser(mesh, faces)
    for _ in range(_ROUNDS):
        reduced = repaired(_reduced(best, int(faces * _ROOM)))
        over = len(reduced.faces) - faces
        if over > 0:  # parting sheets took more than there was room for, or slivers were in the library's way
            reduced = repaired(_without_shortest_edges(reduced, min(over // 2 + 1, len(reduced.faces) // 40 + 1)))
        if len(reduced.faces) == 0:
            break
        best = reduced
        if len(best.faces) <= faces:
            break
    return best


def _coarser(mesh: Mesh, faces: int) -> Mesh:
    """A dense mesh merged to a few times the target, which takes a fraction of the time that collapsing its edges does."""
    if len(mesh.faces) < max(_DENSE * faces, _MANY):
        return mesh
    start, end = (mesh.vertices.take(column[::_EACH], axis=0) for column in mesh.faces.T[:2])
    return merged(mesh, _BLOCK * float(np.linalg.norm(end - start, axis=1).mean()))


def _reduced(mesh: Mesh, wanted: int) -> Mesh:
    import fast_simplification

    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    middle, half = (low + high) / 2, max(float((high - low).max()) / 2, 1e-30)
    vertices, faces = (mesh.vertices.astype(np.float64) - middle) / half, mesh.faces
    for growth in _GROWTH:
        if len(faces) > wanted:
            vertices, faces = fast_simplification.simplify(vertices, faces, target_count=wanted, agg=growth)
    return Mesh(vertices=(vertices * half + middle).astype(np.float32), faces=faces.astype(np.int32))


def _without_shortest_edges(mesh: Mesh, count: int) -> Mesh:
    """`count` edges, or as many as share no vertex, shrunk to their middles, whatever becomes of the surface there."""
    start, end = mesh.faces.ravel(), mesh.faces[:, [1, 2, 0]].ravel()
    once = start < end
    start, end = start[once], end[once]
    order = np.argsort(np.linalg.norm(mesh.vertices[start] - mesh.vertices[end], axis=1), kind="stable")
    vertices, into = mesh.vertices.copy(), np.arange(len(mesh.vertices), dtype=np.int32)
    taken: set[int] = set()
    for a, b in zip(start[order].tolist(), end[order].tolist(), strict=True):
        if len(taken) >= 2 * count:
            break
        if a not in taken and b not in taken:
            taken |= {a, b}
            into[b] = a
            vertices[a] = (vertices[a] + vertices[b]) / 2
    return Mesh(vertices=vertices, faces=into[mesh.faces])
