"""What a drawn box holds of a neighbour that stands out as well and touches the thing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from seeing import GROUND, Seeing, Simple, over_photo, overlap

from img23d_backend.cutouts.surroundings import own_part
from img23d_backend.engines.isnet.matte import IsNetMatter
from img23d_backend.engines.isnet.salience import IsNetSalience
from img23d_backend.stages import Context, Found, Photo, PixelBox

RED, ORANGE, CREAM, BROWN = (220, 30, 30), (240, 150, 40), (240, 225, 190), (120, 70, 30)
SIZE = 400
WINDOW = PixelBox(left=0, top=0, right=SIZE, bottom=SIZE)


def _disc(x: int, y: int, radius: int) -> np.ndarray:
    rows, columns = np.mgrid[:SIZE, :SIZE] + 0.5
    return (columns - x) ** 2 + (rows - y) ** 2 <= radius**2


def _bar(left: int, top: int, right: int, bottom: int) -> np.ndarray:
    mask = np.zeros((SIZE, SIZE), bool)
    mask[top:bottom, left:right] = True
    return mask


def _picture(*painted: tuple[np.ndarray, tuple[int, int, int]]) -> np.ndarray:
    """(h, w, 3) uint8: what lies on top comes last; blurred and with noise as a photo is."""
    rgb = np.full((SIZE, SIZE, 3), GROUND, np.float32)
    for mask, colour in painted:
        rgb[mask] = colour
    rgb = cv2.GaussianBlur(rgb, (0, 0), 0.8) + np.random.default_rng(1).normal(0, 6, rgb.shape)
    return np.clip(rgb, 0, 255).astype(np.uint8)


def _kept(rgb: np.ndarray, standing_out: np.ndarray, box: tuple[int, int, int, int], scale: int = 1) -> np.ndarray:
    left, top, right, bottom = (scale * edge for edge in box)
    found = Found(name="", box=PixelBox(left=left, top=top, right=right, bottom=bottom))
    window = PixelBox(left=0, top=0, right=scale * SIZE, bottom=scale * SIZE)
    alpha = cv2.GaussianBlur(standing_out.astype(np.float32), (0, 0), 1)
    return own_part(alpha, found, window, rgb) >= 0.5


THING, BOX = _disc(200, 200, 70), (128, 128, 272, 272)
NEIGHBOURS = {
    "beside it": _disc(300, 220, 60),
    "above it": _bar(80, 60, 320, 150),
    "below it": _bar(150, 250, 350, 350),
}


@pytest.mark.parametrize("where", NEIGHBOURS)
@pytest.mark.parametrize("colour", [ORANGE, CREAM, BROWN])
def test_what_reaches_into_the_box_of_a_neighbour_is_left_out(where: str, colour: tuple[int, int, int]) -> None:
    neighbour = NEIGHBOURS[where]
    kept = _kept(_picture((neighbour, colour), (THING, RED)), THING | neighbour, BOX)
    assert overlap(kept, THING) > 0.96


def test_a_neighbour_in_front_is_left_out() -> None:
    front = _disc(290, 270, 70)
    kept = _kept(_picture((THING, RED), (front, CREAM)), THING | front, BOX)
    assert overlap(kept, THING & ~front) > 0.96


def test_two_neighbours_of_different_colours_are_left_out() -> None:
    one, other = _disc(100, 180, 50), _bar(240, 230, 380, 380)
    kept = _kept(_picture((one, CREAM), (other, BROWN), (THING, RED)), THING | one | other, BOX)
    assert overlap(kept, THING) > 0.96


def test_a_neighbour_that_is_mostly_inside_of_the_box_is_left_out() -> None:
    """A narrow thing in a wide box, as of a lamp with its arm; most of what stands out lies in the box."""
    thing = _bar(60, 60, 300, 110) | _bar(60, 60, 100, 330)
    neighbour = _bar(95, 200, 240, 390)
    kept = _kept(_picture((thing, RED), (neighbour, BROWN)), thing | neighbour, (58, 58, 302, 332))
    assert overlap(kept, thing & ~neighbour) > 0.95


def test_the_line_to_the_neighbour_is_as_sharp_in_a_large_photo() -> None:
    def large(mask: np.ndarray) -> np.ndarray:
        return cv2.resize(mask.astype(np.uint8), None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST) > 0

    neighbour = NEIGHBOURS["beside it"]
    rgb = cv2.resize(_picture((neighbour, ORANGE), (THING, RED)), None, fx=4, fy=4, interpolation=cv2.INTER_LINEAR)
    assert overlap(_kept(rgb, large(THING | neighbour), BOX, 4), large(THING)) > 0.97


def _as_before(standing_out: np.ndarray, box: tuple[int, int, int, int]) -> np.ndarray:
    """What stands out in the box and 0.04 of its longer side around it."""
    more = round(0.04 * max(box[2] - box[0], box[3] - box[1]))
    return standing_out & _bar(box[0] - more, box[1] - more, box[2] + more, box[3] + more)


def test_a_thing_of_two_colours_stays_whole_where_the_second_sticks_out_of_a_tight_box() -> None:
    handle = _bar(250, 170, 300, 230)
    box = (128, 128, 284, 272)
    kept = _kept(_picture((handle, CREAM), (THING, RED)), THING | handle, box)
    assert overlap(kept, THING | handle) > 0.96


@pytest.mark.parametrize("colours", [(RED, RED), (RED, CREAM), (CREAM, RED)])
def test_a_half_of_the_thing_that_runs_far_out_of_its_box_stays_inside_of_it(colours: tuple) -> None:
    """Without it the thing would no longer fill its box, neither across nor down."""
    upper, lower = _bar(100, 100, 200, 200), _bar(160, 200, 340, 350)
    box = (98, 98, 290, 290)
    kept = _kept(_picture((upper, colours[0]), (lower, colours[1])), upper | lower, box)
    assert overlap(kept, _as_before(upper | lower, box)) > 0.96


def test_a_shade_that_runs_through_thing_and_box_is_no_neighbour() -> None:
    thing = _bar(120, 60, 260, 380)
    rgb = _picture((thing, CREAM)).astype(np.float32) * np.linspace(1, 0.55, SIZE)[:, None, None]
    box = (118, 58, 262, 300)
    kept = _kept(rgb.astype(np.uint8), thing, box)
    assert overlap(kept, _as_before(thing, box)) > 0.97


def test_the_same_colours_on_both_sides_are_cut_off_at_the_box() -> None:
    neighbour = NEIGHBOURS["beside it"]
    kept = _kept(_picture((neighbour, RED), (THING, RED)), THING | neighbour, BOX)
    assert overlap(kept, _as_before(THING | neighbour, BOX)) > 0.97


def test_the_cut_out_of_a_drawn_box_has_no_neighbour_in_it() -> None:
    neighbour = NEIGHBOURS["above it"]
    photo = Photo(rgb=_picture((neighbour, ORANGE), (THING, RED)))
    network = Seeing(change=lambda seen: cv2.GaussianBlur((seen > 0.2).astype(np.float32), (0, 0), 1))
    matter = IsNetMatter(IsNetSalience(network, available=lambda: 0), fallback=Simple())
    left, top, right, bottom = BOX
    found = Found(name="", box=PixelBox(left=left, top=top, right=right, bottom=bottom))
    assert overlap(over_photo(matter.cut_out(photo, found, Context()), photo) >= 128, THING) > 0.95
