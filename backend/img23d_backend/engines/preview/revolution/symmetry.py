"""The half turn about an upright axis that maps a turned body onto itself."""

from __future__ import annotations

import numpy as np

from ....stages import Mesh, View

_SAME = 1e-3  # of the longest side
_LOOKS_DOWN = 0.2  # sine of the angle from which on a view is one from above
_ALIKE = 6  # vertices of one height and one distance from the axis, in the mean: fewer of them are no rings
_ACROSS = np.array([[0.8, 0.1, 0.59], [-0.35, 0.2, 0.91]])  # directions in which both halves are compared


def half_turn(mesh: Mesh, view: View) -> np.ndarray | None:
    """(4, 4): takes each vertex to the other side of the axis.

    None where the view is from the front, in which a body's outline says enough of its back, and where the mesh is not turned.
    """
    if not len(mesh.vertices):
        return None
    points = mesh.vertices.astype(np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    if not (high > low).all():
        return None
    middle, *beside = view.project((low + high) / 2 + 0.01 * (high - low).max() * np.array([[0, 0, 0], [0, 1, 0], [0, 0, 1]]))[:, 1]
    up, towards = np.subtract(beside, middle)
    if abs(towards) < _LOOKS_DOWN * np.hypot(up, towards):
        return None
    points, step = points - (low + high) / 2, _SAME * float((high - low).max())
    rings = np.unique((np.stack([np.hypot(points[:, 0], points[:, 2]), points[:, 1]]) / step).round(), axis=1)
    if _ALIKE * rings.shape[1] > len(points):
        return None
    one, other = (np.sort(points * side @ _ACROSS.T, axis=0) for side in (1.0, np.array([-1.0, 1.0, -1.0])))
    if not np.allclose(one, other, rtol=0, atol=step):
        return None
    x, _, z = (low + high) / 2
    return np.array([[-1.0, 0, 0, 2 * x], [0, 1, 0, 0], [0, 0, -1, 2 * z], [0, 0, 0, 1]])
