"""Finding things by boxes, by words and by order, in painted photos of which the truth is known."""

from __future__ import annotations

import time

import numpy as np
import pytest
from painted_scene import Painted, Thing, paint

from img23d_backend.engines.preview.finding.locate import RegionGrounder
from img23d_backend.stages import Context, Found, JobCancelled, NotFound, Photo
from img23d_protocol.messages import Box, Wanted

RING = Thing(kind="ring", x=70, y=70, radius=45, colour=(200, 40, 40))
STAR = Thing(kind="star", x=180, y=75, radius=55, colour=(50, 90, 200))
APPLE = Thing(kind="disc", x=290, y=75, radius=24, colour=(190, 30, 30))
BOX = Thing(kind="box", x=270, y=195, radius=48, colour=(230, 190, 50))
BALL = Thing(kind="disc", x=90, y=200, radius=40, colour=(60, 150, 70))
THINGS = [RING, STAR, APPLE, BALL, BOX]  # in reading order


@pytest.fixture(scope="module")
def table() -> Painted:
    return paint(THINGS, wall=(170, 180, 190))


def _locate(photo: Photo, *names: str | Wanted) -> list[Found | NotFound]:
    wanted = tuple(name if isinstance(name, Wanted) else Wanted(name=name) for name in names)
    found = RegionGrounder().locate(photo, wanted, Context())
    assert [answer.name for answer in found] == ([one.name for one in wanted] or [photo.name])
    return list(found)


def _is(answer: Found | NotFound, thing: Thing) -> bool:
    """Whether the box holds the thing, and little else."""
    assert isinstance(answer, Found), answer
    x, y = (answer.box.left + answer.box.right) / 2, (answer.box.top + answer.box.bottom) / 2
    return bool(np.hypot(x - thing.x, y - thing.y) < 0.35 * thing.radius and answer.box.width < 3.2 * thing.radius)


def test_no_names_mean_the_whole_picture(table: Painted) -> None:
    (whole,) = _locate(table.photo)
    truth = np.max(table.coverage, axis=0) >= 0.5
    assert np.count_nonzero(whole.mask & truth) / np.count_nonzero(whole.mask | truth) > 0.9
    rows, columns = np.nonzero(truth)
    assert whole.box.left <= columns.min() and whole.box.right > columns.max()
    assert whole.box.top <= rows.min() and whole.box.bottom > rows.max()


def test_plain_names_go_in_reading_order(table: Painted) -> None:
    answers = _locate(table.photo, "a", "b", "c", "d", "e")
    assert all(_is(answer, thing) for answer, thing in zip(answers, THINGS, strict=True))
    assert answers[0].note == "The next in reading order: this engine does not know the word."


@pytest.mark.parametrize(
    ("name", "thing"),
    [
        ("blue star", STAR),
        ("Green ball!", BALL),
        ("yellow boxes", BOX),
        ("small red apple", APPLE),
        ("big red ring", RING),
        ("left red thing", RING),
        ("rightmost", APPLE),
        ("bottom right", BOX),
        ("smallest", APPLE),
        ("second", STAR),
        ("last", BOX),
    ],
)
def test_words_choose(table: Painted, name: str, thing: Thing) -> None:
    (answer,) = _locate(table.photo, name)
    assert _is(answer, thing), answer
    assert answer.note


def test_a_specific_name_is_not_robbed(table: Painted) -> None:
    answers = _locate(table.photo, "mug", "red", "ring-shaped", "small red")
    assert _is(answers[1], RING) and _is(answers[3], APPLE)
    assert _is(answers[0], STAR) and _is(answers[2], BALL)


def test_a_name_too_many_says_what_to_do(table: Painted) -> None:
    answers = _locate(table.photo, *"abcdefg")
    assert [type(answer) for answer in answers] == [Found] * 5 + [NotFound] * 2
    assert "“g”" in answers[-1].sentence and "a box" in answers[-1].sentence


def test_boxes_win_and_take_their_region(table: Painted) -> None:
    box = Box(left=-0.2, top=0.0, right=0.36, bottom=0.45)
    boxed, other = _locate(table.photo, Wanted(name="blue star", box=box), "red")
    assert (boxed.box.left, boxed.box.top, boxed.box.right, boxed.box.bottom) == (0, 0, 130, 122)
    assert boxed.mask is None
    assert _is(other, APPLE)  # the ring is redder, but it lies in the box


@pytest.mark.parametrize(
    "box",
    [
        Box(left=0.5, top=0.5, right=0.5, bottom=0.9),
        Box(left=0.6, top=0.1, right=0.2, bottom=0.9),
        Box(left=1.2, top=0.1, right=1.9, bottom=0.9),
        Box(left=float("nan"), top=0.1, right=0.9, bottom=0.9),
    ],
)
def test_an_empty_box_says_so(table: Painted, box: Box) -> None:
    (answer,) = _locate(table.photo, Wanted(name="cup", box=box))
    assert isinstance(answer, NotFound)
    assert "empty" in answer.sentence and "“cup”" in answer.sentence


def test_alpha_decides_where_the_photo_has_one(table: Painted) -> None:
    alpha = np.zeros((table.photo.height, table.photo.width), np.uint8)
    for cover in (table.coverage[1], table.coverage[3]):
        alpha = np.maximum(alpha, np.rint(cover * 255).astype(np.uint8))
    star, ball, none = _locate(Photo(rgb=table.photo.rgb, alpha=alpha, name="p"), "a", "b", "c")
    assert _is(star, STAR) and _is(ball, BALL) and isinstance(none, NotFound)


def test_touching_things_are_parted_when_names_ask_for_it() -> None:
    left = Thing(kind="disc", x=110, y=120, radius=50, colour=(200, 60, 50))
    right = Thing(kind="disc", x=205, y=120, radius=48, colour=(190, 90, 40))
    photo = paint([left, right], size=(320, 240), shadow=0.2).photo
    (one,) = _locate(photo, "thing")
    assert one.box.width > 180
    first, second = _locate(photo, "thing", "other")
    assert _is(first, left) and _is(second, right)


def test_a_part_of_a_wanted_colour_is_cut_off() -> None:
    leaf = Thing(kind="disc", x=160, y=70, radius=28, colour=(60, 160, 60))
    apple = Thing(kind="disc", x=160, y=140, radius=60, colour=(200, 40, 40))
    found_leaf, found_apple = _locate(paint([apple, leaf], size=(320, 240)).photo, "green leaf", "apple")
    assert _is(found_leaf, leaf) and found_leaf.box.bottom < 115
    assert found_apple.box.bottom > 190


def test_a_busy_photo_is_said_to_be_busy() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (240, 320, 3), np.uint8)
    answers = _locate(Photo(rgb=noise, name="busy"), "cup", "book")
    assert all(isinstance(answer, NotFound) and "give it a box" in answer.sentence for answer in answers)
    (whole,) = _locate(Photo(rgb=noise, name="busy"))
    assert (whole.box.width, whole.box.height) == (320, 240)


def test_two_hundred_names(table: Painted) -> None:
    names = [f"red thing {index}" if index % 2 else f"thing {index}" for index in range(200)]
    started = time.perf_counter()
    answers = _locate(table.photo, *names)
    assert time.perf_counter() - started < 5  # a hang, not a speed, is what this sees
    assert sum(isinstance(answer, Found) for answer in answers) == 5


@pytest.mark.parametrize("size", [(2, 2), (5, 3), (1, 40), (64, 2)])
def test_tiny_photos_do_not_crash(size: tuple[int, int]) -> None:
    rgb = np.random.default_rng(1).integers(0, 255, (*size, 3), np.uint8)
    assert len(_locate(Photo(rgb=rgb, name="tiny"), "a", "b")) == 2
    assert len(_locate(Photo(rgb=rgb, name="tiny"))) == 1


def test_cancel_is_seen(table: Painted) -> None:
    def cancelled(fraction: float, note: str) -> None:
        raise JobCancelled

    with pytest.raises(JobCancelled):
        RegionGrounder().locate(table.photo, (), Context(report=cancelled))


def test_the_same_photo_gives_the_same_answer(table: Painted) -> None:
    first, second = _locate(table.photo, "red", "b"), _locate(table.photo, "red", "b")
    assert [answer.box for answer in first] == [answer.box for answer in second]
    assert all(np.array_equal(one.mask, other.mask) for one, other in zip(first, second, strict=True))
