"""Move the vertices of a heightfield along its surface until the triangles are even."""

from __future__ import annotations

import numpy as np

from .field import sample, sample_gradient
from .split import move_if_unfolded
from .triangulation import Edges, Heightfield

CORNER_COSINE = 0.94  # a rim vertex that turns by more than 20 degrees is a corner and stays


def relax(heightfield: Heightfield, weight: float = 0.6) -> None:
    """Move each vertex towards the mean of its neighbours within the surface; rim vertices slide along the outline."""
    edges = heightfield.edges
    targets = heightfield.points.copy()
    inner = ~heightfield.rim
    targets[inner] = _onto_surface(heightfield, heightfield.solid_points()[inner] + weight * _tangential_step(heightfield)[inner])
    sliding, along = _rim_step(heightfield, edges)
    targets[sliding] += 0.5 * weight * along
    targets[heightfield.rim] = heightfield.relief.onto_outline(targets[heightfield.rim])
    move_if_unfolded(heightfield, np.arange(len(targets)), targets)
    heightfield.lift()


def _tangential_step(heightfield: Heightfield) -> np.ndarray:
    """(V, 3) steps to the weighted centroid of the neighbouring faces, within the surface."""
    solid = heightfield.solid_points()
    corners = solid[heightfield.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(normal, axis=1)
    weight = area / np.maximum(heightfield.size[heightfield.faces].mean(axis=1), 1e-9) ** 2
    center = corners.mean(axis=1)
    total = np.maximum(_sum_at(heightfield, weight), 1e-12)
    mean = np.column_stack([_sum_at(heightfield, weight * center[:, i]) / total for i in range(3)])
    vertex_normal = np.column_stack([_sum_at(heightfield, normal[:, i]) for i in range(3)])
    vertex_normal /= np.maximum(np.linalg.norm(vertex_normal, axis=1, keepdims=True), 1e-12)
    step = mean - solid
    step -= (step * vertex_normal).sum(axis=1, keepdims=True) * vertex_normal
    return step


def _onto_surface(heightfield: Heightfield, solid: np.ndarray) -> np.ndarray:
    """(N, 2) places of points drawn onto depth² = z², along the gradient: well behaved also where the side is steep."""
    points, z = solid[:, :2].copy(), np.maximum(solid[:, 2], 0.1)
    for _ in range(2):
        value = sample(heightfield.relief.depth_squared, points) - z**2
        gradient = sample_gradient(heightfield.relief.depth_squared, points)
        step = value / np.maximum((gradient**2).sum(axis=1) + 4 * z**2, 1e-6)
        points -= step[:, None] * gradient
        z = np.maximum(z + 2 * step * z, 0.1)
    return points


def _sum_at(heightfield: Heightfield, of_face: np.ndarray) -> np.ndarray:
    return np.bincount(heightfield.faces.ravel(), weights=np.repeat(of_face, 3), minlength=len(heightfield.points))


def _rim_step(heightfield: Heightfield, edges: Edges) -> tuple[np.ndarray, np.ndarray]:
    """Rim vertices that are no corners, and the way to the middle between their rim neighbours."""
    border = edges.ends[edges.right < 0]
    before, after = np.zeros(len(heightfield.points), dtype=np.int64), np.zeros(len(heightfield.points), dtype=np.int64)
    after[border[:, 0]] = border[:, 1]
    before[border[:, 1]] = border[:, 0]
    here = np.flatnonzero(heightfield.rim)
    arriving = heightfield.points[here] - heightfield.points[before[here]]
    leaving = heightfield.points[after[here]] - heightfield.points[here]
    lengths = np.linalg.norm(arriving, axis=1) * np.linalg.norm(leaving, axis=1)
    straight = (arriving * leaving).sum(axis=1) > CORNER_COSINE * lengths
    return here[straight], 0.5 * (leaving - arriving)[straight]
