"""An artist's own layout: whether it can hold a texture, and its texels."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from img23d_backend.mesh.uv.layout import covers_twice, layout_from
from img23d_backend.mesh.uv.unwrap import unwrap_mesh
from img23d_backend.stages import Mesh

SIZE = 256


def free_of_overlaps() -> np.ndarray:
    ring = trimesh.creation.torus(1.0, 0.4, major_sections=24, minor_sections=12)
    mesh = Mesh(vertices=ring.vertices.astype(np.float32), faces=ring.faces.astype(np.int32))
    return unwrap_mesh(mesh, size=SIZE, report=lambda: None).uv


def test_a_layout_without_overlaps_is_worth_keeping() -> None:
    uv = free_of_overlaps()
    assert covers_twice(uv, None, 512) == 0.0
    assert covers_twice(uv + [3.0, -2.0], None, 512) == 0.0  # another tile
    kept = layout_from(uv, None, SIZE)
    np.testing.assert_array_equal(kept.uv, uv)
    assert kept.used > 0.4 and len(np.unique(kept.face)) > 0.95 * len(uv)


def test_layouts_that_cannot_hold_a_texture_are_seen() -> None:
    uv = free_of_overlaps()
    halves = np.concatenate([uv, np.stack([1.0 - uv[..., 0], uv[..., 1]], -1)[:, ::-1]])  # a mirrored half over the other
    assert covers_twice(halves, None, 512) > 0.3
    assert covers_twice(np.concatenate([uv, uv + [1.0, 0.0]]), None, 512) == 1.0  # tiles for one texture each
    assert covers_twice(uv * 3.0, None, 512) > 0.3  # a pattern that repeats
    assert covers_twice(np.zeros((8, 3, 2)), None, 512) == 1.0
    assert covers_twice(np.full((8, 3, 2), np.nan), None, 512) == 1.0


def test_triangles_of_one_polygon_may_share_texels() -> None:
    uv = np.array([[[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]], [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]])
    assert covers_twice(uv, np.array([0, 0]), 256) == 0.0
    assert covers_twice(uv, np.array([0, 1]), 256) > 0.3


def test_a_given_layout_outside_of_the_square_is_moved_into_it() -> None:
    inside = np.array([[[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]])
    layout = layout_from(inside + [-4.0, 7.0], None, 64)
    np.testing.assert_allclose(layout.uv, inside, atol=1e-6)
    assert layout.used == pytest.approx(0.32, abs=0.02)
