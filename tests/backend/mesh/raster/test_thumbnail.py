"""The small picture of a mesh."""

from __future__ import annotations

import numpy as np
from small_engine import BLOCK, CORNERS

from img23d_backend.mesh.raster.thumbnail import SIDE, thumbnail
from img23d_backend.stages import Mesh


def block(scale: float = 1.0, at: float = 0.0) -> Mesh:
    return Mesh(vertices=(CORNERS * scale + at).astype(np.float32), faces=BLOCK)


def test_it_fills_its_frame_whatever_the_size_and_place() -> None:
    small, large = thumbnail(block()), thumbnail(block(1000.0, at=-5000.0))
    assert small.shape == (SIDE, SIDE, 4)
    assert np.abs(small.astype(int) - large).max() <= 2
    rows, columns = np.nonzero(small[:, :, 3])
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == np.clip(max(np.ptp(rows), np.ptp(columns)) + 1, 0.9 * SIDE, 0.94 * SIDE)
    assert small[0, 0, 3] == 0 and small[SIDE // 2, SIDE // 2, 3] == 255


def test_what_looks_up_is_lighter_than_what_looks_away_from_the_light() -> None:
    picture = thumbnail(block())
    column = picture[:, SIDE // 2, :3].mean(axis=1)[picture[:, SIDE // 2, 3] == 255]
    assert column[5] > column[-5] + 20  # the top face, and a side


def test_the_texture_stands_upright_on_the_side_that_is_seen() -> None:
    """A front of red above and blue below, by texture coordinates that follow the height."""
    mesh = block()
    uv = np.stack([mesh.vertices[:, 0], 1.0 - mesh.vertices[:, 1]], axis=1)[mesh.faces].astype(np.float32)
    texture = np.zeros((64, 64, 3), np.uint8)
    texture[:32, :, 0], texture[32:, :, 2] = 200, 200
    picture = thumbnail(mesh, uv=uv, texture=texture).astype(int)
    seen = np.flatnonzero(picture[:, SIDE // 2, 3] == 255)
    top, bottom = picture[seen[8], SIDE // 2], picture[seen[-8], SIDE // 2]
    assert top[0] > 80 > top[2] and bottom[2] > 80 > bottom[0]


def test_a_flat_mesh_and_one_without_extent() -> None:
    flat = Mesh(vertices=np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32), faces=np.array([[0, 1, 2]], np.int32))
    assert thumbnail(flat)[:, :, 3].any()
    point = Mesh(vertices=np.zeros((3, 3), np.float32), faces=np.array([[0, 1, 2]], np.int32))
    assert not thumbnail(point)[:, :, 3].any()
