"""The rasterizer against the definition of the nearest face at each pixel, and without its shortcuts."""

from __future__ import annotations

import numpy as np
import pytest
from exact_raster import SIDE, covered_exactly, drawn_exactly, exact

from img23d_backend.mesh.raster.rasterize import Raster, barycentrics, covered, fragments, rasterize, weights_of

BOX = {"width": SIDE, "height": SIDE}


# --- against the definition -----------------------------------------------------------------------------------------


def soup(count: int, seed: int, spread: float, around: float, stretch: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Triangles in single precision: corners at most `spread` from middles at most `around` from the picture."""
    rng = np.random.default_rng(seed)
    middle = rng.uniform(-around, SIDE + around, (count, 1, 2))
    corners = rng.uniform(-spread, spread, (count, 3, 2))
    corners[:, 2] = corners[:, 0] * (1.0 - stretch) + corners[:, 2] * stretch  # little: long and thin ones
    points = np.concatenate([middle + corners, rng.uniform(0, 1, (count, 3, 1))], axis=2)
    return points.reshape(-1, 3).astype(np.float32), np.arange(3 * count).reshape(-1, 3)


SOUPS = {
    "as large as the picture": soup(40, 1, SIDE, 6),
    "a few pixels": soup(150, 2, 4, 2),
    "smaller than a pixel": soup(600, 3, 0.4, 0),
    "a thousandth of a pixel beside a centre": (soup(90, 4, 0.001, 0)[0] % 1 + [[7.0, 11.0, 0.0]], soup(90, 4, 1, 0)[1]),
    "huge": soup(30, 5, 2e5, 10),
    "slivers": soup(60, 6, SIDE, 0, stretch=1e-5),
}


@pytest.mark.parametrize("name", SOUPS)
def test_faces_and_weights_are_those_of_the_definition(name: str) -> None:
    points, faces = SOUPS[name]
    expected, weights = drawn_exactly(points, faces)
    raster = rasterize(points, faces, **BOX)
    assert (raster.face == expected).all()
    if name != "slivers":  # theirs are not defined to five digits by corners in single precision
        assert np.abs(weights_of(raster, points, faces) - weights).max() <= 1e-5


@pytest.mark.parametrize("grid", [1, 2, 4])
def test_on_the_edge_the_rule_decides(grid: int) -> None:
    # coarse grids put corners and edges on pixel centres; some of these triangles have no area
    points, faces = soup(40, grid, 14, 0)
    points = np.round(points * grid) / grid
    drawn = [set() for _ in faces]
    for part in fragments(points, faces, **BOX):
        for face, pixel in zip(part.face.tolist(), part.pixel.tolist(), strict=True):
            assert pixel not in drawn[face]
            drawn[face].add(pixel)
    for triangle, pixels in zip(points[faces], drawn, strict=True):
        assert pixels == {row * SIDE + column for row, column, _ in covered_exactly(exact(triangle))}


@pytest.mark.parametrize("n", [45, 46, 47, 48])
def test_a_centre_a_hair_beside_an_edge_is_told_apart(n: int) -> None:
    """Neighbours in Fibonacci's row are almost parallel: the products of the edge function differ by 1 in 2^64."""
    row = [0, 1]
    while len(row) < n + 2:
        row.append(row[-1] + row[-2])
    a = np.array([11.5, 12.5]) - np.array(row[n - 1 : n + 1]) / 2**30
    b = a + np.array(row[n : n + 2]) / 2**30
    for third in ([a[0], 23.0], [23.0, a[1]]):
        points, faces = np.array([[*a, 0], [*b, 0], [*third, 0]]), np.array([[0, 1, 2]])
        assert (rasterize(points, faces, **BOX).face == drawn_exactly(points, faces)[0]).all()


def grid_of(n: int, rounding: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A sheet of triangles that fills the picture, its inner corners shaken."""
    steps = np.linspace(0, SIDE, n + 1)
    points = np.stack(np.meshgrid(steps, steps), axis=-1)
    points[1:-1, 1:-1] += np.random.default_rng(seed).uniform(-0.4, 0.4, (n - 1, n - 1, 2)) * SIDE / n
    points = np.round(points.reshape(-1, 2) * rounding) / rounding
    first = np.arange(n * (n + 1)).reshape(n, n + 1)[:, :-1].ravel()
    quads = [np.stack([first, first + 1, first + n + 1], 1), np.stack([first + n + 2, first + 1, first + n + 1], 1)]
    return points, np.concatenate(quads)


@pytest.mark.parametrize(("n", "rounding"), [(3, 2), (12, 2), (12, 1000), (60, 1000), (60, 2**28)])
def test_shared_edges_leave_no_hole_and_no_double_hit(n: int, rounding: int) -> None:
    points, faces = grid_of(n, rounding, seed=7)
    hits = np.zeros(SIDE * SIDE, dtype=int)
    for part in fragments(points, faces, **BOX):
        np.add.at(hits, part.pixel, 1)
    assert (hits == 1).all()


@pytest.mark.parametrize("seed", range(3))
def test_a_fan_of_slivers_hits_every_pixel_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    around = np.sort(rng.uniform(0, 2 * np.pi, 4000))
    rim = 12 + 40 * np.column_stack([np.cos(around), np.sin(around)])
    points = np.concatenate([rng.uniform(5, 19, (1, 2)), rim]).astype(np.float32)
    n = np.arange(4000)
    hits = np.zeros(SIDE * SIDE, dtype=int)
    for part in fragments(points, np.column_stack([np.zeros(4000, int), n + 1, (n + 1) % 4000 + 1]), **BOX):
        np.add.at(hits, part.pixel, 1)
    assert (hits == 1).all()


# --- depth ----------------------------------------------------------------------------------------------------------


def test_the_nearest_wins_and_the_first_of_equals() -> None:
    square = np.array([[0, 0], [8, 0], [0, 8], [8, 8]], dtype=float)
    faces = np.array([[0, 1, 2], [1, 3, 2]])
    layers = np.concatenate([np.column_stack([square, np.full(4, depth)]) for depth in (3.0, 1.0, 2.0, 1.0)])
    raster = rasterize(layers, np.concatenate([faces + 4 * i for i in range(4)]), width=8, height=8)
    assert set(np.unique(raster.face)) == {2, 3}
    assert (raster.depth == 1.0).all()


@pytest.mark.parametrize("twin", [[2, 1, 0], [1, 2, 0]])
def test_of_the_same_face_twice_the_first_wins_however_it_is_wound(twin: list[int]) -> None:
    points, _ = soup(1, 8, SIDE, 0)
    for faces in ([twin, [0, 1, 2]], [[0, 1, 2], twin]):
        assert set(np.unique(rasterize(points, np.array(faces), **BOX).face)) == {-1, 0}


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


def torus(rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """A closed surface that lies before and behind itself, seen at a slant; in a picture of 200 pixels."""
    a, b = np.meshgrid(np.arange(rows) * 2 * np.pi / rows, np.arange(columns) * 2 * np.pi / columns, indexing="ij")
    ring = 60 + 30 * np.cos(b)
    solid = np.stack([ring * np.cos(a), ring * np.sin(a), 30 * np.sin(b)], axis=-1).reshape(-1, 3)
    turn, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))
    number = np.arange(rows * columns).reshape(rows, columns)
    right, down = np.roll(number, -1, 1), np.roll(number, -1, 0)
    corner = np.roll(down, -1, 1)
    faces = np.concatenate([np.stack([number, down, right], -1), np.stack([right, down, corner], -1)]).reshape(-1, 3)
    return solid @ turn + 100, faces


def nearest_of_all(points: np.ndarray, faces: np.ndarray, side: int) -> Raster:
    """Every fragment is kept, sorted by pixel, depth and face: no shortcut."""
    parts = list(fragments(points, faces, width=side, height=side))
    face, pixel = np.concatenate([p.face for p in parts]), np.concatenate([p.pixel for p in parts])
    centre = np.column_stack([pixel % side, pixel // side]) + 0.5
    weights = barycentrics(points[:, :3], faces, face, centre)
    depth = np.einsum("nc,nc->n", weights, points[:, 2][faces[face]])
    order = np.lexsort([face, depth, pixel])
    first = order[np.flatnonzero(np.diff(pixel[order], prepend=-1))]
    result = Raster(face=np.full((side, side), -1), depth=np.full((side, side), np.inf))
    result.face.ravel()[pixel[first]], result.depth.ravel()[pixel[first]] = face[first], depth[first]
    return result


@pytest.mark.parametrize("turned", [0.0, 0.5, 1.0])  # share of faces that are inside out
@pytest.mark.parametrize("size", [(24, 12), (90, 60)])
def test_what_is_left_out_for_being_behind_would_not_be_seen(size: tuple[int, int], turned: float) -> None:
    points, faces = torus(*size)
    inside_out = np.random.default_rng(0).random(len(faces)) < turned
    faces[inside_out] = faces[inside_out, ::-1]
    expected, raster = nearest_of_all(points, faces, 200), rasterize(points, faces, width=200, height=200)
    assert (raster.face == expected.face).all()
    np.testing.assert_allclose(raster.depth, expected.depth, atol=1e-9)


def test_what_looks_out_from_behind_a_curtain_is_drawn() -> None:
    curtain = np.array([[0, 0, 0], [100, 0, 0], [0, 129, 0], [100, 129, 0]])
    line = 13.0 * np.arange(16)
    sheet = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    corner = 4 + (np.arange(15)[:, None] * 16 + np.arange(15)).ravel()
    points = np.concatenate([curtain, np.column_stack([sheet, 1 + sheet[:, 0] / 1000])])
    quads = [np.stack([corner, corner + 1, corner + 16], 1), np.stack([corner + 1, corner + 17, corner + 16], 1)]
    for faces in (np.concatenate([[[0, 2, 1], [1, 2, 3]], *quads]), np.concatenate([*quads, [[0, 2, 1], [1, 2, 3]]])):
        raster = rasterize(points, faces, width=195, height=195)
        assert (raster.face == nearest_of_all(points, faces, 195).face).all()


def test_many_large_triangles_in_disorder_are_drawn_piece_by_piece() -> None:
    points, faces = soup(300, 11, SIDE, 4)
    points[:, :2] *= 200 / SIDE
    expected, raster = nearest_of_all(points, faces, 200), rasterize(points, faces, width=200, height=200)
    assert (raster.face == expected.face).all()


def test_beyond_a_depth_the_next_surface_shows() -> None:
    points, faces = torus(60, 40)
    first = rasterize(points, faces, width=200, height=200)
    second = rasterize(points, faces, width=200, height=200, beyond=first.depth + 1e-6)
    drawn = second.face >= 0
    assert drawn.sum() > 5000
    assert (second.depth > first.depth)[drawn].all()
    assert (second.face != first.face)[drawn].all()


def test_what_cannot_be_drawn_is_left_out() -> None:
    bad = [[np.nan, 3, 0], [1e12, 3, 0], [-np.inf, 3, 0], [3, 3, np.nan], [3, 3, np.inf]]
    points = np.array([[0, 0, 0], [9, 0, 0], [0, 9, 0], *bad, [4.5, 4.5, 0]])
    faces = np.array([[0, 1, 3], [0, 1, 4], [1, 2, 5], [1, 2, 6], [1, 2, 7], [0, 0, 1], [0, 8, 0]])
    raster = rasterize(points, faces, width=9, height=9)
    assert (raster.face == -1).all()
    assert np.isinf(raster.depth).all()
    assert (weights_of(raster, points, faces) == 0).all()
    assert (rasterize(points, np.zeros((0, 3), int), width=9, height=9).face == -1).all()


# --- weights --------------------------------------------------------------------------------------------------------


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


def test_a_whole_picture_in_perspective_shows_the_points_in_space() -> None:
    rng = np.random.default_rng(5)
    space = rng.uniform([-1, -1, 1], [1, 1, 4], (60, 3))
    points = np.column_stack([SIDE * (space[:, :2] / space[:, 2:] + 1) / 2, -1 / space[:, 2], space[:, 2]])
    faces = np.arange(60).reshape(-1, 3)
    raster = rasterize(points, faces, **BOX)
    seen = np.einsum("hwc,hwcd->hwd", weights_of(raster, points, faces), space[faces[raster.face]])
    row, column = np.nonzero(raster.face >= 0)
    at = seen[row, column]
    np.testing.assert_allclose(SIDE * (at[:, 0] / at[:, 2] + 1) / 2, column + 0.5, atol=1e-4)
    np.testing.assert_allclose(SIDE * (at[:, 1] / at[:, 2] + 1) / 2, row + 0.5, atol=1e-4)
    np.testing.assert_allclose(-1 / at[:, 2], raster.depth[row, column], atol=1e-5)


def test_covered_pixels_come_once_each_with_their_place() -> None:
    points, faces = torus(30, 20)
    raster = rasterize(points, faces, width=200, height=200)
    parts = list(covered(raster, points, faces))
    pixel = np.concatenate([part.pixel for part in parts])
    assert (pixel == np.flatnonzero(raster.face >= 0)).all()
    assert (np.concatenate([part.row * 200 + part.column for part in parts]) == pixel).all()
    assert (np.concatenate([part.face for part in parts]) == raster.face.ravel()[pixel]).all()
