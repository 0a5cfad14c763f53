"""A picture on an artist's own mesh, handed over as the file that `messages.Paint` describes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from img23d_backend.engines.preview.paint.painter import ProjectionPainter
from img23d_backend.jobs.retexture import Retextured, retexture
from img23d_backend.stages import Context, CutOut
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings, UvSource

# Blender's axes: z up, the viewer on the -y side
FRONT = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]], dtype=np.float64)
QUADRANTS = {(-1, 1): (230, 30, 30), (1, 1): (30, 200, 40), (-1, -1): (40, 60, 230), (1, -1): (230, 210, 40)}


def four_colours(width: int = 200, height: int = 200) -> CutOut:
    """Red, green over blue, yellow; 20 pixels of nothing around."""
    rgba = np.zeros((height + 40, width + 40, 4), np.uint8)
    for (x, z), color in QUADRANTS.items():
        left, top = 20 + (width // 2) * (x > 0), 20 + (height // 2) * (z < 0)
        rgba[top : top + height // 2, left : left + width // 2] = (*color, 255)
    return CutOut(rgba=rgba)


def cube(shift: tuple[float, float, float] = (0, 0, 0), scale: tuple[float, float, float] = (1, 1, 1)) -> dict:
    """A cube of six quads, two triangles each, with 24 face corners."""
    points = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    quads = np.array([[0, 4, 5, 1], [4, 6, 7, 5], [6, 2, 3, 7], [2, 0, 1, 3], [1, 5, 7, 3], [0, 2, 6, 4]])
    corner = np.arange(24).reshape(6, 4)
    halves = [[0, 1, 2], [0, 2, 3]]
    return {
        "vertices": (points * scale + shift).astype(np.float32),
        "triangles": np.concatenate([quads[:, half] for half in halves]).astype(np.int32),
        "corners": np.concatenate([corner[:, half] for half in halves]).astype(np.int32),
        "corner_count": np.int32(24),
        "view": FRONT,
    }


def run(folder: Path, data: dict, cutout: CutOut | None = None) -> Retextured:
    path = folder / "сетка.npz"
    np.savez(path, **data)
    return retexture(path, UvSource.NEW, cutout or four_colours(), ProjectionPainter(), Settings(), Context())


def color_on(result: Retextured, data: dict, corner_quad: int, x: float, z: float) -> np.ndarray:
    """The colour at (x, z) of -1..1 on the cube's face with the corners from 4 * corner_quad on, read as Blender does."""
    uv = result.uv[4 * corner_quad : 4 * corner_quad + 4].astype(float)  # left bottom, right bottom, right top, left top
    s, t = (x + 1) / 2, (z + 1) / 2
    u, v = (1 - t) * ((1 - s) * uv[0] + s * uv[1]) + t * ((1 - s) * uv[3] + s * uv[2])
    size = len(result.texture)
    return cv2.getRectSubPix(result.texture, (1, 1), (u * size - 0.5, (1 - v) * size - 0.5))[0, 0].astype(int)


@pytest.mark.parametrize("shift", [(0, 0, 0), (500, -300, 40)])
@pytest.mark.parametrize("scale", [(1, 1, 1), (3, 0.2, 0.5), (0.001, 0.001, 0.001)])
def test_the_picture_fills_the_front(tmp_path: Path, shift: tuple, scale: tuple) -> None:
    data = cube(shift, scale)
    result = run(tmp_path, data)
    assert result.uv.shape == (24, 2) and result.uv.dtype == np.float32
    for (x, z), expected in QUADRANTS.items():
        for near in (0.15, 0.9):
            assert np.abs(color_on(result, data, 0, x * near, z * near) - expected).max() < 12


def test_the_back_shows_it_mirrored(tmp_path: Path) -> None:
    data = cube()
    result = run(tmp_path, data)
    for (x, z), expected in QUADRANTS.items():  # seen from behind, left is the front's right
        assert np.abs(color_on(result, data, 2, -x * 0.5, z * 0.5) - expected).max() < 40


def test_a_perspective_view_is_followed(tmp_path: Path) -> None:
    data = cube()
    data["view"] = np.array([[2, 0, 0, 0], [0, 0, 2, 0], [0, 1, 0, 2.8], [0, 1, 0, 3.0]])  # an eye at y = -3
    result = run(tmp_path, data)
    for (x, z), expected in QUADRANTS.items():
        for near in (0.15, 0.9):
            assert np.abs(color_on(result, data, 0, x * near, z * near) - expected).max() < 12


def test_a_view_from_elsewhere_paints_that_side(tmp_path: Path) -> None:
    data = cube()
    data["view"] = np.array([[0, 1, 0, 0], [0, 0, 1, 0], [-1, 0, 0, 0], [0, 0, 0, 1.0]])  # from +x, right is +y
    result = run(tmp_path, data)
    for (x, z), expected in QUADRANTS.items():
        assert np.abs(color_on(result, data, 1, x * 0.5, z * 0.5) - expected).max() < 12


def test_corners_of_a_quad_have_one_uv_for_both_its_triangles(tmp_path: Path) -> None:
    bent = cube()
    bent["vertices"] = bent["vertices"] + np.random.default_rng(0).uniform(-0.6, 0.6, (8, 3)).astype(np.float32)
    result = run(tmp_path, bent)
    assert len(np.unique(result.uv, axis=0)) >= 8
    assert result.uv.min() >= 0 and result.uv.max() <= 1


def test_loose_vertices_do_not_count(tmp_path: Path) -> None:
    data = cube()
    data["vertices"] = np.concatenate([data["vertices"], [[100, 100, np.nan]]]).astype(np.float32)
    np.testing.assert_array_equal(run(tmp_path, data).uv, run(tmp_path, cube()).uv)


def test_a_stretched_picture_is_told(tmp_path: Path) -> None:
    assert run(tmp_path, cube()).note == ""
    assert "2.0 times wider" in run(tmp_path, cube(), four_colours(width=400)).note
    assert "2.0 times taller" in run(tmp_path, cube(scale=(2, 1, 1))).note


def without(key: str) -> dict:
    return {name: value for name, value in cube().items() if name != key}


BROKEN = {
    "no triangles": {**cube(), "triangles": np.zeros((0, 3), np.int32), "corners": np.zeros((0, 3), np.int32)},
    "no vertices": {**cube(), "vertices": np.zeros((0, 3), np.float32)},
    "vertex out of range": {**cube(), "triangles": cube()["triangles"] + 1},
    "negative corner": {**cube(), "corners": cube()["corners"] - 1},
    "too few corners": {**cube(), "corners": cube()["corners"][:5]},
    "not a number": {**cube(), "vertices": np.full((8, 3), np.nan, np.float32)},
    "endless view": {**cube(), "view": np.full((4, 4), np.inf)},
    "flat view": {**cube(), "view": np.eye(3)},
    **{f"no {key}": without(key) for key in cube()},
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_mesh_is_said_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(Img23DError) as caught:
        run(tmp_path, BROKEN[name])
    assert caught.value.code == ErrorCode.MESH_UNREADABLE
    assert caught.value.detail


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 not really", b"\x93NUMPY"])
def test_a_broken_file_is_said_so(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "mesh.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Img23DError) as caught:
        retexture(path, UvSource.NEW, four_colours(), ProjectionPainter(), Settings(), Context())
    assert caught.value.code == ErrorCode.MESH_UNREADABLE


def test_a_truncated_file_is_said_so(tmp_path: Path) -> None:
    np.savez(tmp_path / "whole.npz", **cube())
    path = tmp_path / "half.npz"
    path.write_bytes((tmp_path / "whole.npz").read_bytes()[:900])
    with pytest.raises(Img23DError) as caught:
        retexture(path, UvSource.NEW, four_colours(), ProjectionPainter(), Settings(), Context())
    assert caught.value.code == ErrorCode.MESH_UNREADABLE


@pytest.mark.parametrize(
    "change",
    [
        {"view": np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 1, 0, 0.5]])},
        {"vertices": cube(scale=(0, 1, 1))["vertices"]},
    ],
    ids=["behind the viewer", "from its edge"],
)
def test_a_view_that_shows_nothing_is_said_so(tmp_path: Path, change: dict) -> None:
    with pytest.raises(Img23DError) as caught:
        run(tmp_path, {**cube(), **change})
    assert caught.value.code == ErrorCode.BAD_REQUEST
