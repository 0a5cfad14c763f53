"""The rasterizer against the definition of a covered pixel, written out slowly in exact fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from img23d_backend.mesh.rasterize import barycentrics, fragments, rasterize
from img23d_backend.mesh.spans import SUBPIXEL

SIDE = 24


def covered_exactly(triangle: np.ndarray, width: int, height: int) -> set[int]:
    """Pixels whose centre is inside, or on a left or top edge, of the triangle with its corners on the subpixel grid."""
    corners = [tuple(Fraction(round(float(c) * SUBPIXEL), SUBPIXEL) for c in corner[:2]) for corner in triangle]
    area = edge(*corners)
    if area == 0:
        return set()
    if area < 0:  # y points down: make it clockwise as seen, inside where the edge functions are positive
        corners.reverse()
    pixels = set()
    for row in range(height):
        for column in range(width):
            centre = (column + Fraction(1, 2), row + Fraction(1, 2))
            if all(inside(corners[i], corners[(i + 1) % 3], centre) for i in range(3)):
                pixels.add(row * width + column)
    return pixels


def edge(a: tuple, b: tuple, p: tuple) -> Fraction:
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])


def inside(a: tuple, b: tuple, p: tuple) -> bool:
    side = edge(a, b, p)
    top = a[1] == b[1] and b[0] > a[0]
    left = b[1] < a[1]
    return side > 0 or (side == 0 and (top or left))


def covered(points: np.ndarray, faces: np.ndarray, width: int = SIDE, height: int = SIDE) -> list[set[int]]:
    result: list[set[int]] = [set() for _ in faces]
    for part in fragments(points, faces, width=width, height=height):
        for face, pixel in zip(part.face.tolist(), part.pixel.tolist(), strict=True):
            assert pixel not in result[face]
            result[face].add(pixel)
    return result


@pytest.mark.parametrize("grid", [1, 2, 4, 1000])
def test_covers_exactly_what_the_definition_says(grid: int) -> None:
    # coarse grids put corners and edges on pixel centres, where the rule decides
    rng = np.random.default_rng(grid)
    points = np.round(rng.uniform(-6, SIDE + 6, (60, 2)) * grid) / grid
    faces = np.arange(60).reshape(-1, 3)
    for triangle, pixels in zip(points[faces], covered(points, faces), strict=True):
        assert pixels == covered_exactly(triangle, SIDE, SIDE)


@pytest.mark.parametrize("grid", [2, 1000])
def test_shared_edges_leave_no_hole_and_no_double_hit(grid: int) -> None:
    rng = np.random.default_rng(7)
    n = 12
    steps = np.linspace(0, SIDE, n + 1)
    points = np.stack(np.meshgrid(steps, steps), axis=-1)
    points[1:-1, 1:-1] += rng.uniform(-0.4, 0.4, (n - 1, n - 1, 2))
    points = np.round(points.reshape(-1, 2) * grid) / grid
    first = np.arange(n * (n + 1)).reshape(n, n + 1)[:, :-1].ravel()
    faces = np.concatenate(
        [np.stack([first, first + 1, first + n + 1], 1), np.stack([first + n + 2, first + 1, first + n + 1], 1)]
    )
    hits = np.zeros(SIDE * SIDE, dtype=int)
    for part in fragments(points, faces, width=SIDE, height=SIDE):
        np.add.at(hits, part.pixel, 1)
    assert (hits == 1).all()


def test_the_nearest_wins_and_the_first_of_equals() -> None:
    square = np.array([[0, 0], [8, 0], [0, 8], [8, 8]], dtype=float)
    faces = np.array([[0, 1, 2], [1, 3, 2]])
    layers = np.concatenate([np.column_stack([square, np.full(4, depth)]) for depth in (3.0, 1.0, 2.0, 1.0)])
    raster = rasterize(layers, np.concatenate([faces + 4 * i for i in range(4)]), width=8, height=8)
    assert set(np.unique(raster.face)) == {2, 3}
    assert (raster.depth == 1.0).all()


def test_depth_is_that_of_the_plane() -> None:
    points = np.array([[1, 1, 0], [15, 2, 3], [3, 14, 8]], dtype=float)
    raster = rasterize(points, np.array([[0, 1, 2]]), width=16, height=16)
    normal = np.cross(points[1] - points[0], points[2] - points[0])
    rows, columns = np.nonzero(raster.face == 0)
    expected = points[0, 2] - ((columns + 0.5 - 1) * normal[0] + (rows + 0.5 - 1) * normal[1]) / normal[2]
    np.testing.assert_allclose(raster.depth[rows, columns], expected, atol=1e-9)
    assert np.isinf(raster.depth[raster.face < 0]).all()


def test_intersecting_triangles_part_where_they_meet() -> None:
    square = np.array([[0, 0], [16, 0], [16, 16], [0, 16]], float)
    rising, falling = square[:, :1], 16 - square[:, :1]
    points = np.concatenate([np.hstack([square, rising]), np.hstack([square, falling])])
    faces = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]])
    raster = rasterize(points, faces, width=16, height=16)
    assert (raster.face[:, :8] < 2).all()
    assert (raster.face[:, 8:] >= 2).all()


def test_what_cannot_be_drawn_is_left_out() -> None:
    points = np.array([[0, 0, 0], [9, 0, 0], [0, 9, 0], [np.nan, 3, 0], [1e12, 3, 0], [4.5, 4.5, 0]])
    faces = np.array([[0, 1, 3], [0, 1, 4], [0, 0, 1], [0, 5, 0]])
    assert (rasterize(points, faces, width=9, height=9).face == -1).all()
    assert (rasterize(points, np.zeros((0, 3), int), width=9, height=9).face == -1).all()


def test_perspective_weights_are_those_of_the_point_in_space() -> None:
    rng = np.random.default_rng(3)
    corners = np.array([[-1.0, -1.0, 2.0], [2.0, -0.5, 5.0], [0.0, 1.5, 3.0]])
    weights = rng.dirichlet(np.ones(3), 50)
    spots = weights @ corners
    points = np.column_stack([corners[:, :2] / corners[:, 2:], corners[:, 2], corners[:, 2]])
    found = barycentrics(points, np.array([[0, 1, 2]]), np.zeros(50, int), spots[:, :2] / spots[:, 2:])
    np.testing.assert_allclose(found, weights, atol=1e-9)
    flat = barycentrics(points[:, :3], np.array([[0, 1, 2]]), np.zeros(50, int), spots[:, :2] / spots[:, 2:])
    assert np.abs(flat - weights).max() > 0.05
