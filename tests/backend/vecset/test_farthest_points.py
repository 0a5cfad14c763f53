"""Farthest-point sampling against fpsample 1.0.2's indices, and against looking at all points each time."""

from __future__ import annotations

import hashlib
import time

import numpy as np
import pytest

from img23d_backend.vecset.farthest_points import farthest_points

SECONDS = 4.0


def points_in_cube(count: int) -> np.ndarray:
    return (np.random.default_rng(5).random((count, 3)) * 2 - 1).astype(np.float32)


def digest(indices: np.ndarray) -> str:
    return hashlib.sha256(np.asarray(indices, dtype="<i8").tobytes()).hexdigest()[:16]


def one_by_one(points: np.ndarray, count: int, first: int = 0) -> list[int]:
    """In single precision, coordinate after coordinate; of equals the first."""
    nearest = np.full(len(points), np.inf, dtype=np.float32)
    taken = [first]
    while len(taken) < count:
        x, y, z = (points - points[taken[-1]]).T
        nearest = np.minimum(nearest, x * x + y * y + z * z)
        taken.append(int(nearest.argmax()))
    return taken


def test_2048_of_32768_are_fpsamples() -> None:
    assert digest(farthest_points(points_in_cube(65536)[:32768], 2048)) == "5edd8fd5580cd48f"


def test_32768_of_65536_are_fpsamples_in_time() -> None:
    """The same points; where two are exactly as far, fpsample takes the other one of them first."""
    points = points_in_cube(65536)
    begin = time.process_time()
    taken = farthest_points(points, 32768)
    assert time.process_time() - begin < SECONDS
    assert digest(np.sort(taken)) == "065e38bc62ffd101"


@pytest.mark.parametrize("first", [0, 4000])
@pytest.mark.parametrize("count", [1, 2, 1500])
def test_boxes_change_nothing(count: int, first: int) -> None:
    points = points_in_cube(5001)
    assert farthest_points(points, count, first).tolist() == one_by_one(points, count, first)


def test_ties_and_points_that_are_there_twice_go_by_their_index() -> None:
    grid = np.stack(np.meshgrid(*[np.arange(11.0)] * 3), axis=-1).reshape(-1, 3)
    points = np.concatenate((grid, grid)).astype(np.float32)
    assert farthest_points(points, len(points)).tolist() == one_by_one(points, len(points))


@pytest.mark.parametrize("side", [1, 3000])
def test_one_place_only(side: int) -> None:
    assert farthest_points(np.ones((side, 3)), 1).tolist() == [0]
    assert set(farthest_points(np.ones((side, 3)), side).tolist()) == {0}


@pytest.mark.parametrize("count", [0, 6])
def test_more_than_there_are_is_an_error(count: int) -> None:
    with pytest.raises(ValueError, match="of 5 points"):
        farthest_points(np.zeros((5, 3)), count)
