"""Move the vertices of a sheet along its surface until the triangles are even."""

from __future__ import annotations

import numpy as np

from .field import sample, sample_gradient
from .split import move_if_unfolded
from .triangulation import Edges, Sheet

CORNER_COSINE = 0.94  # a rim vertex that turns by more than 20 degrees is a corner and stays


def relax(sheet: Sheet, weight: float = 0.6) -> None:
    """Move each vertex towards the mean of its neighbours within the surface; rim vertices slide along the outline."""
    edges = sheet.edges
    targets = sheet.points.copy()
    inner = ~sheet.rim
    targets[inner] = _onto_surface(sheet, sheet.solid_points()[inner] + weight * _tangential_step(sheet)[inner])
    sliding, along = _rim_step(sheet, edges)
    targets[sliding] += 0.5 * weight * along
    targets[sheet.rim] = sheet.relief.onto_outline(targets[sheet.rim])
    move_if_unfolded(sheet, np.arange(len(targets)), targets)
    sheet.lift()


def _tangential_step(sheet: Sheet) -> np.ndarray:
    """(V, 3) steps to the weighted centroid of the neighbouring faces, within the surface."""
    solid = sheet.solid_points()
    corners = solid[sheet.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normal, axis=1)
    weight = area / np.maximum(sheet.size[sheet.faces].mean(axis=1), 1e-9) ** 2
    center = corners.mean(axis=1)
    total = np.maximum(_sum_at(sheet, weight), 1e-12)
    mean = np.column_stack([_sum_at(sheet, weight * center[:, i]) / total for i in range(3)])
    vertex_normal = np.column_stack([_sum_at(sheet, normal[:, i]) for i in range(3)])
    vertex_normal /= np.maximum(np.linalg.norm(vertex_normal, axis=1, keepdims=True), 1e-12)
    step = mean - solid
    step -= (step * vertex_normal).sum(axis=1, keepdims=True) * vertex_normal
    return step


def _onto_surface(sheet: Sheet, solid: np.ndarray) -> np.ndarray:
    """(N, 2) places of points drawn onto depth² = z², along the gradient: well behaved also where the side is steep."""
    points, z = solid[:, :2].copy(), np.maximum(solid[:, 2], 0.1)
    for _ in range(2):
        value = sample(sheet.relief.depth_squared, points) - z**2
        gradient = sample_gradient(sheet.relief.depth_squared, points)
        step = value / np.maximum((gradient**2).sum(axis=1) + 4 * z**2, 1e-6)
        points -= step[:, None] * gradient
        z = np.maximum(z + 2 * step * z, 0.1)
    return points


def _sum_at(sheet: Sheet, of_face: np.ndarray) -> np.ndarray:
    return np.bincount(sheet.faces.ravel(), weights=np.repeat(of_face, 3), minlength=len(sheet.points))


def _rim_step(sheet: Sheet, edges: Edges) -> tuple[np.ndarray, np.ndarray]:
    """Rim vertices that are no corners, and the way to the middle between their rim neighbours."""
    border = edges.ends[edges.right < 0]
    before, after = np.zeros(len(sheet.points), dtype=np.int64), np.zeros(len(sheet.points), dtype=np.int64)
    after[border[:, 0]] = border[:, 1]
    before[border[:, 1]] = border[:, 0]
    here = np.flatnonzero(sheet.rim)
    arriving = sheet.points[here] - sheet.points[before[here]]
    leaving = sheet.points[after[here]] - sheet.points[here]
    lengths = np.linalg.norm(arriving, axis=1) * np.linalg.norm(leaving, axis=1)
    straight = (arriving * leaving).sum(axis=1) > CORNER_COSINE * lengths
    return here[straight], 0.5 * (leaving - arriving)[straight]
