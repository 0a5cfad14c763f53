"""The ground plane in a depth map. On a plane the inverse depth is a linear function of the place in the picture,
q = a x + b y + c: where q = 0 is the horizon, and its slope is the camera's roll. The scale of q does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ...stages import Ground, PixelBox

_SAMPLES = 6000  # pixels that are looked at
_TRIALS = 400
_TOLERANCE = 0.06  # of a pixel's own inverse depth
_LEAST = 0.3  # of the pixels' weight must be on the plane
_STEEPEST = math.radians(70)
_MOST_ROLL = math.radians(20)
_USUAL_FOCAL = 0.8  # photo widths; only to refuse what no camera sees
_NEAR_FOOT = 0.15  # photo widths: pixels so near to where a thing stands count most
_FOOT_WEIGHT = 4.0


def fit_ground(depth: np.ndarray, width: int, height: int, boxes: Sequence[PixelBox]) -> Ground | None:
    """The plane below and around the boxes' lower edges. `depth` (h, w) covers the photo of `width` x `height` pixels.

    Random samples of three pixels (RANSAC, Fischler and Bolles 1981) with a fixed seed, then least squares over those that
    agree. None where too few do, or where no upright camera can have seen it.
    """
    points, weights = _candidates(depth, width, height, boxes)  # (P, 3) x, y, q and (P,)
    if len(points) < 50:
        return None
    plane = _most_agreed(points, weights)
    if plane is None:
        return None
    for _ in range(3):
        agrees = _agreeing(points, plane)
        if weights[agrees].sum() < _LEAST * weights.sum():
            return None
        plane = _least_squares(points[agrees], weights[agrees])
    return _as_ground(plane)


def _candidates(depth: np.ndarray, width: int, height: int, boxes: Sequence[PixelBox]) -> tuple[np.ndarray, np.ndarray]:
    """What may be ground: pixels in no box, not far above the highest foot; x and y in photo widths from the middle."""
    rows, columns = depth.shape
    x = (np.arange(columns) + 0.5) / columns - 0.5
    y = ((np.arange(rows) + 0.5) / rows - 0.5) * height / width
    grid_x, grid_y = np.meshgrid(x, y)
    free = np.isfinite(depth) & (depth > 1e-3)
    near = np.zeros(depth.shape)
    highest = y[-1]
    for box in boxes:
        left, right = box.left / width - 0.5, box.right / width - 0.5
        top, foot = (box.top - height / 2) / width, (box.bottom - height / 2) / width
        free &= ~((grid_x > left) & (grid_x < right) & (grid_y > top) & (grid_y < foot))
        away = np.hypot(np.maximum(np.maximum(left - grid_x, grid_x - right), 0), grid_y - foot)
        near = np.maximum(near, np.exp(-((away / _NEAR_FOOT) ** 2)))
        highest = min(highest, foot)
    free &= grid_y > (highest - _NEAR_FOOT / 2 if boxes else 0.0)
    chosen = np.flatnonzero(free)
    chosen = chosen[:: max(1, len(chosen) // _SAMPLES)]
    points = np.stack([grid_x.ravel()[chosen], grid_y.ravel()[chosen], 1 / depth.ravel()[chosen]], axis=1)
    return points, 1 + _FOOT_WEIGHT * near.ravel()[chosen]


def _most_agreed(points: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
    """(3,) a, b, c of the triple of pixels whose plane most of the weight agrees with."""
    random = np.random.default_rng(0)
    triples = points[random.choice(len(points), (_TRIALS, 3), p=weights / weights.sum())]  # (T, 3, 3)
    places = np.concatenate([triples[..., :2], np.ones((_TRIALS, 3, 1))], axis=-1)
    spread = np.abs(np.linalg.det(places))  # twice the triangle's area
    usable = spread > 1e-3
    if not usable.any():
        return None
    planes = np.linalg.solve(places[usable], triples[usable][..., 2:])[..., 0]  # (T, 3)
    support = np.array([weights[_agreeing(points, plane)].sum() if _as_ground(plane) else 0.0 for plane in planes])
    return planes[int(support.argmax())] if support.max() > 0 else None


def _agreeing(points: np.ndarray, plane: np.ndarray) -> np.ndarray:
    told = points[:, 0] * plane[0] + points[:, 1] * plane[1] + plane[2]
    return np.abs(told - points[:, 2]) < _TOLERANCE * points[:, 2]


def _least_squares(points: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Relative errors: what is far away counts as much as what is near."""
    by = (np.sqrt(weights) / points[:, 2])[:, None]
    places = np.column_stack([points[:, :2], np.ones(len(points))])
    return np.linalg.lstsq(places * by, points[:, 2] * by[:, 0], rcond=None)[0]


def _as_ground(plane: np.ndarray) -> Ground | None:
    """a : b is the tangent of the roll; the horizon lies c / |(a, b)| above the middle, across the roll."""
    a, b, c = map(float, plane)
    if b <= 0:  # it comes nearer upwards: a ceiling
        return None
    ground = Ground(horizon=c / math.hypot(a, b), roll=math.atan2(a, b))
    is_seen = abs(math.atan(ground.horizon / _USUAL_FOCAL)) < _STEEPEST and abs(ground.roll) < _MOST_ROLL
    return ground if is_seen else None
