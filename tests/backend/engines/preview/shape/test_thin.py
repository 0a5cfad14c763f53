"""Thin parts of the preview engine's solids: as thick as in the photo, in one piece, and open between them."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from drawn import blank, ellipse, in_pixels, iou, polygon, rod, shape_of, soft, solid_of

from img23d_backend.engines.preview.outline.outline import trace_outline
from img23d_backend.mesh.topology.checks import find_defects
from img23d_protocol.messages import ShapeKind

REACH = 9.5  # pixels to either side, in which there is nothing else


def _chair(width: float, height: int = 300) -> np.ndarray:
    """A chair from the front with four legs, two stretchers and a back of five rails, its bars `width` pixels across."""
    image = blank(height, 200)
    k = height / 300
    polygon(image, [(40, 150 * k), (160, 150 * k), (168, 165 * k), (32, 165 * k)])
    for x, y in ((40, 280), (160, 280), (62, 262), (138, 262)):
        rod(image, (x, 155 * k), (x, y * k), width)
    for y in (205, 240):
        rod(image, (40, y * k), (160, y * k), width)
    for x in (48, 152):
        rod(image, (x, 20 * k), (x, 155 * k), width)
    for y in (24, 50, 76, 102, 128):
        rod(image, (48, y * k), (152, y * k), width)
    return soft(image)


def _holes(made: object) -> int:
    return 1 - solid_of(made).euler_number // 2


def _across(solid: trimesh.Trimesh, at: tuple[float, float], along: tuple[int, int, int]) -> tuple[float, float]:
    """How wide in the picture and how deep a bar is, cut at a place in pixels by a plane across it."""
    (x, y), across = at, 0 if along[1] else 1
    segments = trimesh.intersections.mesh_plane(solid, along, (x, y, 0))
    points = segments.reshape(-1, 3)
    near = points[np.abs(points[:, across] - at[across]) < REACH]
    return float(np.ptp(near[:, across])), float(np.ptp(near[:, 2]))


@pytest.mark.parametrize("faces", [6000, 20000])
@pytest.mark.parametrize("width", [2.0, 3.0, 4.0, 7.0])
def test_a_chairs_bars_are_as_thick_as_in_the_photo_and_open_between(width: float, faces: int) -> None:
    alpha = _chair(width)
    made = shape_of(alpha, faces=faces)
    assert find_defects(made.mesh) == ()
    assert "axis" not in made.note
    assert _holes(made) == 4 + 1 + 2 * 3  # between the rails, above the seat, and in three bays above each stretcher
    solid = in_pixels(made)
    upright, level = (((40, 180), (138, 250), (48, 60)), (0, 1, 0)), (((100, 76), (100, 128)), (1, 0, 0))
    for at, along in ((at, along) for places, along in (upright, level) for at in places):
        wide, deep = _across(solid, at, along)
        assert wide == pytest.approx(width, abs=max(0.8, 0.12 * width))
        assert deep == pytest.approx(width, abs=max(0.8, 0.22 * width))
    assert iou(made, alpha) > (0.8 if width < 3 else 0.88)


def test_a_large_chairs_bars_keep_their_thickness_on_a_coarse_grid() -> None:
    alpha = _chair(4.0, height=1800)
    made = shape_of(alpha, faces=20000)
    assert find_defects(made.mesh) == ()
    wide, _ = _across(in_pixels(made), (40, 1080), (0, 1, 0))
    assert wide == pytest.approx(4.0, abs=2.0)


def test_a_wire_that_fades_in_places_is_not_broken() -> None:
    image = blank(240, 240)
    ellipse(image, 120, 60, 50, 40)
    rod(image, (120, 90), (120, 225), 2.4)
    alpha = soft(image)
    alpha[150:160, 110:130] = (alpha[150:160, 110:130] * 0.45).astype(np.uint8)
    made = shape_of(alpha)
    assert find_defects(made.mesh) == ()
    assert np.ptp(in_pixels(made).vertices[:, 1]) > 200


def _handled(thick: float) -> np.ndarray:
    """A cup whose handle is a thin ring."""
    image = blank(220, 260)
    ellipse(image, 165, 110, 55 + thick / 2, 50 + thick / 2)
    ellipse(image, 165, 110, 55 - thick / 2, 50 - thick / 2, 0)
    polygon(image, [(30, 30), (165, 30), (155, 190), (40, 190)])
    ellipse(image, 97.5, 190, 57.5, 10)
    ellipse(image, 97.5, 30, 67.5, 12)
    return soft(image)


@pytest.mark.parametrize("kind", [ShapeKind.AUTO, ShapeKind.REVOLVE, ShapeKind.INFLATE])
@pytest.mark.parametrize("thick", [3.0, 6.0, 14.0])
def test_a_cups_handle_is_a_round_rod_with_a_hole(thick: float, kind: ShapeKind) -> None:
    alpha = _handled(thick)
    made = shape_of(alpha, kind=kind)
    assert find_defects(made.mesh) == ()
    assert _holes(made) == 1
    wide, deep = _across(in_pixels(made), (220, 110), (0, 1, 0))
    assert wide == pytest.approx(thick, abs=max(0.6, 0.12 * thick))
    assert deep == pytest.approx(thick, abs=max(0.8, 0.25 * thick))


@pytest.mark.parametrize("width", [405, 409, 414, 418])
def test_an_outline_is_as_high_as_the_photos(width: int) -> None:
    """Both sides of the grid are whole numbers of cells; rounding them must not stretch one."""
    alpha = np.zeros((700, 500), np.uint8)
    alpha[20:680, 20 : 20 + width] = 255
    outline = trace_outline(alpha, cells=150)
    column = outline.distance[:, int((20 + width / 2 - outline.left) * outline.scale)]
    inside = np.flatnonzero(column > 0)
    below, above = column[inside[-1] : inside[-1] + 2], column[inside[0] - 1 : inside[0] + 1]
    last = inside[-1] + below[0] / (below[0] - below[1])
    first = inside[0] - above[1] / (above[1] - above[0])
    rows = outline.top + (np.array([first, last]) + 0.5) / outline.scale
    assert rows == pytest.approx([20, 680], abs=0.35)


def test_a_ladder_is_not_turned_about_its_axis() -> None:
    image = blank(300, 140)
    for x in (40, 100):
        rod(image, (x, 20), (x, 280), 12)
    for y in range(40, 280, 30):
        rod(image, (40, y), (100, y), 10)
    made = shape_of(soft(image))
    assert "axis" not in made.note
    assert _holes(made) == 7
