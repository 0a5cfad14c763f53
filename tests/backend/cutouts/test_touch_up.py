"""Brush strokes over a cut-out: exact where they lie, the thing's own colours, growth, and one sentence when nothing is left."""

from __future__ import annotations

import numpy as np
import pytest

from img23d_backend.cutouts.framing import bounds_of, framed
from img23d_backend.cutouts.touch_up import touch_up
from img23d_backend.stages import CutOut, Photo, PixelBox
from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Stroke

WIDTH, HEIGHT = 200, 120


def _photo() -> Photo:
    """Red above, blue below, with a gradient across so that a shift shows."""
    rgb = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    rgb[: HEIGHT // 2] = (180, 30, 30)
    rgb[HEIGHT // 2 :] = (30, 30, 180)
    rgb[:, :, 1] = np.arange(WIDTH)
    return Photo(rgb=rgb)


def _cut(photo: Photo, left: int, top: int, right: int, bottom: int) -> CutOut:
    alpha = np.zeros((HEIGHT, WIDTH), np.float32)
    alpha[top:bottom, left:right] = 1
    window = PixelBox(left=0, top=0, right=WIDTH, bottom=HEIGHT)
    return framed(photo.rgb, alpha, bounds_of(alpha, "box"), window)


def _stroke(*points: tuple[float, float], radius: float, adds: bool = True) -> Stroke:
    """In pixels of the photo."""
    xs, ys = zip(*points, strict=True)
    return Stroke(xs=tuple(x / WIDTH for x in xs), ys=tuple(y / HEIGHT for y in ys), radius=radius / WIDTH, adds=adds)


def _on_photo(cutout: CutOut) -> np.ndarray:
    """(H, W, 4) uint8."""
    place = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    height, width = cutout.rgba.shape[:2]
    left, top = max(0, cutout.left), max(0, cutout.top)
    right, bottom = min(WIDTH, cutout.left + width), min(HEIGHT, cutout.top + height)
    place[top:bottom, left:right] = cutout.rgba[top - cutout.top : bottom - cutout.top, left - cutout.left : right - cutout.left]
    return place


def test_without_strokes_the_cutout_is_the_same() -> None:
    photo = _photo()
    cutout = _cut(photo, 40, 30, 90, 80)
    assert touch_up(cutout, photo, ()) is cutout


def test_what_is_brushed_in_has_the_photos_colours_and_the_brushs_area() -> None:
    photo = _photo()
    cutout = _cut(photo, 40, 30, 90, 80)
    grown = _on_photo(touch_up(cutout, photo, (_stroke((120, 30), (120, 90), radius=10),)))
    assert (grown[30:80, 40:90, 3] == 255).all(), "the cut-out stays"
    assert (grown[30:90, 112:128, 3] == 255).all()
    assert np.array_equal(grown[30:90, 112:128, :3], photo.rgb[30:90, 112:128])
    area = grown[:, 105:, 3].sum() / 255
    assert area == pytest.approx(20 * 60 + np.pi * 100, rel=0.06), "a capsule"
    soft = (grown[..., 3] > 0) & (grown[..., 3] < 255)
    assert 20 < np.count_nonzero(soft) < 400, "a soft rim, one pixel wide"


def test_it_grows_with_its_margin_and_stays_in_place() -> None:
    photo = _photo()
    cutout = _cut(photo, 40, 30, 90, 80)
    grown = touch_up(cutout, photo, (_stroke((195, 115), radius=8),))
    ys, xs = np.nonzero(grown.rgba[..., 3])
    assert (xs.max() + grown.left, ys.max() + grown.top) == (WIDTH - 1, HEIGHT - 1), "up to the photo's corner"
    assert (xs.min() + grown.left, ys.min() + grown.top) == (40, 30)
    assert not grown.rgba[[0, -1], :, 3].any() and not grown.rgba[:, [0, -1], 3].any(), "a transparent margin"


def test_what_is_brushed_out_is_gone_and_the_cutout_shrinks() -> None:
    photo = _photo()
    cutout = _cut(photo, 40, 30, 90, 80)
    less = touch_up(cutout, photo, (_stroke((90, 20), (90, 90), radius=15, adds=False),))
    place = _on_photo(less)
    assert not place[:, 77:, 3].any() and (place[30:80, 40:73, 3] == 255).all()
    assert less.rgba.shape[1] < cutout.rgba.shape[1]


def test_later_strokes_win() -> None:
    photo = _photo()
    cutout = _cut(photo, 40, 30, 90, 80)
    put, take = _stroke((130, 60), radius=9), _stroke((130, 60), radius=9, adds=False)
    assert _on_photo(touch_up(cutout, photo, (put, take)))[60, 130, 3] == 0
    assert _on_photo(touch_up(cutout, photo, (take, put)))[60, 130, 3] == 255


def test_a_cutout_at_the_photos_edge_and_a_stroke_beyond_it() -> None:
    photo = _photo()
    cutout = _cut(photo, 0, 0, 30, 30)
    assert cutout.left < 0
    place = _on_photo(touch_up(cutout, photo, (_stroke((-5, 60), (10, 60), radius=6), _stroke((500, 500), radius=3))))
    assert (place[0:30, 0:30, 3] == 255).all() and place[60, 0, 3] == 255


def test_a_stroke_from_far_outside_paints_where_it_comes_in() -> None:
    photo = _photo()
    cutout = _cut(photo, 40, 30, 90, 80)
    place = _on_photo(touch_up(cutout, photo, (_stroke((120, 60), (1e7, 60), radius=5), Stroke(xs=(), ys=(), radius=0.1))))
    assert (place[57:63, 120:200, 3] == 255).all() and not place[40, 120:200, 3].any()


def test_nothing_left_is_one_sentence() -> None:
    photo = _photo()
    cutout = _cut(photo, 40, 30, 90, 80)
    with pytest.raises(Img23DError) as raised:
        touch_up(cutout, photo, (_stroke((40, 55), (90, 55), radius=60, adds=False),))
    assert raised.value.code is ErrorCode.EMPTY_CUTOUT and "clear the strokes" in raised.value.sentence


def test_the_note_stays() -> None:
    photo = _photo()
    cutout = _cut(photo, 40, 30, 90, 80)
    noted = CutOut(rgba=cutout.rgba, left=cutout.left, top=cutout.top, note="blurred")
    assert touch_up(noted, photo, (_stroke((65, 55), radius=5),)).note == "blurred"
