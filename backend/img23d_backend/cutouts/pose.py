"""From where the photo shows what was made: some models make things in a pose of their own, whichever side a photo shows.

Coloured points of the thing are drawn small from many sides and compared with the cut-out, in colour and outline. The thing is then turned
about its upright axis, so that the photo's viewer stands in front of it, as with all other engines; how far from above the photo looks
is in its view.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np

from ..stages import CutOut, Mesh, View
from .covering_view import view_of

_SIDE = 64  # pixels of the small pictures
_MARGIN = 4  # of those, on each side
_INSIDE = 0.999  # of the scale: a point on the box's edge is not in the pixel beyond it
_BLUR = 1.2  # pixels: what is not exactly at its place still counts
_SOLID = 128  # alpha
_YAWS, _PITCHES = range(-165, 181, 15), range(-15, 61, 15)  # degrees; from below nobody takes photos
_LOWEST, _HIGHEST = -20.0, 75.0
_FINER = (7.5, 4.0, 2.0, 1.0)  # degrees
_BEST = 3  # of the coarse poses are made finer
# How much better half a turn, or 90 degrees from above, has to be than the front, as a share of the cut-out: things that are alike all
# around stay as they are. From below counts so many times as much.
_UNLIKELY = 0.01
_FROM_BELOW = 8.0
_BETTER = 0.5  # of the difference that another pose leaves: a known thing's own leaves a third or less, any other six tenths or more
_ALIKE = 0.25  # of the cut-out may be different: of a known thing, roughly made, it was an eighth
_NO_TURN = 3.0  # degrees: less than so much the small pictures cannot tell


@dataclass(frozen=True, kw_only=True)
class Pose:
    """Where the photo's viewer stands, in degrees: `yaw` to the right around the thing, as seen from its front, `pitch` above it."""

    yaw: float = 0.0
    pitch: float = 0.0

    @property
    def matrix(self) -> np.ndarray:
        """(3, 3): a position to right, up and towards the viewer."""
        return about_right(self.pitch) @ about_up(self.yaw)


Cost = Callable[[Pose], float]
Directions = tuple[tuple[int, int], ...]  # of yaw and pitch


def find_pose(points: np.ndarray, colors: np.ndarray, cutout: CutOut, *, is_front: bool = False) -> Pose:
    """The one from which points (P, 3) with colours (P, 3) in 0..1 look most like the cut-out: the front, unless another is clearly better.
    What was made without much likeness to the photo is not turned for a chance one. Where it is known that the photo shows the front,
    only its height is looked for.
    """
    target = _target(cutout.rgba)
    most = _difference(target, np.zeros_like(target))
    axes = np.ascontiguousarray(points.T)

    @cache  # the steps of the search come by the same places again
    def away(pose: Pose) -> float:
        return _difference(_drawn(pose.matrix @ axes, colors, target), target)

    def cost(pose: Pose) -> float:
        far = abs(pose.yaw) / 180 + (pose.pitch if pose.pitch > 0 else -_FROM_BELOW * pose.pitch) / 90
        return away(pose) + _UNLIKELY * far * most

    candidates = [_searched((0,), ((0, -1), (0, 1)), cost)]
    if not is_front:
        candidates.append(_searched(_YAWS, ((-1, 0), (1, 0), (0, -1), (0, 1)), cost))
    best = Pose()
    for pose in candidates:
        if away(pose) <= min(_BETTER * away(best), _ALIKE * most):
            best = pose
    return Pose(yaw=_told(best.yaw), pitch=_told(best.pitch))


def turned_mesh(mesh: Mesh, yaw: float) -> Mesh:
    """So that the viewer at `yaw` stands in front of it."""
    return replace(mesh, vertices=(mesh.vertices @ about_up(yaw).T).astype(np.float32))


def view_from(points: np.ndarray, pitch: float, cutout: CutOut) -> View:
    """The parallel view from above the front in which the points (P, 3) cover the cut-out."""
    tilt = about_right(pitch)
    to_viewer = np.eye(4)
    to_viewer[:3, :3] = tilt
    return View(matrix=view_of(points @ tilt.T, cutout).matrix @ to_viewer)


def about_up(yaw: float) -> np.ndarray:
    """(3, 3): a turn of what stands upright, so that the viewer at `yaw` stands in front of it."""
    c, s = math.cos(math.radians(yaw)), math.sin(math.radians(yaw))
    return np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]])


def about_right(pitch: float) -> np.ndarray:
    """(3, 3): from above the front, to right, up and towards the viewer there."""
    c, s = math.cos(math.radians(pitch)), math.sin(math.radians(pitch))
    return np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])


# --- the search -------------------------------------------------------------------------------------------------------


def _searched(yaws: Iterable[int], directions: Directions, cost: Cost) -> Pose:
    """The pose with the least cost: on a grid, then by small steps in the directions."""
    ranked = sorted(_ranked([Pose(yaw=yaw, pitch=pitch) for yaw, pitch in itertools.product(yaws, _PITCHES)], cost))
    found = (_refined(pose, value, directions, cost) for value, _, pose in ranked[:_BEST])
    return min(found, key=lambda one: one[0])[1]


def _ranked(poses: Iterable[Pose], cost: Cost) -> Iterable[tuple[float, int, Pose]]:
    """With their costs; of equal ones the first."""
    for number, pose in enumerate(poses):
        yield cost(pose), number, pose


def _refined(pose: Pose, value: float, directions: Directions, cost: Cost) -> tuple[float, Pose]:
    """The best pose nearby, by smaller and smaller steps."""
    for step in _FINER:
        while True:
            around = [Pose(yaw=_wrapped(pose.yaw + yaw * step), pitch=min(max(pose.pitch + pitch * step, _LOWEST), _HIGHEST)) for yaw, pitch in directions]
            best, _, there = min(_ranked(around, cost))
            if best >= value:
                break
            value, pose = best, there
    return value, pose


def _told(angle: float) -> float:
    return angle if abs(angle) >= _NO_TURN else 0.0


def _wrapped(yaw: float) -> float:
    """-180 < yaw <= 180"""
    return 180.0 - (180.0 - yaw) % 360.0


# --- small pictures: (S, S, 4) float32, colours times opacity and opacity, 0..1 -----------------------------------------


def _target(rgba: np.ndarray) -> np.ndarray:
    """The cut-out's solid part in the middle."""
    solid = rgba[:, :, 3] >= min(_SOLID, max(1, int(rgba[:, :, 3].max())))
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    part = rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32) / 255
    part[:, :, :3] *= part[:, :, 3:]
    scale = (_SIDE - 2 * _MARGIN) / max(part.shape[:2])
    height, width = (max(1, round(length * scale)) for length in part.shape[:2])
    small = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)
    picture = np.zeros((_SIDE, _SIDE, 4), np.float32)
    top, left = (_SIDE - height) // 2, (_SIDE - width) // 2
    picture[top : top + height, left : left + width] = small
    return picture


def _drawn(axes: np.ndarray, colors: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Points (3, P) over the box of what the target shows: each pixel has the colour of the point that is nearest to the viewer."""
    rows, columns = np.flatnonzero(target[:, :, 3].any(axis=1)), np.flatnonzero(target[:, :, 3].any(axis=0))
    wanted = np.array([columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0]], dtype=np.float64)
    low, high = axes[:2].min(axis=1), axes[:2].max(axis=1)
    units = np.maximum(high - low, 1e-9)
    scale = _INSIDE * float(wanted @ units / (units @ units))
    middle, centre = np.array([columns[0] + columns[-1] + 1, rows[0] + rows[-1] + 1]) / 2, (low + high) / 2
    column, row = (_pixels((axes[axis] - centre[axis]) * sign * scale + middle[axis]) for axis, sign in ((0, 1.0), (1, -1.0)))
    pixels, nearest = row * _SIDE + column, np.full(_SIDE * _SIDE, -np.inf)
    np.maximum.at(nearest, pixels, axes[2])
    seen = np.flatnonzero(axes[2] == nearest[pixels])
    picture = np.zeros((_SIDE * _SIDE, 4), np.float32)
    picture[pixels[seen], :3] = colors[seen]
    picture[pixels[seen], 3] = 1.0
    return picture.reshape(_SIDE, _SIDE, 4)


def _pixels(places: np.ndarray) -> np.ndarray:
    return np.floor(places).astype(np.int64).clip(0, _SIDE - 1)


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    away = cv2.GaussianBlur(one - other, (0, 0), _BLUR)
    return float((away * away).mean())
