"""What is told from outlines and spans alone, against looking at every pixel and every place."""

from __future__ import annotations

import numpy as np
import pytest

from img23d_backend.mesh.raster.rasterize import fragments, parted
from img23d_backend.mesh.topology.neighbour_sums import neighbours
from img23d_backend.mesh.topology.repair import is_sound
from img23d_backend.mesh.uv.bitmap_packing import best_spot
from img23d_backend.mesh.uv.pack import _fill_outlines
from img23d_backend.mesh.uv.winding import windings


def turns_around(point: np.ndarray, outline: np.ndarray) -> int:
    """How often a closed outline (N, 2) turns around a point, by the angles under which it is seen from there."""
    arms = outline - point
    angles = np.arctan2(arms[:, 1], arms[:, 0])
    steps = np.diff(np.append(angles, angles[0]))
    return round(float(((steps + np.pi) % (2 * np.pi) - np.pi).sum()) / (2 * np.pi))


@pytest.mark.parametrize("seed", range(5))
def test_windings_are_those_of_the_angles_seen_from_each_pixel(seed: int) -> None:
    outline = np.random.default_rng(seed).uniform(0.5, 19.5, (9, 2))  # crosses itself
    turns, left_over = windings(outline, np.roll(outline, -1, axis=0), width=20, height=20)
    expected = [[-turns_around(np.array([x + 0.5, y + 0.5]), outline) for x in range(20)] for y in range(20)]
    assert not left_over.any()
    np.testing.assert_array_equal(turns, expected)


def test_an_outline_that_is_not_closed_is_told_by_its_rows() -> None:
    start = np.array([[2.0, 2.0], [6.0, 2.0], [6.0, 6.0]])
    end = np.array([[6.0, 2.0], [6.0, 6.0], [2.0, 6.0]])
    _, left_over = windings(start, end, width=8, height=8)
    np.testing.assert_array_equal(left_over != 0, [False, False, True, True, True, True, False, False])


def test_a_row_in_which_an_outline_is_not_closed_is_outvoted() -> None:
    corners = np.array([[2.5, 2.5], [12.5, 2.5], [12.5, 12.5], [2.5, 12.5]])
    start, end = corners, np.roll(corners, -1, axis=0)
    sheet = np.zeros((16, 20), np.uint8)
    sheet[2, 2:13] = sheet[12, 2:13] = sheet[2:13, 2] = sheet[2:13, 12] = 1
    loose = np.array([[15.2, 6.2]]), np.array([[15.2, 7.8]])  # an edge without its neighbours
    _fill_outlines(sheet, np.concatenate([start, loose[0]]), np.concatenate([end, loose[1]]))
    expected = np.zeros((16, 20), np.uint8)
    expected[2:13, 2:13] = 1
    np.testing.assert_array_equal(sheet, expected)


@pytest.mark.parametrize(("count", "extent"), [(40, 6.0), (4, 30.0), (400, 60.0)])
def test_parted_triangles_are_those_that_share_no_pixel(count: int, extent: float) -> None:
    rng = np.random.default_rng(count)
    points = (rng.uniform(0, 64, (count, 1, 2)) + rng.uniform(-extent, extent, (count, 3, 2))).reshape(-1, 2)
    faces = np.arange(3 * count).reshape(-1, 3)
    every: list[list[int]] = [[] for _ in range(64 * 64)]
    for part in fragments(points, faces, width=64, height=64):
        for face, pixel in zip(part.face.tolist(), part.pixel.tolist(), strict=True):
            every[pixel].append(face)
    drawn = parted(points, faces, width=64, height=64)
    found: list[list[int]] = [[face] if face >= 0 else [] for face in drawn.face.tolist()]
    for part in drawn.shared:
        for face, pixel in zip(part.face.tolist(), part.pixel.tolist(), strict=True):
            found[pixel].append(face)
    assert found == every


@pytest.mark.parametrize("seed", range(4))
def test_a_chart_gets_the_topmost_then_leftmost_place_of_all_turns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    taken = np.zeros((256, 256), np.uint8)
    for x, y in rng.integers(0, 100, (12, 2)):
        taken[y : y + 40, x : x + 50] = 1  # larger than the chart, as those before it are
    chart = np.ones((30, 36), np.uint8)
    chart[10:, 12:] = 0  # an L
    lowest = int(np.flatnonzero(taken.any(axis=1))[-1]) + 1
    places = []
    for turn in range(4):
        turned = np.rot90(chart, turn)
        high, wide = turned.shape
        free = ((y, x) for y in range(257 - high) for x in range(257 - wide) if not (taken[y : y + high, x : x + wide] & turned).any())
        places.append((next(free), -turn))
    (y, x), turn = min(places, key=lambda place: (place[0], -place[1]))
    assert best_spot(taken, lowest, chart, 4) == ((x, y), -turn)


@pytest.mark.parametrize("count", [1, 30, 300])
def test_sums_over_neighbours_are_those_of_each_pair(count: int) -> None:
    rng = np.random.default_rng(count)
    pairs = rng.integers(0, count, (4 * count, 2))
    pairs[: count // 2, 0] = 0  # one with many neighbours
    weight, values = rng.uniform(size=len(pairs)), rng.uniform(size=count)
    beside = neighbours(pairs, count)
    expected = np.zeros(count)
    for (a, b), w in zip(pairs.tolist(), weight.tolist(), strict=True):
        expected[a] += w * values[b]
        expected[b] += w * values[a]
    sums = beside.sums(weight[beside.edge] * values[beside.order][beside.other])
    np.testing.assert_allclose(sums[beside.place], expected, rtol=1e-12)
    np.testing.assert_array_equal(beside.sums(np.ones(len(beside.own))), np.bincount(beside.own, minlength=count))


def test_a_surface_is_sound_where_each_half_edge_has_one_the_other_way() -> None:
    ball = np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]])
    assert is_sound(ball)
    for broken in (ball[:3], ball[[0, 1, 2, 3, 3]], np.concatenate([ball[:3], ball[3:, ::-1]]), np.concatenate([ball, [[4, 4, 5]]])):
        assert not is_sound(broken)
    twice = np.concatenate([ball, np.array([[0, 1, 4], [0, 4, 5], [0, 5, 1], [1, 5, 4]])])  # two that touch along an edge
    assert not is_sound(twice)
