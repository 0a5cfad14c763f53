"""What no picture shows takes its colour from the surface around it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import trimesh
from painted_sides import layout_of, look_up, mesh_of, scattered

from img23d_backend.mesh.texture.bake import Baked
from img23d_backend.mesh.texture.fill import fill_surface
from img23d_backend.mesh.texture.texels import texels
from img23d_backend.mesh.uv.unwrap import Layout
from img23d_backend.stages import JobCancelled

SIZE = 512
RED, BLUE = np.array([200.0, 30, 30]), np.array([30.0, 30, 200])

Colors = Callable[[np.ndarray], np.ndarray]
Seen = Callable[[np.ndarray, np.ndarray], np.ndarray]


def filled(solid: trimesh.Trimesh, color: Colors, seen: Seen) -> tuple[Layout, np.ndarray, Baked]:
    """`color` of positions (N, 3), where `seen` of positions and normals (N, 3) is true, and what the rest became."""
    mesh = mesh_of(solid)
    layout = layout_of(mesh, SIZE)
    image, trust = np.zeros((SIZE * SIZE, 3), np.uint8), np.zeros(SIZE * SIZE, np.float32)
    for part in texels(layout.uv, layout.face, mesh.vertices[mesh.faces]):
        known = seen(part.values, solid.face_normals[part.face])
        image[part.index[known]] = np.rint(color(part.values[known]))
        trust[part.index[known]] = 1.0
    baked = Baked(color=image.reshape(SIZE, SIZE, 3), trust=trust.reshape(SIZE, SIZE))
    return layout, fill_surface(mesh, layout, baked, report=lambda fraction: None), baked


def plain(color: np.ndarray) -> Colors:
    return lambda points: np.broadcast_to(color, points.shape)


def at_points(solid: trimesh.Trimesh, layout: Layout, texture: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    face, weights, points = scattered(solid)
    return face, points, look_up(layout, texture, face, weights)


BALL = trimesh.creation.icosphere(subdivisions=4)
PLATE = trimesh.creation.box([2.0, 2.0, 0.05])


def test_what_is_seen_stays_as_it_is() -> None:
    layout, texture, baked = filled(BALL, lambda points: 127 + 100 * points, lambda points, _: points[:, 2] > 0.0)
    np.testing.assert_array_equal(texture[baked.trust == 1.0], baked.color[baked.trust == 1.0])


@pytest.mark.parametrize("solid", [BALL, PLATE, trimesh.creation.box()], ids=["ball", "plate", "box"])
def test_one_colour_becomes_the_colour_of_everything(solid: trimesh.Trimesh) -> None:
    _, texture, _ = filled(solid, plain(RED), lambda points, _: points[:, 2] > 0.02)
    assert np.abs(texture - RED).max() <= 1.0  # the space between the islands too


def test_a_gap_is_bridged_smoothly() -> None:
    layout, texture, _ = filled(BALL, lambda points: np.where(points[:, 2:] > 0, RED, BLUE), lambda points, _: np.abs(points[:, 2]) > 0.4)
    _, points, found = at_points(BALL, layout, texture)
    band = np.abs(points[:, 2]) < 0.4
    expected = BLUE + (RED - BLUE) * (np.arctanh(points[band, 2:]) / np.arctanh(0.4) / 2 + 0.5)  # harmonic on the sphere
    assert np.abs(found[band] - expected).mean() < 6.0
    assert np.abs(found[band] - expected).max() < 30.0


def test_nothing_shines_through_a_thin_wall() -> None:
    def front(points: np.ndarray) -> np.ndarray:
        return np.where(np.hypot(points[:, :1], points[:, 1:2]) < 0.6, BLUE, RED)

    layout, texture, _ = filled(PLATE, front, lambda points, normal: normal[:, 2] > -0.5)  # front and rim are seen
    face, _, found = at_points(PLATE, layout, texture)
    back = found[PLATE.face_normals[face, 2] < -0.5]
    assert np.abs(back - RED).max() < 12.0


def test_islands_that_only_lie_beside_each_other_in_the_texture_share_nothing() -> None:
    boxes = [trimesh.creation.box([0.5, 0.5, 0.5]).apply_translation([x, 0, 0]) for x in np.arange(-4, 5)]
    row = trimesh.util.concatenate(boxes)

    def color(points: np.ndarray) -> np.ndarray:
        return np.where(np.rint(points[:, :1]) % 2 == 0, RED, BLUE)

    layout, texture, _ = filled(row, color, lambda points, normal: normal[:, 2] > 0.5)
    _, points, found = at_points(row, layout, texture)
    assert np.abs(found - color(points)).max() <= 1.0


def test_a_part_that_nobody_sees_takes_the_colours_of_what_is_nearest() -> None:
    left, right = (BALL.copy().apply_translation([x, 0, 0]) for x in (-3, 3))
    loose = BALL.copy().apply_scale(0.3).apply_translation([-1.6, 0, 0])
    scene = trimesh.util.concatenate([left, right, loose])
    in_loose = len(left.faces) + len(right.faces)
    layout, texture, _ = filled(scene, lambda points: np.where(points[:, :1] < 0, RED, BLUE), lambda points, _: np.abs(points[:, 0]) > 2.0)
    face, _, found = at_points(scene, layout, texture)
    assert np.abs(found[face >= in_loose] - RED).max() < 25.0


def test_large_faces_are_filled_as_smoothly_as_small_ones() -> None:
    coarse, fine = trimesh.creation.box(), trimesh.creation.box().subdivide_to_size(0.05)
    results = []
    for solid in (coarse, fine):
        layout, texture, _ = filled(solid, lambda points: np.where(points[:, :1] > 0, RED, BLUE), lambda points, _: np.abs(points[:, 0]) > 0.3)
        results.append(at_points(solid, layout, texture))
    for _, points, found in results:
        middle = np.abs(points[:, 0]) < 0.28
        expected = BLUE + (RED - BLUE) * (points[middle, :1] / 0.6 + 0.5)  # along a belt of one width
        assert np.abs(found[middle] - expected).mean() < 8.0
        assert np.abs(found[middle] - expected).max() < 50.0


def test_the_passage_from_seen_to_filled_has_no_step() -> None:
    layout, texture, baked = filled(BALL, lambda points: 127 + 100 * points, lambda points, _: points[:, 2] > 0.0)
    both = (baked.trust[:, 1:] > 0) != (baked.trust[:, :-1] > 0)
    inside = (layout.face[:, 1:] >= 0) & (layout.face[:, :-1] >= 0) & both
    steps = np.abs(np.diff(texture.astype(int), axis=1)).max(axis=2)[inside]
    assert len(steps) > 100 and steps.max() < 16


def test_a_mesh_with_more_faces_than_texels_is_filled() -> None:
    many = trimesh.creation.icosphere(subdivisions=7)  # 327,680 faces, 163,842 vertices
    texture = np.zeros((64, 64, 3), np.uint8)
    texture[:] = RED
    uv = np.full((len(many.faces), 3, 2), 0.5, np.float32) + many.triangles[:, :, :2].astype(np.float32) * 0.4
    face = np.zeros((64, 64), np.int32)
    baked = Baked(color=texture, trust=np.where(np.arange(64) < 32, 1.0, 0.0).astype(np.float32) * np.ones((64, 1), np.float32))
    layout = Layout(uv=uv, face=face, charts=1, used=1.0)
    result = fill_surface(mesh_of(many), layout, baked, report=lambda fraction: None)
    assert np.abs(result - RED).max() <= 1.0


def test_without_anything_seen_the_texture_is_an_even_grey() -> None:
    _, texture, _ = filled(BALL, plain(RED), lambda points, _: np.zeros(len(points), bool))
    assert (texture == 128).all()


def test_a_cancel_is_seen() -> None:
    def stop(fraction: float) -> None:
        raise JobCancelled

    mesh = mesh_of(BALL)
    layout = layout_of(mesh, 64)
    baked = Baked(color=np.full((64, 64, 3), 9, np.uint8), trust=np.eye(64, dtype=np.float32))
    with pytest.raises(JobCancelled):
        fill_surface(mesh, layout, baked, report=stop)
