"""What the paint network is told about the mesh: pictures of its normals and positions from the six cameras.

As hy3dgen's `render_normal(use_abs_coor=True)` and `render_position` make them, brought to the network's size as its
pipeline does it. Each view is rasterized once, and the rasters are kept for the bake.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from ...mesh.normals import area_vectors, unit
from ...mesh.rasterize import Raster, interpolate, rasterize
from ...stages import Mesh, View
from .cameras import Cameras

_AT_ONCE = 2  # views; NumPy lets other threads run while it computes
# hy3dgen's axes, in which a colour is 0.5 + half of the coordinate: x to the right, y down and z to the front become these.
_TO_COLOR = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


@dataclass(frozen=True, kw_only=True)
class ControlMaps:
    """`normals` and `positions` (6, S, S, 3) uint8, white where nothing is; `rasters` of the six views in the cameras' pixels."""

    normals: np.ndarray
    positions: np.ndarray
    rasters: tuple[Raster, ...]


def draw_control_maps(
    mesh: Mesh, cameras: Cameras, *, raster_size: int = 2048, size: int = 512, device: str = ""
) -> ControlMaps:
    """Pictures of `size` pixels from rasters of `raster_size`, which the cameras were made for.

    `device` is where torch rasterizes; a processor does it faster without torch.
    """
    rasterizer = partial(rasterize, width=raster_size, height=raster_size, device="" if device == "cpu" else device)
    draw = partial(_draw, mesh, cameras, _vertex_colors(mesh), rasterizer, size)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        normals, positions, rasters = zip(*pool.map(draw, cameras.views), strict=True)
    return ControlMaps(normals=np.stack(normals), positions=np.stack(positions), rasters=rasters)


def _vertex_colors(mesh: Mesh) -> np.ndarray:
    """(V, 3) in 0..1: the mean of the faces' unit normals at each vertex, as trimesh's `mean_vertex_normals`."""
    faces = unit(area_vectors(mesh.vertices, mesh.faces))
    owner = mesh.faces.ravel()
    summed = [np.bincount(owner, weights=np.repeat(axis, 3), minlength=len(mesh.vertices)) for axis in faces.T]
    return 0.5 + 0.5 * unit(np.stack(summed, axis=1)) @ _TO_COLOR.T


def _draw(
    mesh: Mesh, cameras: Cameras, colors: np.ndarray, rasterizer: Callable[..., Raster], size: int, view: View
) -> tuple[np.ndarray, np.ndarray, Raster]:
    points = view.project(mesh.vertices)
    raster = rasterizer(points, mesh.faces)
    normals = interpolate(raster, points, mesh.faces, colors, background=1.0)
    return _reduced(normals, size), _reduced(_positions(raster, cameras, view), size), raster


def _positions(raster: Raster, cameras: Cameras, view: View) -> np.ndarray:
    """(H, W, 3) float32 colours: where in the ball that frames the mesh each pixel lies. Straight from the depth, since a
    position is affine in the pixel and its depth when the camera is orthographic."""
    back = np.linalg.inv(view.matrix)
    affine = _TO_COLOR @ (back[:3] - np.outer(cameras.center, back[3])) / (2 * cameras.radius)  # (3, 4)
    drawn = raster.face >= 0
    depth = np.where(drawn, raster.depth, 0.0).astype(np.float32)
    at = np.arange(len(depth)) + 0.5
    colors = np.ones((*depth.shape, 3), dtype=np.float32)
    for channel, (by_u, by_v, by_depth, constant) in enumerate(affine):
        plane = np.add.outer(by_v * at, by_u * at + constant + 0.5).astype(np.float32)
        np.copyto(colors[..., channel], plane + np.float32(by_depth) * depth, where=drawn)
    return colors


def _reduced(colors: np.ndarray, size: int) -> np.ndarray:
    """(size, size, 3) uint8 from colours (H, W, 3) in 0..1, cut off and made smaller as hy3dgen does, by PIL's default filter."""
    from PIL import Image

    return np.asarray(Image.fromarray((colors * 255).astype(np.uint8)).resize((size, size)))
