"""The camera that explains the boxes best: a grid over pitch and, where the file does not tell it, focal length, then finer.

What speaks for a camera: that upright shapes cover their boxes under it, that what stands on the ground is seen below the
horizon, that the things are not of absurdly different sizes, and how photos of things are usually taken.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..images.metadata.exif import focal_in_widths
from .camera import Cameras, horizon
from .fit import Things, fit

USUAL_MILLIMETRES = 27.0  # the main camera of most phones: 26 to 28 mm equivalent
USUAL_PITCH = np.radians(20.0)
LOWEST, HIGHEST = np.radians(-10.0), np.radians(65.0)
_PITCHES = np.radians(np.arange(-10.0, 66.0, 5.0))
_FOCALS = np.array([0.7, 1.0, 1.4, 2.0, 2.8])  # of the usual one
_ROUNDS = 4  # each halves the grid's step

# Costs, in squared deviations as of a likelihood
_PITCH_SPREAD = np.radians(12.0)
_GROUND_SPREAD = np.radians(3.0)
_FOCAL_SPREAD = 0.35  # logarithm
_SIZE_SPREAD = 1.0  # logarithm
_HEIGHT_SPREAD = 0.05  # logarithm, of the heights that the artist gave
_SHAPE_WEIGHT, _SHAPE_TOLERANCE = 12.0, 0.03  # of a box's size: a made shape is never quite the true one
_COPY_TOLERANCE = 0.1  # of shapes that only repeat what the photo shows
_SAME_PROPORTION = 0.015  # logarithm
_HORIZON_WEIGHT, _HORIZON_MARGIN = 10.0, 0.02  # photo widths


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known before the boxes are looked at: `focal` in photo widths (0: not known), `horizon` in photo widths above the
    middle (None: not known), `roll` in radians, the artist's `heights` (N,) in metres (0: not said).
    """

    photo_width: float
    photo_height: float
    focal: float
    horizon: float | None
    roll: float
    heights: np.ndarray


def find_camera(things: Things, known: Known) -> Cameras:
    """One camera. Without things it is the usual one."""
    usual = focal_in_widths(USUAL_MILLIMETRES, known.photo_width, known.photo_height)
    focals = np.array([known.focal]) if known.focal else usual * _FOCALS
    pitches = _first_pitches(known, focals)
    grid = _cameras(np.repeat(focals, pitches.shape[1]), pitches.ravel(), known)
    best = _best(things, grid, known)
    pitch_step, focal_step = np.radians(5.0), np.log(1.4)
    for _ in range(_ROUNDS if len(things) else 0):
        pitch_step, focal_step = pitch_step / 2, focal_step / 2
        around = np.array([-1.0, 0.0, 1.0])
        turns = 1.0 if known.focal else np.exp(focal_step * np.repeat(around, 3))
        pitches = best.pitch + pitch_step * (around if known.focal else np.tile(around, 3))
        pitches = np.clip(pitches, LOWEST, HIGHEST)
        best = _best(things, _cameras(best.focal * turns * np.ones_like(pitches), pitches, known), known)
    return best


def _first_pitches(known: Known, focals: np.ndarray) -> np.ndarray:
    """(F, P): around what the ground says, where it says something."""
    if known.horizon is None:
        return np.tile(np.sort(np.append(_PITCHES, USUAL_PITCH)), (len(focals), 1))
    said = np.arctan(known.horizon / focals)[:, None]
    return np.clip(said + np.radians([-10.0, -5.0, 0.0, 5.0, 10.0]), LOWEST, HIGHEST)


def _cameras(focal: np.ndarray, pitch: np.ndarray, known: Known) -> Cameras:
    return Cameras(focal=focal, pitch=pitch, roll=np.full_like(pitch, known.roll))


def _best(things: Things, cameras: Cameras, known: Known) -> Cameras:
    cost = _prior(cameras, known)
    if len(things):
        cost = cost + _misfit(things, cameras, known)
    return cameras.one(int(np.argmin(cost)))


def _prior(cameras: Cameras, known: Known) -> np.ndarray:
    """(C,) the prior cost of a camera, before anything is fitted."""
    cost = np.zeros(len(cameras))
    if known.horizon is not None:
        cost = cost + ((cameras.pitch - np.arctan(known.horizon / cameras.focal)) / _GROUND_SPREAD) ** 2
    if known.horizon is None or not known.focal:  # a horizon alone leaves open how long the lens is
        cost = cost + ((cameras.pitch - USUAL_PITCH) / _PITCH_SPREAD) ** 2
    if not known.focal:
        usual = focal_in_widths(USUAL_MILLIMETRES, known.photo_width, known.photo_height)
        cost = cost + (np.log(cameras.focal / usual) / _FOCAL_SPREAD) ** 2
    return cost


def _misfit(things: Things, cameras: Cameras, known: Known) -> np.ndarray:
    """(C,) how badly the things stand under each camera."""
    places = fit(things, cameras)
    squares = places.error**2
    tolerance = _COPY_TOLERANCE if _are_copies(things) else _SHAPE_TOLERANCE
    shapes = (squares / (squares + tolerance**2)).mean(axis=1)
    sizes = np.log(np.ptp(things.hulls, axis=1).max(axis=1)) + places.log_scale
    spread = sizes.var(axis=1) / _SIZE_SPREAD**2
    depth_below = things.boxes[:, 3] + horizon(cameras)[:, None] - _HORIZON_MARGIN
    hanging = np.clip(-depth_below / 0.1, 0, 1).mean(axis=1)
    return _SHAPE_WEIGHT * shapes + spread + _HORIZON_WEIGHT * hanging + _disagreement(things, places.log_scale, known.heights)


def _are_copies(things: Things) -> bool:
    """Whether the shapes, seen level from the front, have just the proportions of their boxes. Then they were drawn after the
    photo's outline, however steep the view was (the preview engine does so), and say next to nothing about it.
    """
    extent = np.maximum(np.ptp(things.hulls, axis=1), 1e-9)
    sides = things.boxes[:, 2:] - things.boxes[:, :2]
    off = np.log(extent[:, 0] / extent[:, 1]) - np.log(sides[:, 0] / sides[:, 1])
    whole = ~things.bounds.any(axis=1)
    return bool(whole.any() and np.median(np.abs(off[whole])) < _SAME_PROPORTION)


def _disagreement(things: Things, log_scale: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """(C,) how far the artist's heights are from one scale for all."""
    said = heights > 0
    if said.sum() < 2:
        return np.zeros(len(log_scale))
    ratios = np.log(heights[said] / np.ptp(things.hulls[said, :, 1], axis=1)) - log_scale[:, said]
    return ((ratios - ratios.mean(axis=1, keepdims=True)) ** 2).sum(axis=1) / _HEIGHT_SPREAD**2
