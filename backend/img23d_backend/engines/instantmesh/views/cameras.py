"""Where views are taken from, as the reconstruction is told of it: Zero123++'s six, and any others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

AZIMUTHS = (30.0, 90.0, 150.0, 210.0, 270.0, 330.0)  # degrees from the photo's own direction, against the clock seen from above
ELEVATIONS = (20.0, -10.0, 20.0, -10.0, 20.0, -10.0)
FIELD_OF_VIEW = 30.0  # degrees
DISTANCE = 4.0


def view_cameras(scale: float = 1.0) -> np.ndarray:
    """(6, 16) float32: those of Zero123++'s views, see `cameras_at`.

    A larger `scale` takes the cameras farther away, which makes the thing larger.
    """
    return cameras_at(AZIMUTHS, ELEVATIONS, DISTANCE * scale)


def cameras_at(azimuths: Sequence[float], elevations: Sequence[float], distance: float = DISTANCE) -> np.ndarray:
    """(V, 16) float32: the first three rows of each camera's matrix to the world (x right, y up, looking along -z; the world's z is up and
    the photo is taken from +x), then the focal lengths and the middle of the picture, in units of its side.
    """
    focal = 0.5 / np.tan(np.radians(FIELD_OF_VIEW) / 2)
    rows = [_pose(azimuth, elevation, distance)[:3].flatten() for azimuth, elevation in zip(azimuths, elevations, strict=True)]
    inside = np.tile([focal, focal, 0.5, 0.5], (len(rows), 1))
    return np.concatenate((rows, inside), axis=1).astype(np.float32)


def _pose(azimuth: float, elevation: float, distance: float) -> np.ndarray:
    """(4, 4): it looks at the origin."""
    around, above = np.radians(azimuth), np.radians(elevation)
    back = np.array([np.cos(above) * np.cos(around), np.cos(above) * np.sin(around), np.sin(above)])
    right = np.array([-np.sin(around), np.cos(around), 0.0])
    pose = np.eye(4)
    pose[:3] = np.stack((right, np.cross(back, right), back, distance * back), axis=1)
    return pose
