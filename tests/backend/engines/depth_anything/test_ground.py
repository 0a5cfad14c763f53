"""The ground plane in depth maps whose plane is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from img23d_backend.engines.depth_anything.ground import fit_ground
from img23d_backend.stages import PixelBox

WIDTH, HEIGHT = 320, 240
FOCAL = 0.8  # photo widths
BOX = PixelBox(left=120, top=60, right=200, bottom=180)


def plane(pitch: float, roll: float = 0.0) -> np.ndarray:
    """(HEIGHT, WIDTH) metres to the ground 1 m below the camera, 30 m above the horizon."""
    x, y = np.meshgrid((np.arange(WIDTH) + 0.5) / WIDTH - 0.5, (np.arange(HEIGHT) + 0.5 - HEIGHT / 2) / WIDTH)
    upward = -y / FOCAL * math.cos(roll) - x / FOCAL * math.sin(roll)
    down = math.sin(pitch) - upward * math.cos(pitch)
    return 1 / np.maximum(down, 1 / 30)


def pitch_of(horizon: float) -> float:
    return math.degrees(math.atan(horizon / FOCAL))


@pytest.mark.parametrize("pitch", [5, 20, 45])
@pytest.mark.parametrize("roll", [-8, 0, 3])
@pytest.mark.parametrize("scale", [0.05, 1, 40])
def test_horizon_and_roll_come_out_whatever_the_scale(pitch: float, roll: float, scale: float) -> None:
    found = fit_ground(scale * plane(math.radians(pitch), math.radians(roll)), WIDTH, HEIGHT, [BOX])
    assert pitch_of(found.horizon) == pytest.approx(pitch, abs=0.2)
    assert math.degrees(found.roll) == pytest.approx(roll, abs=0.2)


def test_things_and_walls_and_noise_do_not_lead_astray() -> None:
    random = np.random.default_rng(1)
    depth = plane(math.radians(25))
    depth[:110] = np.minimum(depth[:110], 3.0)  # a wall
    depth[60:180, 120:200] = depth[179, 160]  # the thing
    depth[190:230, 20:90] = 0.9  # one that was not asked for
    depth *= np.exp(random.normal(0, 0.03, depth.shape))
    found = fit_ground(depth, WIDTH, HEIGHT, [BOX])
    assert pitch_of(found.horizon) == pytest.approx(25, abs=1.5) and abs(math.degrees(found.roll)) < 1.5


def test_ground_below_the_things_counts_more_than_the_floor_below_the_table() -> None:
    """Two planes: the table that the thing stands on, and the larger floor, steeper to look at, on both sides."""
    depth = 3 * plane(math.radians(38))
    table = plane(math.radians(20))
    depth[100:, 60:260] = table[100:, 60:260]
    found = fit_ground(depth, WIDTH, HEIGHT, [BOX])
    assert pitch_of(found.horizon) == pytest.approx(20, abs=1)


@pytest.mark.parametrize(
    "depth",
    [
        np.full((HEIGHT, WIDTH), 2.0),  # a wall in front
        plane(math.radians(20))[::-1],  # a ceiling
        np.zeros((HEIGHT, WIDTH)),
        np.full((HEIGHT, WIDTH), np.nan),
        np.exp(np.random.default_rng(0).normal(0, 1, (HEIGHT, WIDTH))),
        np.ones((1, 1)),
    ],
    ids=["wall", "ceiling", "zeros", "no numbers", "noise", "one pixel"],
)
def test_where_no_ground_is_seen_none_is_told(depth: np.ndarray) -> None:
    assert fit_ground(depth, WIDTH, HEIGHT, [BOX]) is None


def test_box_that_fills_the_photo_leaves_nothing_to_fit() -> None:
    everything = PixelBox(left=0, top=0, right=WIDTH, bottom=HEIGHT)
    assert fit_ground(plane(math.radians(20)), WIDTH, HEIGHT, [everything]) is None
