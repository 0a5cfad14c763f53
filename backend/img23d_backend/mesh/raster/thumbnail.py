"""A small picture of a mesh from the front, a little from the side and from above: for lists and for previews."""

from __future__ import annotations

import math

import numpy as np

from ...stages import Mesh
from ..topology.normals import unit, vertex_normals
from .rasterize import covered, rasterize

SIDE = 256  # pixels
_FINER = 2  # a painted one is drawn at twice the size and scaled down, which smooths the edges and costs twice the time
_YAW, _ELEVATION = math.radians(30.0), math.radians(18.0)
MARGIN = 0.04  # of the side
_KEY, _FILL = np.array([-0.45, 0.7, 0.55]), np.array([0.8, 0.1, 0.6])  # directions to the lights, in the picture's axes
_AMBIENT, _KEY_SHARE, _FILL_SHARE = 0.25, 0.72, 0.2  # of full light
_CLAY = (0.74, 0.72, 0.70)  # sRGB


def thumbnail(mesh: Mesh, *, uv: np.ndarray | None = None, texture: np.ndarray | None = None) -> np.ndarray:
    """(SIDE, SIDE, 4) uint8 sRGB with straight alpha; clay without a `texture` (T, T, 3) and its `uv` (F, 3, 2)."""
    import cv2

    side = SIDE if texture is None else SIDE * _FINER
    turned = mesh.vertices @ turn().T
    points = _framed(turned, side)
    raster = rasterize(points, mesh.faces, width=side, height=side)
    normals = vertex_normals(turned, mesh.faces)
    picture = np.zeros((side * side, 4), np.float32)
    for part in covered(raster, points, mesh.faces):
        corners = mesh.faces[part.face]
        normal = unit(_mixed(normals[corners], part.weights))
        color = _CLAY if texture is None or uv is None else _colors(uv[part.face], part.weights, texture)
        picture[part.pixel, :3] = color * _light(normal, is_painted=texture is not None)[:, None]
        picture[part.pixel, 3] = 1.0
    small = cv2.resize(picture.reshape(side, side, 4), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    small[:, :, :3] /= np.maximum(small[:, :, 3:], 1e-6)  # the mean is of what is covered only
    return np.rint(small.clip(0.0, 1.0) * 255).astype(np.uint8)


def turn() -> np.ndarray:
    """(3, 3): glTF's axes to right, up, towards the viewer."""
    cy, sy, ce, se = math.cos(_YAW), math.sin(_YAW), math.cos(_ELEVATION), math.sin(_ELEVATION)
    about_up = np.array([[cy, 0.0, -sy], [0.0, 1.0, 0.0], [sy, 0.0, cy]])
    return np.array([[1.0, 0.0, 0.0], [0.0, ce, -se], [0.0, se, ce]]) @ about_up


def _framed(turned: np.ndarray, side: int) -> np.ndarray:
    """(V, 3): pixels and a depth that grows away from the viewer; the whole mesh fits, whatever its size."""
    low, high = turned[:, :2].min(axis=0), turned[:, :2].max(axis=0)
    scale = side * (1 - 2 * MARGIN) / (float((high - low).max()) or 1.0)
    middle = (turned[:, :2] - (low + high) / 2) * scale
    return np.stack([side / 2 + middle[:, 0], side / 2 - middle[:, 1], -turned[:, 2] * scale], axis=1)


def _light(normal: np.ndarray, *, is_painted: bool) -> np.ndarray:
    """(N,) how bright; a painted surface has less shading of ours, since its picture may hold some of its own."""
    key, fill = (np.clip(normal @ unit(light), 0.0, 1.0) for light in (_KEY, _FILL))
    shade = _AMBIENT + _KEY_SHARE * key + _FILL_SHARE * fill
    return 0.55 + 0.45 * shade if is_painted else shade


def _mixed(corners: np.ndarray, weights: tuple[np.ndarray, ...]) -> np.ndarray:
    """(N, C) from the values (N, 3, C) at the corners."""
    a, b, c = weights
    return a[:, None] * corners[:, 0] + b[:, None] * corners[:, 1] + c[:, None] * corners[:, 2]


def _colors(uv: np.ndarray, weights: tuple[np.ndarray, ...], texture: np.ndarray) -> np.ndarray:
    """(N, 3) sRGB 0..1 of the nearest texels; `uv` (N, 3, 2) has its origin top left."""
    height, width = texture.shape[:2]
    at = _mixed(uv, weights)
    column = np.clip((at[:, 0] * width).astype(np.intp), 0, width - 1)
    row = np.clip((at[:, 1] * height).astype(np.intp), 0, height - 1)
    return texture[row, column] / np.float32(255)
