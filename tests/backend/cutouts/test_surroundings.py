"""What a matting network sees of a thing, and what of its answer is taken for that thing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from img23d_backend.cutouts.surroundings import own_part, surroundings
from img23d_backend.stages import Found, Photo, PixelBox

WINDOW = PixelBox(left=100, top=50, right=300, bottom=250)


def _photo(width: int, height: int) -> Photo:
    return Photo(rgb=np.zeros((height, width, 3), np.uint8))


def _alpha(*boxes: PixelBox) -> np.ndarray:
    """(200, 200) over WINDOW: boxes of the photo with a soft rim two pixels wide around them."""
    alpha = np.zeros((WINDOW.height, WINDOW.width), np.float32)
    for value, more in ((0.2, 2), (0.4, 1), (1.0, 0)):
        for box in boxes:
            rows = slice(box.top - more - WINDOW.top, box.bottom + more - WINDOW.top)
            columns = slice(box.left - more - WINDOW.left, box.right + more - WINDOW.left)
            alpha[rows, columns] = np.maximum(alpha[rows, columns], value)
    return alpha


def _box(left: int, top: int, right: int, bottom: int) -> PixelBox:
    return PixelBox(left=left, top=top, right=right, bottom=bottom)


@pytest.mark.parametrize(
    ("box", "least", "expected"),
    [
        (_box(400, 300, 500, 400), 0, _box(375, 275, 525, 425)),  # a quarter of its size on all sides
        (_box(400, 300, 440, 400), 0, _box(345, 275, 495, 425)),  # a square
        (_box(400, 300, 440, 340), 300, _box(270, 170, 570, 470)),  # not enlarged beyond its detail
        (_box(0, 0, 100, 100), 0, _box(0, 0, 150, 150)),  # moved into the photo
        (_box(0, 0, 1000, 800), 512, _box(0, 0, 1000, 800)),
        (_box(100, 700, 900, 800), 0, _box(0, 0, 1000, 800)),
    ],
)
def test_surroundings(box: PixelBox, least: int, expected: PixelBox) -> None:
    assert surroundings(_photo(1000, 800), box, least) == expected


THING = _box(150, 100, 200, 200)


def test_a_neighbour_and_its_soft_edge_are_left_out() -> None:
    alpha, neighbour = _alpha(THING), _box(205, 100, 260, 200)
    own = own_part(_alpha(THING, neighbour), Found(name="", box=THING), WINDOW)
    assert own[:, : 202 - WINDOW.left].tolist() == alpha[:, : 202 - WINDOW.left].tolist()
    assert own[:, 203 - WINDOW.left :].max() == 0


def test_what_the_thing_has_grown_together_with_is_cut_off_at_its_box() -> None:
    own = own_part(_alpha(_box(150, 100, 280, 200)), Found(name="", box=THING), WINDOW)
    assert own[:, : 200 - WINDOW.left].sum() > 0
    assert own[:, 205 - WINDOW.left :].max() == 0


def test_a_box_that_is_a_little_too_tight_cuts_nothing_off() -> None:
    alpha = _alpha(THING)
    assert np.array_equal(own_part(alpha, Found(name="", box=_box(152, 105, 198, 195)), WINDOW), alpha)


def test_parts_of_the_thing_stay_and_specks_go() -> None:
    second, speck = _box(210, 100, 230, 130), _box(240, 150, 242, 152)
    own = own_part(_alpha(THING, second, speck), Found(name="", box=_box(150, 100, 250, 200)), WINDOW)
    assert own[110 - WINDOW.top, 220 - WINDOW.left] == 1
    assert own[151 - WINDOW.top, 241 - WINDOW.left] == 0


def test_a_mask_tells_more_than_the_box() -> None:
    """Both lie inside of the box; only one is meant."""
    mask = np.zeros((400, 400), bool)
    mask[THING.top : THING.bottom, THING.left : THING.right] = True
    found = Found(name="", box=_box(140, 90, 270, 210), mask=mask)
    own = own_part(_alpha(THING, _box(215, 100, 260, 200)), found, WINDOW)
    assert own[150 - WINDOW.top, 175 - WINDOW.left] == 1
    assert own[:, 210 - WINDOW.left :].max() == 0


def test_nothing_solid_leaves_nothing_solid() -> None:
    own = own_part(np.full((200, 200), 0.3, np.float32), Found(name="", box=THING), WINDOW)
    assert own.max() < 0.5


def test_what_was_parted_from_a_shadow_keeps_its_edge() -> None:
    """A strip of a tenth beside it, which the network took for a part of the thing."""
    rgb = np.full((200, 200, 3), 170, np.uint8)
    rgb[40:160, 40:140] = (200, 40, 40)
    rgb[40:160, 140:150] = 70
    alpha = np.zeros((200, 200), np.float32)
    alpha[40:160, 40:150] = 1
    mask = np.zeros((200, 200), bool)
    mask[40:160, 40:140] = True
    found = Found(name="x", box=PixelBox(left=38, top=38, right=142, bottom=162), mask=mask)
    window = PixelBox(left=0, top=0, right=200, bottom=200)
    assert own_part(alpha, found, window, rgb)[100, 146] == 1
    kept = own_part(alpha, replace(found, parted=True), window, rgb) >= 0.5
    assert np.count_nonzero(kept ^ mask) <= 2 * 120  # two columns of its edge
