"""The preview engine's solids: against known solids, against the cut-out's outline, and with bad input."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import trimesh
from drawn import SUB, blank, cutout, ellipse, iou, polygon, shape_of, soft, solid_of
from scipy.spatial import cKDTree

from img23d_backend.engines.preview.shape.shaper import OutlineShaper
from img23d_backend.mesh.topology.checks import find_defects
from img23d_backend.stages import Context, JobCancelled, Shaped
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Settings, ShapeKind


def _disc() -> np.ndarray:
    image = blank(240, 240)
    ellipse(image, 120, 120, 100, 100)
    return soft(image)


def _ring() -> np.ndarray:
    image = blank(240, 240)
    ellipse(image, 120, 120, 110, 110)
    ellipse(image, 120, 120, 60, 60, 0)
    return soft(image)


def _mug() -> np.ndarray:
    image = blank(260, 280)
    ellipse(image, 180, 130, 70, 75)
    ellipse(image, 180, 130, 48, 53, 0)
    polygon(image, [(40, 45), (180, 45), (180, 215), (40, 215)])
    ellipse(image, 110, 45, 70, 20)
    ellipse(image, 110, 215, 70, 20)
    return soft(image)


def _quadrangle() -> np.ndarray:
    image = blank(260, 220)
    polygon(image, [(30, 20), (180, 35), (170, 240), (20, 225)])
    return soft(image)


def _rectangle() -> np.ndarray:
    image = blank(260, 160)
    polygon(image, [(30, 30), (130, 30), (130, 230), (30, 230)])
    return soft(image)


def _triangle() -> np.ndarray:
    image = blank(240, 240)
    polygon(image, [(120, 20), (210, 220), (30, 220)])
    return soft(image)


def _star() -> np.ndarray:
    image = blank(260, 260)
    radius = (120, 50) * 5
    polygon(image, [(130 + r * np.sin(i * np.pi / 5), 130 - r * np.cos(i * np.pi / 5)) for i, r in enumerate(radius)])
    return soft(image)


def _wave() -> np.ndarray:
    image = blank(200, 300)
    t = np.linspace(0, 3 * np.pi, 200)
    path = np.column_stack([30 + t * 25, 100 + 50 * np.sin(t)]) * SUB
    cv2.polylines(image, [np.round(path).astype(np.int32)], False, 255, 16 * SUB)
    return soft(image)


def _chamfer(shaped: Shaped, truth: trimesh.Trimesh) -> float:
    """Mean distance both ways, each mesh centred and scaled to a longest side of 1."""
    clouds = []
    for solid in (solid_of(shaped), truth):
        points = trimesh.sample.sample_surface(solid, 8000, seed=1)[0]
        low, high = solid.bounds
        clouds.append((points - (low + high) / 2) / (high - low).max())
    first, second = (cKDTree(cloud) for cloud in clouds)
    return float(first.query(clouds[1])[0].mean() + second.query(clouds[0])[0].mean()) / 2


def _up(solid: trimesh.Trimesh) -> trimesh.Trimesh:
    return solid.apply_transform(trimesh.transformations.rotation_matrix(-np.pi / 2, (1, 0, 0)))


OUTLINES = {
    "disc": (_disc, 2),
    "ring": (_ring, 0),
    "mug": (_mug, 0),
    "quadrangle": (_quadrangle, 2),
    "star": (_star, 2),
    "wave": (_wave, 2),
}


@pytest.mark.parametrize("name", OUTLINES)
def test_every_outline_becomes_one_closed_solid_that_covers_its_cutout(name: str) -> None:
    draw, euler = OUTLINES[name]
    alpha = draw()
    shaped = shape_of(alpha, faces=20000)
    assert find_defects(shaped.mesh) == ()
    solid = solid_of(shaped)
    assert solid.is_watertight and solid.is_winding_consistent and solid.volume > 0
    assert solid.euler_number == euler and solid.body_count == 1
    assert 12000 <= len(solid.faces) <= 20000
    assert iou(shaped, alpha) >= 0.985
    assert shaped.note.endswith(".")


@pytest.mark.parametrize(
    ("alpha", "kind", "truth"),
    [
        (_disc(), ShapeKind.AUTO, trimesh.creation.icosphere(4)),
        (_disc(), ShapeKind.INFLATE, trimesh.creation.icosphere(4)),
        (_ring(), ShapeKind.AUTO, trimesh.creation.torus(85, 25)),
        (_rectangle(), ShapeKind.REVOLVE, _up(trimesh.creation.cylinder(50, 200, sections=96))),
        (_triangle(), ShapeKind.REVOLVE, _up(trimesh.creation.cone(90, 200, sections=96))),
    ],
    ids=["ball", "inflated ball", "torus", "cylinder", "cone"],
)
def test_known_solids_are_met(alpha: np.ndarray, kind: ShapeKind, truth: trimesh.Trimesh) -> None:
    assert _chamfer(shape_of(alpha, kind=kind), truth) < 0.014


def test_a_board_has_flat_faces() -> None:
    shaped = shape_of(_quadrangle())
    depth = float(np.ptp(shaped.mesh.vertices[:, 2])) * shaped.view.matrix[0, 0]
    corners = [(30, -20), (180, -35), (170, -240), (20, -225)]
    truth = trimesh.convex.convex_hull([(x, y, z) for x, y in corners for z in (0, depth)])
    assert _chamfer(shaped, truth) < 0.012
    assert np.ptp(shaped.mesh.vertices[:, 2]) < 0.3
    assert "flat" in shaped.note


def _star(arms: int) -> np.ndarray:
    image = blank(240, 240)
    angles = np.arange(2 * arms) * np.pi / arms
    radii = np.where(np.arange(2 * arms) % 2, 55, 105)
    polygon(image, [(120 + r * np.sin(a), 120 - r * np.cos(a)) for r, a in zip(radii, angles, strict=True)])
    return soft(image)


def test_a_star_is_puffed_and_a_cog_is_flat() -> None:
    star, cog = (np.ptp(shape_of(_star(arms)).mesh.vertices[:, 2]) for arms in (5, 9))
    assert 0.35 < star < 0.8
    assert 0.05 < cog < 0.3


def test_a_mug_is_a_round_body_with_a_round_handle() -> None:
    shaped = shape_of(_mug(), faces=12000)
    pixels = shaped.view.project(shaped.mesh.vertices)
    depth = shaped.mesh.vertices[:, 2] * shaped.view.matrix[0, 0]
    body = depth[np.abs(pixels[:, 0] - 110) < 30].max()
    handle = depth[pixels[:, 0] > 220].max()
    assert body == pytest.approx(70, abs=3)
    assert handle == pytest.approx(11, abs=2.5)
    assert "axis" in shaped.note


def test_thickness_scales_what_is_blown_up() -> None:
    depths = [np.ptp(shape_of(_wave(), faces=3000, thickness=t).mesh.vertices[:, 2]) for t in (0.25, 1.0, 2.0)]
    assert depths[0] == pytest.approx(depths[1] / 4, rel=0.05)
    assert depths[2] == pytest.approx(depths[1] * 2, rel=0.05)


def test_revolve_can_be_forced_and_refused() -> None:
    assert np.ptp(shape_of(_quadrangle(), kind=ShapeKind.REVOLVE).mesh.vertices[:, 2]) > 0.5
    assert "Blown up" in shape_of(_disc(), kind=ShapeKind.INFLATE).note


def test_small_parts_go_and_large_loose_parts_are_tied() -> None:
    image = blank(200, 300)
    ellipse(image, 80, 100, 60, 60)
    ellipse(image, 220, 100, 30, 30)
    ellipse(image, 280, 20, 3, 3)
    shaped = shape_of(soft(image))
    assert find_defects(shaped.mesh) == ()
    right = shaped.view.project(shaped.mesh.vertices)[:, 0].max()
    assert right == pytest.approx(250, abs=1)


@pytest.mark.parametrize("faces", [500, 60000])
def test_the_number_of_faces_is_kept(faces: int) -> None:
    shaped = shape_of(_mug(), faces=faces)
    assert find_defects(shaped.mesh) == ()
    assert 0.6 * faces <= len(shaped.mesh.faces) <= faces


def _dot() -> np.ndarray:
    alpha = np.zeros((40, 40), np.uint8)
    alpha[20, 18:21] = 255
    return alpha


def _line() -> np.ndarray:
    alpha = np.zeros((200, 200), np.uint8)
    cv2.line(alpha, (10, 20), (190, 150), 255, 1)
    return alpha


def _checkers() -> np.ndarray:
    return (np.indices((120, 120)).sum(axis=0) % 2 * 255).astype(np.uint8)


def _pinch() -> np.ndarray:
    alpha = np.zeros((120, 120), np.uint8)
    alpha[10:60, 10:60] = alpha[60:110, 60:110] = 255
    return alpha


def _noise() -> np.ndarray:
    noise = cv2.GaussianBlur(np.random.default_rng(3).random((120, 120)).astype(np.float32), (0, 0), 1.5)
    return np.where(noise > 0.5, 255, 0).astype(np.uint8)


@pytest.mark.parametrize("alpha", [_dot(), _line(), _checkers(), _pinch(), _noise(), np.full((1, 1), 255, np.uint8)])
@pytest.mark.parametrize("faces", [500, 20000])
def test_odd_outlines_give_closed_solids(alpha: np.ndarray, faces: int) -> None:
    shaped = shape_of(alpha, faces=faces)
    assert find_defects(shaped.mesh) == ()
    assert len(shaped.mesh.faces) <= faces


@pytest.mark.parametrize("alpha", [np.zeros((30, 30), np.uint8), np.full((30, 30), 100, np.uint8)])
def test_an_empty_cutout_is_said(alpha: np.ndarray) -> None:
    with pytest.raises(Img23DError) as caught:
        shape_of(alpha)
    assert caught.value.code is ErrorCode.EMPTY_CUTOUT


def test_the_same_cutout_gives_the_same_bytes() -> None:
    first, second = (shape_of(_mug(), faces=3000).mesh for _ in range(2))
    assert first.vertices.tobytes() == second.vertices.tobytes()
    assert first.faces.tobytes() == second.faces.tobytes()
    assert first.vertices.dtype == np.float32 and first.faces.dtype == np.int32


def test_a_cancel_is_seen() -> None:
    def report(fraction: float, note: str) -> None:
        if fraction > 0.4:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        OutlineShaper().shape(cutout(_disc()), Settings(), Context(report=report))
