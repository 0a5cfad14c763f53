"""The mesher by itself: closed, manifold and even triangles on known and on random reliefs."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import trimesh

from img23d_backend.engines.preview.outline.outline import trace_outline
from img23d_backend.engines.preview.shape.inflate import inflated, solve_membrane
from img23d_backend.mesh.heightfield.closed_mesh import close_relief
from img23d_backend.mesh.heightfield.field import Relief
from img23d_backend.mesh.topology.checks import find_defects
from img23d_backend.stages import Mesh


def _upright(mesh: Mesh) -> Mesh:
    return Mesh(vertices=mesh.vertices * np.float32([1, -1, 1]), faces=mesh.faces)


def _ball_relief(side: int, radius: float) -> Relief:
    y, x = np.mgrid[:side, :side] - (side - 1) / 2 - 0.3
    r = np.hypot(x, y)
    return Relief(distance=radius - r, depth_squared=radius**2 - r**2, size=np.full((side, side), 99.0))


@pytest.mark.parametrize("faces", [500, 4000, 20000])
def test_a_ball_is_round_and_evenly_meshed(faces: int) -> None:
    mesh = _upright(close_relief(_ball_relief(300, 140.0), faces=faces))
    assert find_defects(mesh) == ()
    assert 0.85 * faces <= len(mesh.faces) <= faces
    solid = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    assert solid.volume / (4 / 3 * np.pi * 140**3) == pytest.approx(1, abs=25 / faces)
    smallest = np.degrees(solid.face_angles).min(axis=1)
    assert np.percentile(smallest, 1) > 25 and np.median(smallest) > 42
    length = solid.edges_unique_length
    assert length.max() < 2.5 * np.median(length) and length.min() > 0.3 * np.median(length)


def test_reports_on_the_way() -> None:
    seen: list[float] = []
    close_relief(_ball_relief(120, 50.0), faces=1000, report=seen.append)
    assert len(seen) >= 3 and seen == sorted(seen) and seen[-1] <= 1


def _random_alpha(seed: int, blur: float) -> np.ndarray:
    noise = np.random.default_rng(seed).random((130, 130)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), blur)
    return np.where(smooth > np.quantile(smooth, 0.45), 255, 0).astype(np.uint8)


@pytest.mark.parametrize(("seed", "blur"), [(0, 1.2), (1, 1.2), (2, 2.0), (3, 3.0), (4, 5.0), (5, 8.0)])
def test_random_masks_give_one_closed_piece_with_the_outlines_holes(seed: int, blur: float) -> None:
    distance = trace_outline(_random_alpha(seed, blur), cells=200).distance
    holes = cv2.connectedComponents((distance <= 0).astype(np.uint8), connectivity=8)[0] - 2
    relief = Relief(distance=distance, depth_squared=inflated(distance), size=np.maximum(np.abs(distance), 2.0))
    mesh = _upright(close_relief(relief, faces=20000))
    assert find_defects(mesh) == ()
    solid = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    assert solid.is_watertight and solid.is_winding_consistent and solid.volume > 0
    assert solid.body_count == 1
    genus = 1 - solid.euler_number / 2
    assert abs(genus - holes) <= 0.1 * holes  # a gap of less than a cell may close


def test_the_membrane_of_a_disc_is_a_ball_and_of_a_strip_a_parabola() -> None:
    y, x = np.mgrid[:200, :200] - 99.2
    disc = 80 - np.hypot(x, y)
    exact = np.maximum(80**2 - x**2 - y**2, 0)
    assert np.abs(solve_membrane(disc) - exact).max() < 0.01 * 80**2
    strip = np.minimum(15 - np.abs(x), 90 - np.abs(y))
    exact = np.maximum(15**2 - x**2, 0) * 2
    middle = slice(70, 130)
    assert np.abs(solve_membrane(strip) - exact)[middle].max() < 0.02 * 15**2


def test_limbs_get_round_sections() -> None:
    y, x = np.mgrid[:200, :200] - 99.2
    strip = np.minimum(15 - np.abs(x), 90 - np.abs(y))
    depth = np.sqrt(inflated(strip))[100]
    assert np.abs(depth - np.sqrt(np.maximum(15**2 - x[100] ** 2, 0))).max() < 1.2
