"""Pictures of splats against what their definition says is seen: a Gaussian's fall-off, its shape when turned, who is before whom."""

from __future__ import annotations

import math

import numpy as np
import pytest

from img23d_backend.splats.rendering import render
from img23d_backend.splats.thumbnail import splat_thumbnail
from img23d_backend.stages import Splats

SIDE = 61
FRONT = np.array([[SIDE, 0, 0, SIDE / 2], [0, -SIDE, 0, SIDE / 2], [0, 0, -SIDE, 0]], dtype=np.float64)  # the cube of side 1, seen from +z


def splats(*rows: tuple[tuple, tuple, float, tuple, tuple]) -> Splats:
    """Place, colour, opacity, scales, rotation of each."""
    columns = [np.array(values, dtype=np.float32) for values in zip(*rows, strict=True)]
    return Splats(positions=columns[0], colors=columns[1], opacities=columns[2], scales=columns[3], rotations=columns[4])


UPRIGHT = (1.0, 0.0, 0.0, 0.0)


def test_one_falls_off_as_a_gaussian() -> None:
    seen = render(splats(((0, 0, 0), (1, 0.5, 0), 0.8, (0.1, 0.1, 0.1), UPRIGHT)), FRONT, width=SIDE, height=SIDE)
    middle = SIDE // 2
    for away in (0, 5, 10):
        expected = 0.8 * math.exp(-0.5 * (away / (0.1 * SIDE)) ** 2)
        assert seen.opacities[middle, middle + away] == pytest.approx(expected, abs=0.005)
        assert seen.opacities[middle - away, middle] == pytest.approx(expected, abs=0.005)
        assert seen.colors[middle, middle + away] == pytest.approx(np.array((1, 0.5, 0)) * expected, abs=0.005)


def test_a_long_thin_one_lies_as_it_is_turned() -> None:
    """Along its own x, turned by 30 degrees about z, counter-clockwise seen from the front."""
    turned = (math.cos(math.radians(15)), 0.0, 0.0, math.sin(math.radians(15)))
    seen = render(splats(((0, 0, 0), (1, 1, 1), 0.9, (0.15, 0.01, 0.01), turned)), FRONT, width=SIDE, height=SIDE)
    rows, columns = np.nonzero(seen.opacities > 0.2)
    slope = np.polyfit(columns, -rows.astype(float), 1)[0]
    assert math.degrees(math.atan(slope)) == pytest.approx(30, abs=2)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_nearer_hides_the_farther(order: tuple[int, int]) -> None:
    near, far = ((0, 0, 0.2), (1, 0, 0), 0.75, (0.2, 0.2, 0.01), UPRIGHT), ((0, 0, -0.2), (0, 0, 1), 0.5, (0.2, 0.2, 0.01), UPRIGHT)
    seen = render(splats(*[(near, far)[place] for place in order]), FRONT, width=SIDE, height=SIDE)
    middle = SIDE // 2
    assert seen.colors[middle, middle] == pytest.approx((0.75, 0, 0.25 * 0.5), abs=0.01)
    assert seen.opacities[middle, middle] == pytest.approx(0.875, abs=0.01)


def test_what_is_beside_the_picture_or_faint_is_not_seen() -> None:
    beside, faint = ((3, 0, 0), (1, 1, 1), 0.9, (0.1, 0.1, 0.1), UPRIGHT), ((0, 0, 0), (1, 1, 1), 0.001, (0.1, 0.1, 0.1), UPRIGHT)
    assert render(splats(beside, faint), FRONT, width=SIDE, height=SIDE).opacities.max() == 0.0


def test_the_small_picture_shows_all_of_a_thing_from_the_front() -> None:
    """A ball, red in front and green behind, far from the origin and large: it fills the picture and is mostly red."""
    chance = np.random.default_rng(0)
    way = chance.normal(size=(4000, 3))
    way /= np.linalg.norm(way, axis=1, keepdims=True)
    ball = Splats(
        positions=(way * 50 + 1000).astype(np.float32),
        colors=np.where(way[:, 2:] > 0, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)).astype(np.float32),
        opacities=np.full(4000, 0.9, np.float32),
        scales=np.full((4000, 3), 2.0, np.float32),
        rotations=np.tile(np.float32(UPRIGHT), (4000, 1)),
    )
    picture = splat_thumbnail(ball)
    solid = picture[:, :, 3] > 128
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    assert picture.shape == (256, 256, 4) and (rows[0] + rows[-1]) / 2 == pytest.approx(127.5, abs=2)
    assert 225 < rows[-1] - rows[0] < 250 and 225 < columns[-1] - columns[0] < 250
    assert picture[128, 128, 0] > 240 and picture[128, 128, 1] < 15
    red, green = ((picture[solid][:, channel] > 200).mean() for channel in (0, 1))
    assert red > 3 * green > 0
