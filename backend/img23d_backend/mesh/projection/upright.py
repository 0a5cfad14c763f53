"""A mesh as its viewer stands before it: turned about its upright axis."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...stages import Mesh, View
from ..raster.visibility import directions

_STEEP = 0.9  # cosine to the vertical from which a viewer looks from above or below, and not from a side


def facing_viewer(mesh: Mesh, view: View) -> Mesh:
    """The mesh turned about its upright axis until the picture's viewer stands at +Z; a viewer who looks from above or below
    becomes the front with the picture's own up.
    """
    return replace(mesh, vertices=(mesh.vertices @ axes_before_viewer(mesh, view).T).astype(np.float32))


def axes_before_viewer(mesh: Mesh, view: View) -> np.ndarray:
    """(3, 3) rows: to the right, up and towards the viewer of the mesh so turned."""
    middle = mesh.vertices.mean(axis=0, dtype=np.float64)[None]
    towards = directions(view, middle, view.project(middle))[0]
    up = np.array([0.0, 1.0, 0.0])
    if abs(towards[1]) > _STEEP:
        up = -view.matrix[1, :3] + view.matrix[3, :3] * view.project(middle)[0, 1]  # v grows downwards
        up -= towards * (up @ towards)
    else:
        towards = towards * [1.0, 0.0, 1.0]
    towards, up = towards / np.linalg.norm(towards), up / np.linalg.norm(up)
    return np.stack([np.cross(up, towards), up, towards])
