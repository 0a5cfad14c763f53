"""The six cameras from which Hunyuan3D-Paint draws a mesh, and in which its pictures are put back on it.

As in Tencent-Hunyuan/Hunyuan3D-2 (hy3dgen/texgen/differentiable_renderer and pipelines.py): orthographic, the mesh framed
by the ball around the middle of its box. hy3dgen turns the mesh into axes of its own and looks at it from there; here the
cameras are given in the mesh's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....stages import View

_DISTANCE = 1.45  # from the camera to the middle of the mesh
_FRAME = 1.2  # width of what the camera sees
_DIAMETER = 1.15  # of the mesh in these units

# To the right and down in the picture, and towards the viewer: front, right, back, left, top and bottom of the mesh.
_AXES = (
    ((1, 0, 0), (0, -1, 0), (0, 0, 1)),
    ((0, 0, -1), (0, -1, 0), (1, 0, 0)),
    ((-1, 0, 0), (0, -1, 0), (0, 0, -1)),
    ((0, 0, 1), (0, -1, 0), (-1, 0, 0)),
    ((1, 0, 0), (0, 0, 1), (0, 1, 0)),
    ((-1, 0, 0), (0, 0, 1), (0, -1, 0)),
)
_IDS = (21, 12, 15, 18, 43, 37)
_WEIGHTS = (1.0, 0.1, 0.5, 0.1, 0.05, 0.05)


@dataclass(frozen=True, kw_only=True)
class Cameras:
    """Six views of a mesh in square pictures.

    `ids` are the paint network's numbers of these directions, `weights` how much each counts where several see the same.
    `center` (3,) and `radius` are the ball that frames the mesh.
    """

    views: tuple[View, ...]
    ids: tuple[int, ...]
    weights: tuple[float, ...]
    center: np.ndarray
    radius: float


def make_cameras(vertices: np.ndarray, *, size: int) -> Cameras:
    """Cameras for `vertices` (V, 3) in glTF's axes, the front towards +z, and pictures of `size` x `size` pixels."""
    vertices = np.asarray(vertices, dtype=np.float64)
    center = (vertices.min(axis=0) + vertices.max(axis=0)) / 2
    radius = float(np.linalg.norm(vertices - center, axis=1).max()) or 1.0
    views = tuple(_view(np.array(axes, dtype=np.float64), center, _DIAMETER / (2 * radius), size) for axes in _AXES)
    return Cameras(views=views, ids=_IDS, weights=_WEIGHTS, center=center, radius=radius)


def _view(axes: np.ndarray, center: np.ndarray, scale: float, size: int) -> View:
    """The outermost pixels' centres, not their borders, lie on the frame's border. Depth is the distance from the camera."""
    right, down, towards = axes
    pixels = scale * (size - 1) / _FRAME
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([right * pixels, down * pixels, -towards * scale])
    matrix[:3, 3] = np.array([size / 2, size / 2, _DISTANCE]) - matrix[:3, :3] @ center
    return View(matrix=matrix)
