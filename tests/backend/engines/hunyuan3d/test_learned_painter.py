"""Who paints, and from which side, before any network is needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from img23d_backend.engines.hunyuan3d.paint.painter import HunyuanPainter, facing_viewer
from img23d_backend.models.store import ModelStore
from img23d_backend.stages import Context, CutOut, Mesh, Painted, View
from img23d_backend.weights.store import WeightStore
from img23d_protocol.messages import Settings

MESH = Mesh(vertices=np.eye(3, dtype=np.float32), faces=np.array([[0, 1, 2]], np.int32))
CUTOUT = CutOut(rgba=np.full((8, 8, 4), 255, np.uint8))
FRONT = View.front(center_u=4, center_v=4, pixels_per_unit=4)


class Fallback:
    """Remembers what it was asked to paint."""

    def __init__(self) -> None:
        self.asked: list[tuple[Mesh, np.ndarray | None]] = []

    def paint(self, mesh, view, cutout, settings, context, *, uv=None, splats=None) -> Painted:
        self.asked.append((mesh, uv))
        return Painted(mesh=mesh, uv=np.zeros((1, 3, 2), np.float32), texture=np.zeros((4, 4, 3), np.uint8))


def painter(folder: Path) -> tuple[HunyuanPainter, Fallback]:
    fallback = Fallback()
    return HunyuanPainter(WeightStore(folder), ModelStore(), fallback=fallback), fallback


def test_who_wants_the_projection_gets_it_without_a_word(tmp_path: Path) -> None:
    learned, fallback = painter(tmp_path)
    told: list[str] = []
    uv = np.zeros((1, 3, 2), np.float32)
    settings = Settings.of(painter="preview")
    learned.paint(MESH, FRONT, CUTOUT, settings, Context(notify=told.append), uv=uv)
    assert fallback.asked == [(MESH, uv)] and not told
    learned.prefetch(settings)


def test_without_its_weights_the_photo_is_projected_and_told(tmp_path: Path) -> None:
    learned, fallback = painter(tmp_path)
    told: list[str] = []
    context = Context(notify=told.append)
    picture = learned.prepare(CUTOUT, Settings(), context)
    learned.paint_prepared(MESH, FRONT, CUTOUT, picture, Settings(), context)
    assert len(fallback.asked) == 1
    assert set(told) == {"The models that paint are not downloaded, so the photo was projected instead: download them under AI Models."}
    learned.prefetch(Settings())


def turned(towards: tuple[float, float, float], up: tuple[float, float, float], eye: float = 0.0) -> View:
    """The view of someone who stands at `towards`; with `eye` a distance, in perspective."""
    towards_, up_ = np.array(towards) / np.linalg.norm(towards), np.array(up) / np.linalg.norm(up)
    right = np.cross(up_, towards_)
    up_ = np.cross(towards_, right)
    matrix = np.eye(4)
    matrix[0, :3], matrix[1, :3], matrix[2, :3] = 10 * right, -10 * up_, -towards_
    matrix[:2, 3] = 50
    if eye:
        w = np.array([*(-towards_), eye])
        matrix[:2] = matrix[:2] * eye - np.outer([50, 50], [0, 0, 0, eye]) + np.outer([50, 50], w)
        matrix[2, 3] = eye
        matrix[3] = w
    return View(matrix=matrix)


@pytest.mark.parametrize("eye", [0.0, 7.0], ids=["orthographic", "perspective"])
@pytest.mark.parametrize(
    ("towards", "front"),
    [((0, 0, 1), (0, 0, 1)), ((1, 0, 0), (1, 0, 0)), ((0, 0.5, -1), (0, 0, -1)), ((1, -0.6, 1), (1, 0, 1))],
)
def test_the_side_in_the_picture_becomes_the_front_and_the_mesh_stays_upright(towards, front, eye) -> None:
    marks = np.array([front, (0, 1, 0)], float)
    around = np.concatenate([marks, -marks]).astype(np.float32)  # its middle is the origin
    mesh = Mesh(vertices=around, faces=np.array([[0, 1, 2]], np.int32))
    result = facing_viewer(mesh, turned(towards, (0, 1, 0), eye)).vertices
    assert np.allclose(result[0] / np.linalg.norm(result[0]), (0, 0, 1), atol=1e-5)
    assert np.allclose(result[1], (0, 1, 0), atol=1e-5)


@pytest.mark.parametrize("eye", [0.0, 7.0], ids=["orthographic", "perspective"])
def test_seen_from_above_the_pictures_own_up_is_up(eye) -> None:
    around = np.array([(0, 1, 0), (0, 0, -1), (0, -1, 0), (0, 0, 1)], np.float32)
    mesh = Mesh(vertices=around, faces=np.array([[0, 1, 2]], np.int32))
    result = facing_viewer(mesh, turned((0, 1, 0), (0, 0, -1), eye)).vertices
    assert np.allclose(result[:2], [(0, 0, 1), (0, 1, 0)], atol=1e-5)
