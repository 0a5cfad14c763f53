"""Where upright things stand, for given cameras, so that their silhouettes cover their boxes.

Each thing has three unknowns: its bearing and its distance on the ground, and one scale; its front faces the viewer. Gauss-Newton
on the four edges of its projected outline: each edge hangs on one point of the hull at a time, so the derivatives are that
point's. All things are fitted for all cameras at once.

The same things and cameras give the same bits. For that `exp` and `arctan2` get contiguous arguments only: NumPy 1.26 with AVX512
computes exp, log, tan, power and the inverse functions of a strided view by another routine, with another last bit, where the
allocator happens to put the result right behind the view (its test for overlap counts one stride too many).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .camera import HEIGHT, Cameras

STEPS = 10
NEAREST, FARTHEST = 0.02, 60.0  # camera heights: where a thing may stand
_NEAR_PLANE = 1e-2  # camera heights
_DAMPING, _RELATIVE_DAMPING = 1e-4, 1e-6
_LONGEST_STEP = np.array([0.25, 0.7, 0.7])  # radians, and logarithms of distance and scale
_BOTTOM_WEIGHT = 2.0  # where a thing meets the ground says how far away it is; how tall it looks depends on its shape as well
_THINNEST = 0.3  # of a box's longer side: a pen's box is not measured by its thickness alone
_LEFT, _TOP, _RIGHT, _BOTTOM = range(4)
_IS_UPRIGHT = np.array([False, True, False, True])  # edges that y decides


@dataclass(frozen=True, kw_only=True)
class Things:
    """What is fitted: `hulls` (N, K, 3) in glTF's axes, `boxes` (N, 4) left, top, right, bottom in picture coordinates.

    `bounds` (N, 4) bool: edges at the photo's border, beyond which the thing goes on.
    """

    hulls: np.ndarray
    boxes: np.ndarray
    bounds: np.ndarray

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def sizes(self) -> np.ndarray:
        """(N, 4): what an edge's error is measured by."""
        size = np.stack([self.boxes[:, _RIGHT] - self.boxes[:, _LEFT], self.boxes[:, _BOTTOM] - self.boxes[:, _TOP]], axis=1)
        size = np.maximum(size, _THINNEST * size.max(axis=1, keepdims=True))
        return size[:, [0, 1, 0, 1]]


@dataclass(frozen=True, kw_only=True)
class Places:
    """For each camera and thing (C, N): `bearing` clockwise from +y seen from above, logarithms of distance and scale,
    and `error`, the edges' root mean square in box sizes.
    """

    bearing: np.ndarray
    log_distance: np.ndarray
    log_scale: np.ndarray
    error: np.ndarray


def fit(things: Things, cameras: Cameras) -> Places:
    """The best places that a few steps find; of each thing the best one on the way."""
    axes = cameras.axes()
    local = np.stack([things.hulls[..., 0], -things.hulls[..., 2], things.hulls[..., 1]], axis=-1)  # (N, K, 3) Blender's axes
    unknowns = _first_guess(things, cameras)  # (C, N, 3)
    best = unknowns
    least = np.full(unknowns.shape[:2], np.inf)
    for step in range(STEPS + 1):
        edges, slopes = _edges(local, unknowns, cameras, axes)
        residuals, weights = _residuals(edges, things)
        cost = np.sqrt((residuals**2).sum(axis=-1) / 4)
        better = cost < least
        least = np.where(better, cost, least)
        best = np.where(better[..., None], unknowns, best)
        if step < STEPS:
            unknowns = _moved(unknowns, residuals, slopes * weights[..., None])
    bearing, log_distance, log_scale = _apart(best)
    return Places(bearing=bearing, log_distance=log_distance, log_scale=log_scale, error=least)


def edges_of(things: Things, cameras: Cameras, places: Places) -> np.ndarray:
    """(C, N, 4): the boxes of the silhouettes as they stand."""
    local = np.stack([things.hulls[..., 0], -things.hulls[..., 2], things.hulls[..., 1]], axis=-1)
    unknowns = np.stack([places.bearing, places.log_distance, places.log_scale], axis=-1)
    return _edges(local, unknowns, cameras, cameras.axes())[0]


def one_camera(places: Places, index: int) -> Places:
    pick = slice(index, index + 1)
    return replace(
        places,
        bearing=places.bearing[pick],
        log_distance=places.log_distance[pick],
        log_scale=places.log_scale[pick],
        error=places.error[pick],
    )


def _first_guess(things: Things, cameras: Cameras) -> np.ndarray:
    """(C, N, 3): the ground below the middle of a box's lower edge, and the scale that its width and height ask for there."""
    boxes = things.boxes
    feet = np.stack([(boxes[:, _LEFT] + boxes[:, _RIGHT]) / 2, boxes[:, _BOTTOM]], axis=1)
    rays = cameras.ground_rays(feet)
    down = np.maximum(-rays[..., 2], HEIGHT / FARTHEST)  # above the horizon: as far as things may be
    aside, ahead = _apart(rays[..., :2])
    front = np.hypot(aside, ahead) / down
    extent = np.ptp(things.hulls, axis=1)  # (N, 3)
    wanted = np.hypot(boxes[:, _RIGHT] - boxes[:, _LEFT], boxes[:, _BOTTOM] - boxes[:, _TOP])
    depth = np.clip(1 / down, _NEAR_PLANE, FARTHEST)  # along the camera's axis
    scale = wanted * depth / cameras.focal[:, None] / np.maximum(np.hypot(extent[:, 0], extent[:, 1]), 1e-6)
    distance = np.clip(front + scale * things.hulls[..., 2].max(axis=1), NEAREST, FARTHEST)
    bearing = np.arctan2(aside, np.maximum(ahead, 1e-3))
    return np.stack([bearing, np.log(distance), np.log(scale)], axis=-1)


def _edges(local: np.ndarray, unknowns: np.ndarray, cameras: Cameras, axes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The edges (C, N, 4) of the projected hulls, and their derivatives (C, N, 4, 3) by the three unknowns."""
    bearing, log_distance, log_scale = _apart(unknowns)
    distance, scale = np.exp(log_distance), np.exp(log_scale)
    turn, turn_slope = _turns(bearing)
    to_camera = axes[:, None] @ turn  # (C, N, 3, 3)
    origin = distance[..., None] * to_camera[..., 1] - HEIGHT * axes[:, None, :, 2]  # (C, N, 3)
    seen = scale[..., None, None] * (local[None] @ np.swapaxes(to_camera, -1, -2)) + origin[..., None, :]  # (C, N, K, 3)
    depth = np.maximum(seen[..., 2], _NEAR_PLANE)
    focal = cameras.focal[:, None]
    x, y = seen[..., 0] / depth, -seen[..., 1] / depth
    ends = np.stack([x.argmin(axis=-1), y.argmin(axis=-1), x.argmax(axis=-1), y.argmax(axis=-1)], axis=-1)  # (C, N, 4)
    touched = np.take_along_axis(seen, ends[..., None], axis=-2)  # (C, N, 4, 3) in the camera's axes
    touched_depth = np.maximum(touched[..., 2], _NEAR_PLANE)
    across = np.where(_IS_UPRIGHT, -touched[..., 1], touched[..., 0]) / touched_depth
    points = local[np.arange(len(local))[None, :, None], ends]  # (C, N, 4, 3) in the thing's axes
    by_scale = scale[..., None, None] * (points @ np.swapaxes(to_camera, -1, -2))
    by_distance = np.broadcast_to((distance[..., None] * to_camera[..., 1])[..., None, :], by_scale.shape)
    standing = scale[..., None, None] * points + np.array([0.0, 1.0, 0.0]) * distance[..., None, None]
    by_bearing = standing @ np.swapaxes(axes[:, None] @ turn_slope, -1, -2)
    moved = np.stack([by_bearing, by_distance, by_scale], axis=-1)  # (C, N, 4, 3 axes, 3 unknowns)
    sideways = np.where(_IS_UPRIGHT[:, None], -moved[..., 1, :], moved[..., 0, :])
    slopes = (sideways - across[..., None] * moved[..., 2, :]) / touched_depth[..., None]
    return focal[..., None] * across, focal[..., None, None] * slopes


def _apart(values: np.ndarray) -> np.ndarray:
    """(U, ...) of (..., U), each of them contiguous."""
    return np.ascontiguousarray(np.moveaxis(values, -1, 0))


def _turns(bearing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(C, N, 3, 3): the turn by -bearing about z, and its derivative by the bearing."""
    sine, cosine = np.sin(bearing), np.cos(bearing)
    turn, slope = np.zeros((*bearing.shape, 3, 3)), np.zeros((*bearing.shape, 3, 3))
    turn[..., 0, 0], turn[..., 0, 1], turn[..., 1, 0], turn[..., 1, 1], turn[..., 2, 2] = cosine, sine, -sine, cosine, 1
    slope[..., 0, 0], slope[..., 0, 1], slope[..., 1, 0], slope[..., 1, 1] = -sine, cosine, -cosine, -sine
    return turn, slope


def _residuals(edges: np.ndarray, things: Things) -> tuple[np.ndarray, np.ndarray]:
    """(C, N, 4) errors in box sizes, and the weights that are in them. An edge at the border only must not fall short of it."""
    error = edges - things.boxes
    beyond = np.where(np.array([True, True, False, False]), error <= 0, error >= 0)
    weights = np.where(things.bounds & beyond, 0.0, 1.0) / things.sizes
    weights = weights * np.array([1.0, 1.0, 1.0, _BOTTOM_WEIGHT])
    return error * weights, weights


def _moved(unknowns: np.ndarray, residuals: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """One damped Gauss-Newton step, bounded, within where things may stand."""
    transposed = np.swapaxes(slopes, -1, -2)
    normal = transposed @ slopes
    damping = _DAMPING + _RELATIVE_DAMPING * np.trace(normal, axis1=-2, axis2=-1)
    normal = normal + damping[..., None, None] * np.eye(3)
    step = -np.linalg.solve(normal, transposed @ residuals[..., None])[..., 0]
    moved = unknowns + np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
    moved[..., 0] = np.clip(moved[..., 0], -1.5, 1.5)
    moved[..., 1] = np.clip(moved[..., 1], np.log(NEAREST), np.log(FARTHEST))
    moved[..., 2] = np.clip(moved[..., 2], np.log(1e-5), np.log(1e4))
    return moved
