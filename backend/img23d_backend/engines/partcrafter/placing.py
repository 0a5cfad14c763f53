"""Where the parts of a picture's thing belong on a mesh of the same thing.

The parts lie in a cube of their own, upright and facing the picture's viewer, in about the proportions that the picture shows, and no number tells
which of the cube's units is how much of the mesh's. So they are turned about the vertical until they face the mesh's viewer, where the view is
known in which the picture shows the mesh (without one they face along z, as a mesh does that was made of the picture), and then the box around all of
them is laid into the mesh's box: centre on centre, by the largest scale, the same in all directions, with which no part reaches out of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...stages import Mesh, View

_THIN = 1e-6  # of the longest side: a box's side that says nothing of the scale


@dataclass(frozen=True, kw_only=True)
class Place:
    """A turn (3, 3), then a scale and a way (3,)."""

    turn: np.ndarray
    scale: float
    way: np.ndarray

    def put(self, mesh: Mesh) -> Mesh:
        return replace(mesh, vertices=((mesh.vertices.astype(np.float64) @ self.turn.T) * self.scale + self.way).astype(np.float32))


def place_on(parts: Sequence[Mesh], mesh: Mesh, view: View | None) -> Place:
    """Of parts that lie together on the mesh that shows the same."""
    turn = np.eye(3) if view is None else facing(view, mesh)
    points = np.concatenate([part.vertices for part in parts]).astype(np.float64) @ turn.T
    low, high = points.min(axis=0), points.max(axis=0)
    own = mesh.vertices[mesh.faces.ravel()].astype(np.float64)
    mesh_low, mesh_high = own.min(axis=0), own.max(axis=0)
    scale = _scale(high - low, mesh_high - mesh_low)
    return Place(turn=turn, scale=scale, way=(mesh_low + mesh_high) / 2 - scale * (low + high) / 2)


def facing(view: View, mesh: Mesh) -> np.ndarray:
    """(3, 3): the turn about the vertical, y, after which what faced along z faces the viewer. A view from straight above or below turns nothing.

    To the picture's right is where u grows at the mesh's middle.
    """
    own = mesh.vertices[mesh.faces.ravel()].astype(np.float64)
    middle, step = (own.min(axis=0) + own.max(axis=0)) / 2, float(np.ptp(own, axis=0).max()) * 1e-3
    if not step > 0:
        return np.eye(3)
    at = view.project(np.stack([middle, middle + [step, 0, 0], middle + [0, 0, step]]))
    right = np.array([at[1, 0] - at[0, 0], at[2, 0] - at[0, 0]])  # how much u grows along x and along z
    length = float(np.linalg.norm(right))
    if not np.isfinite(length) or length == 0:
        return np.eye(3)
    x, z = right / length
    return np.array([[x, 0, -z], [0, 1, 0], [z, 0, x]])


def _scale(own: np.ndarray, wanted: np.ndarray) -> float:
    solid = (own > _THIN * own.max()) & (wanted > _THIN * wanted.max())
    return float((wanted[solid] / own[solid]).min()) if solid.any() else float(wanted.max() / own.max())
