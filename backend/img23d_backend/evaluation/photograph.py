"""A picture of a known thing as a camera would take it: on a plain ground, in light from one side, with its shadow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from ..mesh.raster.rasterize import covered, rasterize
from ..mesh.topology.normals import unit, vertex_normals
from .orbit import Orbit, to_camera
from .shapes import framed
from .surfaces.surface import Surface, mixed

WIDTH, HEIGHT = 960, 800  # pixels
_FINER = 2
_FIELD_OF_VIEW = math.radians(30.0)  # across
_DISTANCE = 7.0  # half sides of the thing's cube
_TO_LIGHT = unit(np.array([-0.5, 1.0, 0.6]))
_GROUND, _HAZE = np.array([0.80, 0.80, 0.79]), np.array([0.88, 0.88, 0.88])  # linear: near, and far away
_AMBIENT, _KEY, _SHADOW = 0.42, 0.62, 0.45  # of full light
_SOFT = 0.035  # of the picture's width: how far a shadow's edge reaches


@dataclass(frozen=True, kw_only=True)
class Photograph:
    """`rgb` (H, W, 3) uint8 sRGB, `mask` (H, W) bool where the thing is, `depth` (H, W) float32 half sides along the camera's axis, infinite
    where the thing is not.
    """

    rgb: np.ndarray
    mask: np.ndarray
    depth: np.ndarray


def photograph(thing: Surface, orbit: Orbit) -> Photograph:
    """Stands on its lowest point, in the middle of the picture."""
    vertices = framed(thing.mesh.vertices)
    camera, middle = to_camera(orbit), np.zeros(3)
    width, height = WIDTH * _FINER, HEIGHT * _FINER
    points = _projected((vertices - middle) @ camera.T, width, height)
    raster = rasterize(points, thing.mesh.faces, width=width, height=height)
    picture = _ground(vertices, thing, camera, width, height)
    normals = vertex_normals(vertices.astype(np.float32), thing.mesh.faces)
    flat = picture.reshape(-1, 3)
    depth = np.full(width * height, np.inf, np.float32)
    for part in covered(raster, points, thing.mesh.faces):
        corners = thing.mesh.faces[part.face]
        normal = unit(mixed(normals[corners], part.weights))
        away = normal @ camera[2] < 0  # seen from inside
        light = _AMBIENT + _KEY * np.clip(np.where(away[:, None], -normal, normal) @ _TO_LIGHT, 0, 1)
        flat[part.pixel] = _linear(thing.colors_at(part.face, part.weights)) * light[:, None]
        depth[part.pixel] = mixed(points[corners][:, :, 3:], part.weights)[:, 0]
    small = cv2.resize(_srgb(picture), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    mask = (raster.face >= 0)[::_FINER, ::_FINER]
    return Photograph(rgb=np.rint(small * 255).astype(np.uint8), mask=mask, depth=depth.reshape(height, width)[::_FINER, ::_FINER])


def focal_length(width: int) -> float:
    """In pixels of a picture so many pixels wide."""
    return width / 2 / math.tan(_FIELD_OF_VIEW / 2)


def _projected(turned: np.ndarray, width: int, height: int) -> np.ndarray:
    """(V, 4) as in `orbit`."""
    away = _DISTANCE - turned[:, 2]
    focal = focal_length(width)
    return np.stack((width / 2 + focal * turned[:, 0] / away, height / 2 - focal * turned[:, 1] / away, -1 / away, away), axis=1)


def _ground(vertices: np.ndarray, thing: Surface, camera: np.ndarray, width: int, height: int) -> np.ndarray:
    """(H, W, 3) float32 linear: lighter towards the horizon, with the thing's shadow; without a ground where it is seen from the side."""
    rows = np.linspace(1, 0, height)[:, None, None]
    picture = np.broadcast_to(_GROUND * (1 - rows) + _HAZE * rows, (height, width, 3)).astype(np.float32)
    if camera[2, 1] <= 1e-3:
        return picture.copy()
    floor = float(vertices[:, 1].min())
    fallen = vertices - (vertices[:, 1:2] - floor) * _TO_LIGHT / _TO_LIGHT[1]
    points = _projected(fallen @ camera.T, width, height)
    shadow = (rasterize(points, thing.mesh.faces, width=width, height=height).face >= 0).astype(np.float32)
    soft = cv2.GaussianBlur(cv2.resize(shadow, (width // 4, height // 4), interpolation=cv2.INTER_AREA), (0, 0), _SOFT * width / 12)
    return np.ascontiguousarray(picture * (1 - _SHADOW * cv2.resize(soft, (width, height))[:, :, None]))


def _linear(srgb: np.ndarray) -> np.ndarray:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _srgb(linear: np.ndarray) -> np.ndarray:
    kept = linear.clip(0, 1)
    return np.where(kept <= 0.0031308, kept * 12.92, 1.055 * kept ** (1 / 2.4) - 0.055)
