"""Brush strokes keep their way with few points."""

from __future__ import annotations

import math

import pytest

from blender_img23d.core.boxes.brush import RADIUS_MAX, RADIUS_MIN, is_further, points_of, resized, stroke_of

RADIUS, ASPECT = 0.02, 0.75


def _to_way(point: tuple[float, float], way: list[tuple[float, float]]) -> float:
    """In widths of the photo."""
    best = math.inf
    for (ax, ay), (bx, by) in zip(way, way[1:] or way, strict=False):
        dx, dy = bx - ax, (by - ay) * ASPECT
        length = dx * dx + dy * dy
        t = max(0.0, min(1.0, ((point[0] - ax) * dx + (point[1] - ay) * ASPECT * dy) / length)) if length else 0.0
        best = min(best, math.hypot(point[0] - ax - t * dx, (point[1] - ay) * ASPECT - t * dy))
    return best


def test_a_straight_way_is_two_points() -> None:
    points = [(0.1 + 0.001 * i, 0.2 + 0.001 * i) for i in range(200)]
    stroke = stroke_of(points, RADIUS, ASPECT, adds=True)
    assert len(stroke.xs) == len(stroke.ys) == 2
    assert (stroke.xs[-1], stroke.ys[-1]) == pytest.approx(points[-1], abs=1e-5)


def test_a_curve_keeps_its_shape_with_few_points() -> None:
    points = [(0.5 + 0.3 * math.cos(i / 100), 0.5 + 0.3 * math.sin(i / 100)) for i in range(600)]
    stroke = stroke_of(points, RADIUS, ASPECT, adds=False)
    assert 8 < len(stroke.xs) < 70 and not stroke.adds
    way = list(zip(stroke.xs, stroke.ys, strict=True))
    assert max(_to_way(point, way) for point in points) < 0.06 * RADIUS


def test_a_dab_is_one_point() -> None:
    assert stroke_of([(0.25, 0.5)], RADIUS, ASPECT, adds=True).xs == (0.25,)


def test_nearness_is_measured_in_the_photos_shape() -> None:
    step = 0.16 * RADIUS
    assert is_further((0.5, 0.5), (0.5 + step, 0.5), RADIUS, ASPECT)
    assert not is_further((0.5, 0.5), (0.5, 0.5 + step), RADIUS, ASPECT), "the photo is wide, so the step down is shorter"


def test_the_radius_has_bounds() -> None:
    assert resized(0.02, 1.5) == pytest.approx(0.03)
    assert resized(0.2, 9) == RADIUS_MAX and resized(0.002, 0.1) == RADIUS_MIN


def test_a_way_in_words() -> None:
    assert points_of("0.2 0.3, 0.25 .5") == [(0.2, 0.3), (0.25, 0.5)]
    for text in ("", "0.2", "0.2 0.3, ", "a b", "0.1 nan", "1 2 3"):
        assert points_of(text) == []
