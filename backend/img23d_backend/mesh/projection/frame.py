"""From a mesh's frame into that of a field of the same thing, where the mesh was moved, turned or made elsewhere.

Both cover the same cut-out, each in its own view: that tells two axes. Along the third, which no view tells, the middles are laid on
each other.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...stages import Mesh, View

ToField = Callable[[np.ndarray], np.ndarray]  # (N, 3) to (N, 3)


def into_field(mesh: Mesh, view: View, solid: Mesh, front: View) -> ToField:
    """For places of `mesh` as `view` shows it; `solid` is the field's own surface, of which `front` is an orthographic view along -z."""
    scale, (center_u, center_v) = front.matrix[0, 0], front.matrix[:2, 3]
    away = _away(mesh, view)
    depths = mesh.vertices @ away
    units = _pixels_a_unit(mesh, view) / scale  # of the field for one of the mesh
    low, high = solid.vertices[:, 2].min(), solid.vertices[:, 2].max()
    middle = (depths.min() + depths.max()) / 2

    def moved(points: np.ndarray) -> np.ndarray:
        u, v, _ = view.project(points).T
        z = (low + high) / 2 - units * (points @ away - middle)
        return np.stack(((u - center_u) / scale, (center_v - v) / scale, z), axis=1).astype(np.float32)

    return moved


def _away(mesh: Mesh, view: View) -> np.ndarray:
    """(3,) unit: the direction away from the viewer at the middle of the mesh: along it a place stays on its pixel."""
    rows = _derivative(mesh, view)
    away = np.cross(rows[0], rows[1])
    away = away / max(float(np.linalg.norm(away)), 1e-30)
    middle = mesh.vertices.mean(axis=0).astype(np.float64)
    size = float(np.ptp(mesh.vertices, axis=0).max()) * 1e-3
    near, far = view.project(np.stack((middle, middle + size * away)))[:, 2]
    return away if far > near else -away


def _pixels_a_unit(mesh: Mesh, view: View) -> float:
    """At the middle of the mesh."""
    rows = _derivative(mesh, view)
    return float(np.sqrt(np.linalg.norm(np.cross(rows[0], rows[1]))))


def _derivative(mesh: Mesh, view: View) -> np.ndarray:
    """(2, 3): of the pixel by the place, at the middle of the mesh."""
    x, y, z = mesh.vertices.mean(axis=0).astype(np.float64)
    u, v, _, w = view.matrix @ (x, y, z, 1.0)
    row_u, row_v, _, row_w = view.matrix[:, :3]
    return np.stack((row_u - u / w * row_w, row_v - v / w * row_w)) / w
