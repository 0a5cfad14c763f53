"""From where the photo shows the splats: TRELLIS makes things in a pose of their own."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ....cutouts.pose import Pose, about_up, find_pose
from ....stages import CutOut, Splats

_POINTS = 30_000  # of the splats: some ten for a pixel of the small pictures
_SOLID = 0.5  # of the opacity


def pose_of(splats: Splats, cutout: CutOut) -> Pose:
    """See `cutouts.pose.find_pose`."""
    return find_pose(*_sample(splats), cutout)


def turned_splats(splats: Splats, yaw: float) -> Splats:
    """The same."""
    half = math.radians(-yaw) / 2
    c, s = math.cos(half), math.sin(half)
    w, x, y, z = splats.rotations.T.astype(np.float64)
    rotations = np.stack((c * w - s * y, c * x + s * z, c * y + s * w, c * z - s * x), axis=1)
    positions = splats.positions @ about_up(yaw).T
    return replace(splats, positions=positions.astype(np.float32), rotations=rotations.astype(np.float32))


def _sample(splats: Splats) -> tuple[np.ndarray, np.ndarray]:
    """Points and colours of what is solid, spread over all of it."""
    chosen = np.flatnonzero(splats.opacities >= _SOLID)
    if not len(chosen):
        chosen = np.arange(len(splats))
    chosen = chosen[np.linspace(0, len(chosen) - 1, min(len(chosen), _POINTS)).astype(np.int64)]
    return splats.positions[chosen].astype(np.float64), splats.colors[chosen].clip(0, 1)
