"""Checks of a mesh before it is handed on."""

from __future__ import annotations

import numpy as np

from ...stages import Mesh
from .sorting import sorted_with_order


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
    paired = _mirrors(faces, count)
    used = int(np.count_nonzero(np.bincount(faces.ravel(), minlength=count)))
    if paired is None:
        defects.append("the mesh is not closed: an edge does not lie between exactly two faces that turn the same way")
    elif _vertex_fans(faces, *paired) != used:
        defects.append("a vertex joins sheets that touch only there")
    if used != count:
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


def _mirrors(faces: np.ndarray, vertex_count: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Half edges (numbered as their first corners) and their opposites; None unless each has exactly one."""
    start, end = faces.ravel(), faces[:, [1, 2, 0]].ravel()
    forward, order = sorted_with_order(start * vertex_count + end)
    backward, mirror = sorted_with_order(end * vertex_count + start)
    once = (forward[1:] != forward[:-1]).all()
    if once and np.array_equal(forward, backward) and (start != end).all():
        return order, mirror
    return None


def _vertex_fans(faces: np.ndarray, order: np.ndarray, mirror: np.ndarray) -> int:
    """Number of fans of faces around vertices: as many as vertices where each has only one."""
    corner = np.arange(faces.size).reshape(faces.shape)
    here, after = corner.ravel(), corner[:, [1, 2, 0]].ravel()
    links = np.column_stack([here[order], after[mirror]])  # the corners on both sides of an edge, at its start
    label = component_labels(links, faces.size)
    return int(np.count_nonzero(label == np.arange(faces.size)))


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
