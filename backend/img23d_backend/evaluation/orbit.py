"""A surface as cameras around it see it, without light: its colours alone are compared."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from ..mesh.raster.rasterize import covered, rasterize
from .surfaces.surface import Surface

SIDE = 256  # pixels
_FINER = 2  # drawn at twice the size and scaled down, which smooths the edges
_FIELD_OF_VIEW = math.radians(30.0)
_DISTANCE = 1.05 * math.sqrt(3.0) / math.sin(_FIELD_OF_VIEW / 2)  # the cube from -1 to 1 fits, however it is turned
_ELEVATIONS = (30.0, 0.0, -30.0)  # degrees, of InstantMesh's evaluation, which has 21 views
_AROUND = 7


@dataclass(frozen=True, kw_only=True)
class Orbit:
    """Degrees: `azimuth` about the y axis, 0 in front (+z) and growing to the viewer's right (+x), `elevation` above the middle."""

    azimuth: float
    elevation: float


ORBITS = tuple(Orbit(azimuth=360 * number / _AROUND, elevation=elevation) for elevation in _ELEVATIONS for number in range(_AROUND))


def to_camera(orbit: Orbit) -> np.ndarray:
    """(3, 3): glTF's axes to right, up, towards the viewer."""
    turn, tilt = math.radians(orbit.azimuth), math.radians(orbit.elevation)
    about_up = np.array([[math.cos(turn), 0, -math.sin(turn)], [0, 1, 0], [math.sin(turn), 0, math.cos(turn)]])
    return np.array([[1, 0, 0], [0, math.cos(tilt), -math.sin(tilt)], [0, math.sin(tilt), math.cos(tilt)]]) @ about_up


def seen(surface: Surface, orbit: Orbit, side: int = SIDE) -> np.ndarray:
    """(side, side, 3) float32 sRGB 0..1 over white; what lies in the cube from -1 to 1 is in view. Both sides of faces are seen."""
    fine = side * _FINER
    points = _projected(surface.mesh.vertices @ to_camera(orbit).T, fine)
    raster = rasterize(points, surface.mesh.faces, width=fine, height=fine)
    picture = np.ones((fine * fine, 3), np.float32)
    for part in covered(raster, points, surface.mesh.faces):
        picture[part.pixel] = surface.colors_at(part.face, part.weights)
    return cv2.resize(picture.reshape(fine, fine, 3), (side, side), interpolation=cv2.INTER_AREA)


def _projected(turned: np.ndarray, side: int) -> np.ndarray:
    """(V, 4): pixels, a depth that grows away from the viewer, and the distance along the axis."""
    away = _DISTANCE - turned[:, 2]
    focal = side / 2 / math.tan(_FIELD_OF_VIEW / 2)
    return np.stack((side / 2 + focal * turned[:, 0] / away, side / 2 - focal * turned[:, 1] / away, -1 / away, away), axis=1)
