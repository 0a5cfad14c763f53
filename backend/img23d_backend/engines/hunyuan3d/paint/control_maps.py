"""The paint network's control maps: pictures of the mesh's normals and positions from the six cameras.

As hy3dgen's `render_normal(use_abs_coor=True)` and `render_position` make them, brought to the network's size as its
pipeline does it. Each view is rasterized once, and the rasters are kept for the bake.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from ....mesh.raster.rasterize import Raster, covered, rasterize
from ....mesh.topology.normals import area_vectors, unit
from ....stages import Mesh, View
from .cameras import Cameras

_WHITE = 255
_REACH = 4  # small pixels: twice what a bicubic filter reaches, so that its cut-off at the window's edge meets white only
_AT_ONCE = 2  # views; NumPy lets other threads run while it computes
# hy3dgen's axes, in which a colour is 0.5 + half of the coordinate: x to the right, y down and z to the front become these.
_TO_COLOR = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


@dataclass(frozen=True, kw_only=True)
class ControlMaps:
    """`normals` and `positions` (6, S, S, 3) uint8, white where nothing is; the six views' `rasters` in their own pixels."""

    normals: np.ndarray
    positions: np.ndarray
    rasters: tuple[Raster, ...]


def draw_control_maps(mesh: Mesh, cameras: Cameras, *, raster_size: int = 2048, size: int = 512, device: str = "") -> ControlMaps:
    """Pictures of `size` pixels from rasters of `raster_size`, which the cameras were made for.

    `device` is where torch rasterizes; a processor does it faster without torch.
    """
    rasterizer = partial(rasterize, width=raster_size, height=raster_size, device="" if device == "cpu" else device)
    draw = partial(_draw, mesh, cameras, _vertex_colors(mesh), rasterizer, size)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        normals, positions, rasters = zip(*pool.map(draw, cameras.views), strict=True)
    return ControlMaps(normals=np.stack(normals), positions=np.stack(positions), rasters=rasters)


def _vertex_colors(mesh: Mesh) -> np.ndarray:
    """(V, 3) in 0..255: the mean of the faces' unit normals at each vertex, as trimesh's `mean_vertex_normals`."""
    faces = unit(area_vectors(mesh.vertices, mesh.faces))
    owner = mesh.faces.ravel()
    summed = [np.bincount(owner, weights=np.repeat(axis, 3), minlength=len(mesh.vertices)) for axis in faces.T]
    return (0.5 + 0.5 * unit(np.stack(summed, axis=1)) @ _TO_COLOR.T) * _WHITE


def _draw(mesh: Mesh, cameras: Cameras, colors: np.ndarray, rasterizer: Callable[..., Raster], size: int, view: View) -> tuple[np.ndarray, np.ndarray, Raster]:
    points = view.project(mesh.vertices)
    raster = rasterizer(points, mesh.faces)
    corners = [[np.ascontiguousarray(column[mesh.faces[:, i]], dtype=np.float32) for i in range(3)] for column in colors.T]
    to_color = _position_colors(cameras, view)
    maps = np.full((6, raster.face.size), _WHITE, dtype=np.uint8)  # the planes of the normals' colours, then the positions'
    for part in covered(raster, points, mesh.faces):
        u, v, w = part.weights
        drawn = [u * a[part.face] + v * b[part.face] + w * c[part.face] for a, b, c in corners]
        depth = raster.depth.ravel()[part.pixel]
        drawn.extend(to_color @ np.stack([part.column + 0.5, part.row + 0.5, depth, np.ones_like(depth)]))
        for plane, color in zip(maps, drawn, strict=True):
            plane[part.pixel] = color  # cut off, as hy3dgen does
    small = reduced(maps.reshape(6, *raster.face.shape), raster.face >= 0, size)
    return small[:, :, :3], small[:, :, 3:], raster


def _position_colors(cameras: Cameras, view: View) -> np.ndarray:
    """(3, 4) from a column, row, depth and 1 to the colour: where in the ball that frames the mesh this place lies.

    A position is affine in these because the cameras are orthographic.
    """
    back = np.linalg.inv(view.matrix)
    color = _TO_COLOR @ (back[:3] - np.outer(cameras.center, back[3])) / (2 * cameras.radius)
    color[:, 3] += 0.5
    return color * _WHITE


def reduced(planes: np.ndarray, drawn: np.ndarray, size: int) -> np.ndarray:
    """(P, H, W) uint8 to (size, size, P) by PIL's default filter, bicubic with its support in proportion. What is white,
    beyond what is `drawn` (H, W) and the filter's reach, is not computed: that is most of it.
    """
    from PIL import Image

    small = np.full((size, size, len(planes)), _WHITE, dtype=np.uint8)
    step = drawn.shape[0] / size
    (top, bottom), (left, right) = (_window(np.any(drawn, axis=axis), step, size) for axis in (1, 0))
    if bottom > top and right > left:
        box = tuple(round(edge * step) for edge in (left, top, right, bottom))
        for number, plane in enumerate(planes):
            part = Image.fromarray(plane[box[1] : box[3], box[0] : box[2]])
            narrow = part.resize((right - left, part.height))  # in the order of a whole square: PIL rounds between
            small[top:bottom, left:right, number] = narrow.resize((right - left, bottom - top))
    return small


def _window(drawn: np.ndarray, step: float, size: int) -> tuple[int, int]:
    """First and one past the last small pixel that may differ from white; all where the steps are no whole pixels."""
    pixels = np.flatnonzero(drawn)
    if not len(pixels) or step != int(step):
        return 0, size if len(pixels) else 0
    return max(0, int(pixels[0] / step) - _REACH), min(size, int(pixels[-1] / step) + 1 + _REACH)
