"""Names that nothing in the photo fits, or several things do: not found, or found with a doubt that is told; never silently wrong."""

from __future__ import annotations

import numpy as np
import pytest
from painted_scene import Thing, paint
from seeing import Seeing, cover, discs, overlap

from img23d_backend.engines.isnet.salience import IsNetSalience
from img23d_backend.engines.preview.finding.locate import RegionGrounder
from img23d_backend.stages import Context, Found, NotFound, Photo
from img23d_protocol.messages import Wanted

RED = Thing(kind="disc", x=80, y=80, radius=40, colour=(200, 30, 35))
BLUE = Thing(kind="disc", x=200, y=80, radius=40, colour=(45, 90, 200))
YELLOW = Thing(kind="disc", x=290, y=190, radius=30, colour=(240, 210, 50))
DOUBT = "look whether it is"
SIZE = (640, 480)


def _located(photo: Photo, *names: str, network: Seeing | None = None) -> list[Found | NotFound]:
    salience = None if network is None else IsNetSalience(network, available=lambda: 0)
    return list(RegionGrounder(salience=salience).locate(photo, tuple(Wanted(name=name) for name in names), Context()))


def _is_at(answer: Found | NotFound, x: float, y: float) -> bool:
    if isinstance(answer, NotFound):
        return False
    return bool(np.hypot((answer.box.left + answer.box.right) / 2 - x, (answer.box.top + answer.box.bottom) / 2 - y) < 15)


@pytest.mark.parametrize("name", ["purple cup", "green", "small green leaf"])
def test_a_colour_that_nothing_has_is_not_found(name: str) -> None:
    missing, red, other = _located(paint([RED, BLUE, YELLOW]).photo, name, "red cup", "plate")
    assert isinstance(missing, NotFound) and f"“{name}”" in missing.sentence and "a box" in missing.sentence
    assert _is_at(red, RED.x, RED.y) and isinstance(other, Found)


def test_two_names_of_a_colour_that_one_thing_has() -> None:
    first, second = _located(paint([RED, BLUE, YELLOW]).photo, "red cup", "red plate")
    assert _is_at(first, RED.x, RED.y) and isinstance(second, NotFound)


def test_a_size_that_only_the_opposite_is_left_of_is_not_found() -> None:
    large = Thing(kind="disc", x=220, y=130, radius=90, colour=(200, 60, 50))
    small = Thing(kind="disc", x=60, y=130, radius=30, colour=(60, 70, 200))
    first, second = _located(paint([large, small], size=(360, 270)).photo, "small cup", "small plate")
    assert _is_at(first, small.x, small.y) and isinstance(second, NotFound)


def test_several_things_of_the_colour_are_a_doubt() -> None:
    other = Thing(kind="box", x=200, y=80, radius=40, colour=(195, 35, 30))
    photo = paint([RED, other, YELLOW]).photo
    assert DOUBT in _located(photo, "red cup")[0].note
    assert all(DOUBT in answer.note for answer in _located(photo, "red cup", "red plate"))
    assert DOUBT not in _located(photo, "yellow cup")[0].note


def test_words_on_place_and_size_settle_which_one_is_meant() -> None:
    other = Thing(kind="box", x=200, y=80, radius=25, colour=(195, 35, 30))
    for name, thing in (("big red cup", RED), ("red cup on the right", other)):
        (answer,) = _located(paint([RED, other, YELLOW]).photo, name)
        assert _is_at(answer, thing.x, thing.y) and DOUBT not in answer.note


def test_a_colour_that_is_not_quite_the_one_is_a_doubt() -> None:
    between = Thing(kind="disc", x=80, y=80, radius=40, colour=(225, 105, 45))
    (answer,) = _located(paint([between, BLUE]).photo, "red cup")
    assert _is_at(answer, between.x, between.y) and DOUBT in answer.note


def test_one_thing_is_not_torn_into_the_names() -> None:
    """Two discs that overlap by more than half are one outline: no waist shows where to part them."""
    left = Thing(kind="disc", x=140, y=130, radius=70, colour=(200, 60, 50))
    right = Thing(kind="disc", x=215, y=130, radius=68, colour=(190, 70, 45))
    first, *others = _located(paint([left, right], size=(360, 270), shadow=0.2).photo, "cup", "saucer", "spoon")
    assert isinstance(first, Found) and first.box.width > 200 and DOUBT in first.note
    assert all(isinstance(answer, NotFound) for answer in others)


def test_what_was_parted_says_so() -> None:
    left = Thing(kind="disc", x=110, y=120, radius=50, colour=(200, 60, 50))
    right = Thing(kind="disc", x=205, y=120, radius=48, colour=(190, 90, 40))
    for answer in _located(paint([left, right], size=(320, 240), shadow=0.2).photo, "cup", "other"):
        assert isinstance(answer, Found) and answer.box.width < 120 and DOUBT in answer.note


def test_the_only_thing_is_called_so() -> None:
    (answer,) = _located(paint([RED]).photo, "cup")
    assert answer.note == "The one thing that stands out in the photo: this engine does not know the word."


def _with_strip(photo: Photo) -> Photo:
    photo.rgb[-40:] = (255, 0, 0)
    return photo


def test_the_ground_along_the_border_is_no_candidate() -> None:
    photo = _with_strip(discs((160, 200, 90), (460, 200, 70), size=SIZE, busy=True))
    first, second = _located(photo, "first", "bottom cup", network=Seeing())
    assert _is_at(first, 160, 200) or _is_at(second, 160, 200)
    assert all(answer.box.bottom < 320 for answer in (first, second))


def test_a_thing_that_the_border_cuts_is_one_still() -> None:
    (answer,) = _located(discs((320, 480, 200), size=SIZE, busy=True), "cup", network=Seeing())
    assert answer.box.bottom == 480 and answer.box.width > 380


def test_a_cast_shadow_is_no_part_of_a_coloured_thing() -> None:
    """The stand-in takes the shadow, the ground's colour at half its light, for a part of the red disc."""
    ground, disc, shadow = (175, 170, 160), (360, 250, 120), (250, 190, 120)
    rgb = np.full((480, 640, 3), ground, np.float32)
    rgb[cover(shadow, size=SIZE)] *= 0.45
    rgb[cover(disc, size=SIZE)] = (215, 45, 30)
    rgb = np.clip(rgb + np.random.default_rng(0).normal(0, 1.5, rgb.shape), 0, 255).astype(np.uint8)
    both = cover(disc, shadow, size=SIZE).astype(np.float32)
    network = Seeing(change=lambda seen: both)
    (answer,) = _located(Photo(rgb=rgb, name="shadow"), "red plate", network=network)
    assert overlap(answer.mask, cover(disc, size=SIZE)) > 0.95
    (whole,) = _located(Photo(rgb=rgb, name="shadow"), "plate", network=network)
    assert overlap(whole.mask, both > 0) > 0.95  # without a colour it might be the thing's own dark side
