"""Where the preview engine's solids end in a plane: at the photo's border, and at the base that they stand on."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import trimesh
from drawn import blank, ellipse, in_pixels, iou, polygon, rod, shape_of, soft, solid_of

from img23d_backend.cutouts.framing import framed, within
from img23d_backend.mesh.topology.checks import find_defects
from img23d_backend.stages import Photo, PixelBox, Shaped
from img23d_protocol.messages import ShapeKind

UP, DOWN, LEFT, RIGHT = (0, -1, 0), (0, 1, 0), (-1, 0, 0), (1, 0, 0)


def _flat_end(made: Shaped, towards: tuple[int, int, int]) -> tuple[float, float, float]:
    """Of the faces that look straight `towards`: their plane's place, their area and how wide they are, in pixels."""
    solid = in_pixels(made)
    axis, sign = int(np.argmax(np.abs(towards))), sum(towards)
    level = np.abs(solid.face_normals[:, axis]) > 0.9999
    place = solid.vertices[solid.faces][:, :, axis].mean(axis=1)
    end = level & (sign * place > (sign * solid.vertices[:, axis]).max() - 0.5)
    if not end.any():
        return float("nan"), 0.0, 0.0
    across = solid.vertices[solid.faces[end]][:, :, 1 - axis]
    return float(place[end].mean()), float(solid.area_faces[end].sum()), float(np.ptp(across))


def _cup(dip: float) -> np.ndarray:
    """A tapered cup whose base is seen from above, so that it ends in an arc `dip` pixels high."""
    image = blank(260, 220)
    polygon(image, [(30, 30), (190, 30), (165, 200), (55, 200)])
    ellipse(image, 110, 200, 55, dip)
    return soft(image)


def _straight_cup() -> np.ndarray:
    image = blank(260, 220)
    polygon(image, [(30, 30), (190, 30), (165, 220), (55, 220)])
    return soft(image)


def _house() -> np.ndarray:
    """Not symmetric, level below."""
    image = blank(240, 260)
    polygon(image, [(30, 210), (30, 100), (90, 40), (140, 90), (220, 90), (220, 210)])
    return soft(image)


def _pear() -> np.ndarray:
    image = blank(260, 200)
    ellipse(image, 100, 165, 70, 70)
    ellipse(image, 100, 90, 42, 60)
    return soft(image)


def _lemon() -> np.ndarray:
    image = blank(160, 240)
    ellipse(image, 120, 80, 100, 58)
    return soft(image)


def _four_legs() -> np.ndarray:
    image = blank(240, 260)
    ellipse(image, 130, 90, 100, 45)
    for x in (50, 90, 170, 210):
        rod(image, (x, 90), (x, 220), 16)
    return soft(image)


@pytest.mark.parametrize(
    ("alpha", "wide"),
    [(_straight_cup(), 100), (_cup(10), 50), (_cup(18), 40), (_house(), 186)],
    ids=["side on", "a little from above", "more from above", "house"],
)
def test_what_is_flat_below_stands_on_a_level_base(alpha: np.ndarray, wide: float) -> None:
    made = shape_of(alpha)
    assert find_defects(made.mesh) == ()
    y, area, width = _flat_end(made, DOWN)
    assert y == pytest.approx(np.flatnonzero((alpha >= 128).any(axis=1))[-1] + 1, abs=4)
    assert y == pytest.approx(in_pixels(made).vertices[:, 1].max(), abs=0.1)
    assert width > wide and area > 0.25 * width**2
    assert iou(made, alpha) > 0.985


def test_a_cup_stands_on_a_round_base() -> None:
    _, area, width = _flat_end(shape_of(_straight_cup(), kind=ShapeKind.REVOLVE), DOWN)
    assert area == pytest.approx(np.pi / 4 * 110**2, rel=0.06) and width == pytest.approx(110, abs=6)


@pytest.mark.parametrize("alpha", [_pear(), _lemon(), _four_legs()], ids=["pear", "lemon", "four legs"])
def test_what_is_round_below_or_has_feet_stays_so(alpha: np.ndarray) -> None:
    made = shape_of(alpha)
    assert find_defects(made.mesh) == ()
    assert _flat_end(made, DOWN)[1] < 60  # square pixels
    assert in_pixels(made).vertices[:, 1].max() == pytest.approx(np.flatnonzero((alpha >= 128).any(axis=1))[-1] + 1, abs=1)


def _ball_cut(side: str) -> tuple[np.ndarray, PixelBox]:
    """Half a ball and a bit, at one border of a photo of 200 x 200 pixels, with a margin of 10 around the cut-out."""
    image = blank(200, 200)
    x, y = {"left": (20, 100), "right": (180, 100), "top": (100, 20), "bottom": (100, 180)}[side]
    ellipse(image, x, y, 80, 80)
    return np.pad(soft(image), 10), PixelBox(left=10, top=10, right=210, bottom=210)


@pytest.mark.parametrize("kind", [ShapeKind.AUTO, ShapeKind.INFLATE, ShapeKind.REVOLVE])
@pytest.mark.parametrize(("side", "towards", "place"), [("left", LEFT, 10), ("right", RIGHT, 210), ("top", UP, 10), ("bottom", DOWN, 210)])
def test_a_ball_at_the_photos_border_is_cut_off_there(side: str, towards: tuple[int, int, int], place: float, kind: ShapeKind) -> None:
    alpha, photo = _ball_cut(side)
    made = shape_of(alpha, photo=photo, kind=kind)
    assert find_defects(made.mesh) == ()
    at, area, width = _flat_end(made, towards)
    assert at == pytest.approx(place, abs=0.6)
    assert width == pytest.approx(155, abs=4)
    assert area > 0.6 * np.pi * 77.5**2
    assert iou(made, alpha) > 0.985


def test_without_a_border_there_the_same_outline_is_closed_round() -> None:
    alpha, _ = _ball_cut("left")
    for photo in (None, PixelBox(left=-50, top=-50, right=300, bottom=300)):
        assert _flat_end(shape_of(alpha, photo=photo, kind=ShapeKind.INFLATE), LEFT)[1] < 200


def test_what_only_touches_the_border_is_round_there() -> None:
    image = blank(200, 200)
    ellipse(image, 80.3, 100, 80, 80)
    made = shape_of(np.pad(soft(image), 10), photo=PixelBox(left=10, top=10, right=210, bottom=210))
    assert _flat_end(made, LEFT)[1] < 200


def test_a_thing_cut_at_all_four_borders_is_closed() -> None:
    alpha = np.pad(np.full((120, 160), 255, np.uint8), 8)
    made = shape_of(alpha, photo=PixelBox(left=8, top=8, right=168, bottom=128))
    assert find_defects(made.mesh) == ()
    assert iou(made, alpha) > 0.985


def test_two_parts_that_meet_beyond_the_border_are_one_closed_solid() -> None:
    image = blank(200, 240)
    rod(image, (60, 40), (60, 200), 40)
    rod(image, (180, 60), (180, 200), 40)
    alpha = np.pad(soft(image), 10)
    made = shape_of(alpha, photo=PixelBox(left=10, top=10, right=250, bottom=210))
    assert find_defects(made.mesh) == ()
    assert np.ptp(in_pixels(made).vertices[:, 0]) > 150


@pytest.mark.parametrize("faces", [500, 60000])
def test_the_number_of_faces_is_kept_with_walls(faces: int) -> None:
    alpha, photo = _ball_cut("bottom")
    made = shape_of(alpha, photo=photo, faces=faces)
    assert find_defects(made.mesh) == ()
    assert 0.6 * faces <= len(made.mesh.faces) <= faces


def test_a_wall_takes_few_of_the_faces() -> None:
    alpha, photo = _ball_cut("bottom")
    solid = solid_of(shape_of(alpha, photo=photo, faces=20000))
    below = solid.face_normals[:, 1] < -0.9999
    assert 50 < below.sum() < 0.25 * len(solid.faces)


def test_a_cut_out_knows_the_photos_borders() -> None:
    rgb = np.full((90, 120, 3), 128, np.uint8)
    alpha = np.zeros((90, 120), np.float32)
    cv2.circle(alpha, (110, 40), 30, 1.0, -1)
    whole = PixelBox(left=0, top=0, right=120, bottom=90)
    found = within(Photo(rgb=rgb), framed(rgb, alpha, PixelBox(left=80, top=10, right=120, bottom=71), whole))
    solid = found.rgba[..., 3] >= 128
    assert found.photo is not None
    assert np.flatnonzero(solid.any(axis=0))[-1] + 1 == found.photo.right
    assert (found.photo.width, found.photo.height) == (120, 90)
    assert (found.left + found.photo.left, found.top + found.photo.top) == (0, 0)


def test_trimesh_agrees_that_a_cut_solid_is_closed() -> None:
    alpha, photo = _ball_cut("left")
    solid: trimesh.Trimesh = solid_of(shape_of(alpha, photo=photo, kind=ShapeKind.INFLATE))
    assert solid.is_watertight and solid.is_winding_consistent and solid.body_count == 1 and solid.euler_number == 2
    cut_ball = np.pi * 100**2 * (80 - 100 / 3)  # of a cap 100 high of a ball of radius 80
    assert solid.volume / cut_ball * (160**3) == pytest.approx(1.0, abs=0.12)
