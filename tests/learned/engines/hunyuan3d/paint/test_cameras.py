"""The six cameras are hy3dgen's, and each sees its side of the mesh upright and not mirrored."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from mesh_render import AZIMUTHS, ELEVATIONS, mesh_render

from img23d_backend.engines.hunyuan3d.paint.cameras import make_cameras
from img23d_backend.mesh.raster.rasterize import rasterize

SIZE = 2048


def test_every_vertex_falls_on_hy3dgens_pixel_and_depth() -> None:
    rng = np.random.default_rng(0)
    vertices = (rng.normal(size=(500, 3)) * [0.7, 1.9, 0.4] + [3.0, -1.0, 0.5]).astype(np.float32)
    render = mesh_render(vertices, np.arange(498).reshape(-1, 3), size=SIZE)
    cameras = make_cameras(vertices, size=SIZE)
    for view, azimuth, elevation in zip(cameras.views, AZIMUTHS, ELEVATIONS, strict=True):
        camera, clip = (one.numpy().reshape(-1, 4) for one in render.get_pos_from_mvp(elevation, azimuth, None, None))
        found = view.project(vertices)
        np.testing.assert_allclose(found[:, :2], (clip[:, :2] * 0.5 + 0.5) * (SIZE - 1) + 0.5, atol=2e-3)
        np.testing.assert_allclose(found[:, 2], -camera[:, 2], atol=2e-6)


def test_directions_and_weights_are_those_of_hy3dgens_pipeline() -> None:
    mesh_render(np.eye(3), np.array([[0, 1, 2]]), size=8)  # imports it
    from hy3dgen.texgen.pipelines import Hunyuan3DTexGenConfig

    config = Hunyuan3DTexGenConfig("", "")
    assert (tuple(config.candidate_camera_azims), tuple(config.candidate_camera_elevs)) == (AZIMUTHS, ELEVATIONS)
    cameras = make_cameras(np.eye(3), size=SIZE)
    assert list(cameras.weights) == config.candidate_view_weights
    # Its numbers: 12 directions at each of three heights, then 4 from below and 4 from above, from azimuth 90 on.
    level = {0: (12, 30), -90: (36, 90), 90: (40, 90)}
    expected = [level[e][0] + (a // 30 + 9) % 12 * 30 // level[e][1] for a, e in zip(AZIMUTHS, ELEVATIONS, strict=True)]
    assert list(cameras.ids) == expected


def test_a_mesh_without_extent_has_cameras() -> None:
    for view in make_cameras(np.ones((4, 3)), size=64).views:
        np.testing.assert_allclose(view.project(np.ones((1, 3)))[0, :2], [32, 32])


# --- letters on a box -----------------------------------------------------------------------------------------------

CELLS = 48
# Each side's direction to the outside, and where the top of its letter is.
SIDES = {
    "F": ((0, 0, 1), (0, 1, 0)),
    "R": ((1, 0, 0), (0, 1, 0)),
    "B": ((0, 0, -1), (0, 1, 0)),
    "L": ((-1, 0, 0), (0, 1, 0)),
    "P": ((0, 1, 0), (0, 0, -1)),  # the top, read by one who stands before the thing
    "G": ((0, -1, 0), (0, 0, -1)),  # the ground side, when the back is tipped up
}


def letter(text: str) -> np.ndarray:
    picture = np.zeros((CELLS, CELLS), dtype=np.uint8)
    cv2.putText(picture, text, (10, 40), cv2.FONT_HERSHEY_SIMPLEX, 1.4, 255, 5)
    return picture > 127


def lettered_box() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices, faces, and whether each face is ink: sides of CELLS x CELLS squares, on a box of three different lengths."""
    vertices, faces, ink = [], [], []
    line = np.linspace(-1, 1, CELLS + 1)
    for text, (outside, top) in SIDES.items():
        right = np.cross(top, outside)
        down, across = np.meshgrid(-line, line, indexing="ij")
        start = sum(map(len, vertices))
        points = np.multiply.outer(across, right) + np.multiply.outer(down, top) + outside
        vertices.append(points.reshape(-1, 3) * [0.5, 0.8, 0.3])
        a = start + (np.arange(CELLS)[:, None] * (CELLS + 1) + np.arange(CELLS)).ravel()
        faces.append(np.stack([a, a + CELLS + 1, a + 1, a + 1, a + CELLS + 1, a + CELLS + 2], -1).reshape(-1, 3))
        ink.append(np.repeat(letter(text).ravel(), 2))
    return np.concatenate(vertices), np.concatenate(faces), np.concatenate(ink)


@pytest.mark.parametrize("index", range(6), ids=["front", "right", "back", "left", "top", "bottom"])
def test_each_side_is_read_upright_in_its_view(index: int) -> None:
    vertices, faces, ink = lettered_box()
    view = make_cameras(vertices, size=500).views[index]
    raster = rasterize(view.project(vertices), faces, width=500, height=500)
    rows, columns = np.nonzero(raster.face >= 0)
    seen = ink[raster.face][rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    seen = cv2.resize(seen.astype(np.uint8), (CELLS, CELLS), interpolation=cv2.INTER_AREA) > 0
    assert (seen == letter(list(SIDES)[index])).mean() > 0.95
