"""Texels on the surface, and what a view sees of it."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from img23d_backend.mesh.raster.visibility import compute_visibility, corner_normals, directions, slack_of
from img23d_backend.mesh.texture.texels import texels
from img23d_backend.mesh.topology.normals import area_vectors, vertex_normals, weld
from img23d_backend.stages import View

FRONT = View.front(center_u=50.0, center_v=50.0, pixels_per_unit=30.0)


def perspective(eye: tuple[float, float, float], focal: float = 100.0) -> View:
    """A camera at `eye` that looks along -z, the middle of the picture at (50, 50)."""
    x, y, z = eye
    return View(matrix=np.array([[focal, 0, -50, -focal * x + 50 * z], [0, -focal, -50, focal * y + 50 * z], [0, 0, 0, -1], [0, 0, -1, z]], float))


def test_texels_interpolate_the_corners() -> None:
    uv = np.array([[[0.1, 0.1], [0.9, 0.2], [0.3, 0.8]]], dtype=np.float32)
    face_map = np.full((32, 32), -1, dtype=np.int32)
    rows, columns = np.array([5, 10, 12]), np.array([8, 12, 20])
    face_map[rows, columns] = 0
    values = np.concatenate([uv, uv * 2 + 1], axis=2)  # affine in uv, so the truth is known
    (part,) = texels(uv, face_map, values)
    spots = np.stack([columns + 0.5, rows + 0.5], 1) / 32
    np.testing.assert_array_equal(part.index, rows * 32 + columns)
    np.testing.assert_allclose(part.values, np.concatenate([spots, spots * 2 + 1], axis=1), atol=1e-5)


def test_a_texel_beside_its_face_takes_the_nearest_of_it() -> None:
    uv = np.array([[[0.2, 0.2], [0.8, 0.2], [0.2, 0.8]]], dtype=np.float32)
    face_map = np.zeros((8, 8), dtype=np.int32)
    (part,) = texels(uv, face_map, uv)
    assert part.values.min() >= 0.2 - 1e-6 and part.values.sum(axis=1).max() <= 1.0 + 1e-6


@pytest.mark.parametrize("eye", [(0.0, 0.0, 5.0), (1.0, -2.0, 4.0)])
def test_the_viewer_is_found_from_the_matrix(eye: tuple[float, float, float]) -> None:
    points = np.random.default_rng(0).uniform(-1, 1, (20, 3))
    view = perspective(eye)
    expected = np.array(eye) - points
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(directions(view, points, view.project(points)), expected, atol=1e-9)
    np.testing.assert_allclose(directions(FRONT, points, FRONT.project(points)), np.tile([0, 0, 1], (20, 1)), atol=1e-12)


@pytest.mark.parametrize("view", [FRONT, perspective((0.0, 0.0, 5.0))])
def test_what_is_behind_is_not_seen(view: View) -> None:
    wall = trimesh.creation.box([1, 1, 0.1])
    behind = wall.copy().apply_translation([0, 0, -1])
    both = trimesh.util.concatenate([behind, wall])
    sight = compute_visibility(both.vertices, both.faces, view, width=100, height=100, longest=100)
    front = both.face_normals[:, 2] > 0.5
    hidden = np.arange(len(both.faces)) < len(wall.faces)
    assert sight.seen[front & ~hidden].all()
    assert not sight.seen[front & hidden].any()
    assert not sight.inside_out.any()


def test_a_mesh_that_is_inside_out_is_noticed() -> None:
    ball = trimesh.creation.icosphere(subdivisions=2)
    ball.invert()
    sight = compute_visibility(ball.vertices, ball.faces, FRONT, width=100, height=100, longest=100)
    outward = -ball.face_normals[:, 2]
    assert sight.inside_out[outward > 0.2].all()
    assert not sight.inside_out[outward < 0.0].any()


def test_slack_covers_one_pixel_of_slope_and_little_more() -> None:
    slope = np.array([[-1, -1, -1.0], [1, -1, 1.0], [-1, 1, -1.0], [5, 5, -9]])  # depth falls by 1/30 a pixel along x
    points = FRONT.project(slope)
    slack = slack_of(points, np.array([[0, 1, 2]]))
    assert 1.0 <= slack[0] <= 1.0 + 0.0021 * np.ptp(points[:, 2])  # in View.front's unit a pixel of width is one of depth


def test_flat_faces_keep_their_own_normal_and_round_ones_the_smooth_one() -> None:
    box = trimesh.creation.box()
    normals = corner_normals(box.vertices, box.faces, area_vectors(box.vertices, box.faces))
    np.testing.assert_allclose(normals, np.repeat(box.face_normals[:, None], 3, axis=1), atol=1e-9)
    ball = trimesh.creation.icosphere(subdivisions=2)
    normals = corner_normals(ball.vertices, ball.faces, area_vectors(ball.vertices, ball.faces))
    np.testing.assert_allclose(normals, ball.vertices[ball.faces], atol=0.02)


def test_pixels_beside_a_nearer_edge_are_marked_and_slopes_are_not() -> None:
    post = trimesh.creation.box([0.5, 2.0, 0.2]).apply_translation([0, 0, 1.0])
    wall = trimesh.creation.box([2.0, 2.0, 0.2])
    both = trimesh.util.concatenate([post, wall])
    beside = compute_visibility(both.vertices, both.faces, FRONT, width=100, height=100, longest=100).beside
    columns = np.flatnonzero(beside[50])  # the post spans the centres 42.5 to 57.5, right one excluded
    np.testing.assert_array_equal(columns, [40, 41, 57, 58])
    ball = trimesh.creation.icosphere(subdivisions=4)
    beside = compute_visibility(ball.vertices, ball.faces, FRONT, width=100, height=100, longest=100).beside
    assert beside.mean() < 0.002


def test_the_second_surface_is_the_next_one_that_looks_this_way() -> None:
    layers = [trimesh.creation.box([1, 1, 0.2]).apply_translation([0, 0, z]) for z in (1.0, 0.0, -1.0)]
    both = trimesh.util.concatenate(layers)
    sight = compute_visibility(both.vertices, both.faces, FRONT, width=100, height=100, longest=100)
    np.testing.assert_allclose(sight.raster.depth[50, 50], -1.1 * 30, atol=1e-3)
    np.testing.assert_allclose(sight.second[50, 50], -0.1 * 30, atol=1e-3)
    alone = compute_visibility(layers[0].vertices, layers[0].faces, FRONT, width=100, height=100, longest=100)
    assert np.isinf(alone.second).all()


def test_vertices_in_one_place_share_number_and_normal() -> None:
    ball = trimesh.creation.icosphere(subdivisions=2)
    loose = ball.vertices[ball.faces].reshape(-1, 3)
    place, count = weld(loose)
    assert count == len(ball.vertices)
    faces = np.arange(len(loose)).reshape(-1, 3)
    np.testing.assert_allclose(vertex_normals(loose, faces, place), loose, atol=0.01)
    flat = vertex_normals(loose, faces)
    np.testing.assert_allclose(flat, np.repeat(ball.face_normals, 3, axis=0), atol=1e-9)
