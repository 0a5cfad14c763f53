"""What a mesh must be before it is handed on."""

from __future__ import annotations

import numpy as np

from ..stages import Mesh


def find_defects(mesh: Mesh) -> tuple[str, ...]:
    """What is wrong with a mesh, in words; empty when it is one closed, manifold, outward solid without flat faces."""
    faces = mesh.faces.astype(np.int64)
    count = len(mesh.vertices)
    if len(faces) == 0:
        return ("the mesh has no faces",)
    if faces.min() < 0 or faces.max() >= count:
        return ("a face names a vertex that is not there",)
    defects = []
    if not np.isfinite(mesh.vertices).all():
        defects.append("a vertex is not a number")
    if not _edges_are_paired(faces, count):
        defects.append("the mesh is not closed: an edge does not lie between exactly two faces that turn the same way")
    elif _vertex_fans(faces, count) != len(np.unique(faces)):
        defects.append("a vertex joins sheets that touch only there")
    if len(np.unique(faces)) != count:
        defects.append("a vertex belongs to no face")
    if component_count(faces, count) != 1:
        defects.append("the mesh is in more than one piece")
    area, volume = _areas_and_volume(mesh)
    if (area <= 0).any():
        defects.append("a face has no area")
    if volume <= 0:
        defects.append("the mesh is inside out")
    return tuple(defects)


def component_count(faces: np.ndarray, vertex_count: int) -> int:
    """Number of pieces that hang together by edges; vertices without faces do not count."""
    ends = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]]])
    return len(np.unique(component_labels(ends, vertex_count)[faces[:, 0]]))


def _edges_are_paired(faces: np.ndarray, vertex_count: int) -> bool:
    """Every directed edge occurs once and its opposite too."""
    start, end = faces.ravel(), faces[:, [1, 2, 0]].ravel()
    forward = np.sort(start * vertex_count + end)
    backward = np.sort(end * vertex_count + start)
    once = (forward[1:] != forward[:-1]).all()
    return bool(once and (forward == backward).all() and (start != end).all())


def _vertex_fans(faces: np.ndarray, vertex_count: int) -> int:
    """Number of fans of faces around vertices: as many as vertices where each has only one."""
    corner = np.arange(faces.size).reshape(faces.shape)
    start, end = faces.ravel(), faces[:, [1, 2, 0]].ravel()
    here, after = corner.ravel(), corner[:, [1, 2, 0]].ravel()
    order = np.argsort(start * vertex_count + end)
    mirror = np.argsort(end * vertex_count + start)
    links = np.concatenate(  # the corners on both sides of an edge, at each of its ends
        [np.column_stack([here[order], after[mirror]]), np.column_stack([after[order], here[mirror]])]
    )
    return len(np.unique(component_labels(links, faces.size)))


def component_labels(links: np.ndarray, count: int) -> np.ndarray:
    """Connected components of (N, 2) links: every item gets the smallest index of its component (pointer jumping)."""
    label = np.arange(count)
    a, b = links.T
    while True:
        low = np.minimum(label[a], label[b])
        before = label.copy()
        np.minimum.at(label, before[a], low)
        np.minimum.at(label, before[b], low)
        while True:
            shorter = label[label]
            if (shorter == label).all():
                break
            label = shorter
        if (label == before).all():
            return label


def _areas_and_volume(mesh: Mesh) -> tuple[np.ndarray, float]:
    corners = mesh.vertices.astype(np.float64)[mesh.faces]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    volume = float((corners[:, 0] * cross).sum() / 6)
    return np.linalg.norm(cross, axis=1), volume
