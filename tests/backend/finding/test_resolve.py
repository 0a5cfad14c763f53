"""Which of the boxes of a detector that knows kinds only answers which of the artist's names."""

from __future__ import annotations

import numpy as np
import pytest

from img23d_backend.finding.instances import Instance
from img23d_backend.finding.resolve import kinds, resolve
from img23d_backend.finding.words import NameQuery, described
from img23d_backend.stages import Found, NotFound, Photo
from img23d_protocol.messages import Box, Wanted

SIZES = {"a": (0.10, 0.18), "b": (0.40, 0.12), "c": (0.70, 0.08)}  # left side and width of three things in a row, each as high as wide
RED, GREEN, BLUE, GREY = (205, 30, 35), (60, 160, 60), (45, 90, 200), (128, 128, 128)
WIDTH, HEIGHT = 800, 400


def seen(label: str, place: str, note: str = "") -> Instance:
    left, size = SIZES[place]
    return Instance(label=label, left=left, top=0.5, right=left + size, bottom=0.5 + 2 * size, note=note)


def painted(**colours: tuple[int, int, int]) -> Photo:
    rgb = np.full((HEIGHT, WIDTH, 3), 240, np.uint8)
    for place, colour in colours.items():
        one = seen("", place)
        rgb[round(one.top * HEIGHT) : round(one.bottom * HEIGHT), round(one.left * WIDTH) : round(one.right * WIDTH)] = colour
    return Photo(rgb=rgb)


THREE_CUPS = (seen("cup", "b"), seen("cup", "a"), seen("cup", "c"))
COLOURED = painted(a=RED, b=GREEN, c=BLUE)


def answers(names: str, *instances: Instance, photo: Photo = COLOURED, boxes: dict[int, str] | None = None) -> list[tuple[str, str]]:
    """(name, the place of the thing that it was given, empty where it was not found)."""
    return [(one.name, _place(one)) for one in resolved(names, *instances, photo=photo, boxes=boxes)]


def resolved(names: str, *instances: Instance, photo: Photo = COLOURED, boxes: dict[int, str] | None = None) -> tuple[Found | NotFound, ...]:
    drawn = {index: seen("", place) for index, place in (boxes or {}).items()}
    wanted = tuple(
        Wanted(name=name, box=Box(left=one.left, top=one.top, right=one.right, bottom=one.bottom) if (one := drawn.get(index)) else None)
        for index, name in enumerate(names.split(", "))
    )
    return resolve(wanted, instances, photo)


def _place(one: Found | NotFound) -> str:
    if isinstance(one, NotFound):
        return ""
    middle = (one.box.left + one.box.right) / 2 / WIDTH
    return min(SIZES, key=lambda place: abs(SIZES[place][0] + SIZES[place][1] / 2 - middle))


@pytest.mark.parametrize(
    ("name", "kind", "query"),
    [
        ("cup", "cup", NameQuery()),
        ("the left cup", "cup", NameQuery(sides=("left",))),
        ("the big red ball", "ball", NameQuery(colours=("red",), sizes=("big",))),
        ("Red MUGS!", "mugs", NameQuery(colours=("red",))),
        ("cup on the left", "cup", NameQuery(sides=("left",))),
        ("2nd mug from the left", "mug", NameQuery(sides=("left",), ordinal=1)),
        ("the left cup of tea", "cup of tea", NameQuery(sides=("left",))),
        ("bottle with a red cap", "bottle with a red cap", NameQuery()),
        ("red rose", "rose", NameQuery(colours=("red",))),
        ("orange", "orange", NameQuery()),
        ("light", "light", NameQuery()),
        ("light bulb", "light bulb", NameQuery()),
        ("light blue jar", "jar", NameQuery(colours=("blue",), shade="light")),
        ("3 apples", "apples", NameQuery()),
        ("the red one", "", NameQuery(colours=("red",))),
        ("the left-hand one", "", NameQuery(sides=("left",))),
        ("", "", NameQuery()),
        ("Tasse", "tasse", NameQuery()),
    ],
)
def test_a_name_is_a_kind_and_which_one(name: str, kind: str, query: NameQuery) -> None:
    assert described(name).kind == kind
    assert described(name).query == query


def test_each_kind_is_asked_for_once_and_none_that_has_a_box() -> None:
    box = Box(left=0, top=0, right=1, bottom=1)
    wanted = (Wanted(name="left cup"), Wanted(name="book"), Wanted(name="right cup"), Wanted(name="lamp", box=box))
    assert kinds(wanted) == ("cup", "book")


def test_every_instance_of_a_kind_is_taken_the_surest_first() -> None:
    assert answers("cup", *THREE_CUPS) == [("cup", "b"), ("cup 2", "a"), ("cup 3", "c")]
    assert answers("cups", *(seen("cups", place) for place in "abc")) == [("cups", "a"), ("cups 2", "b"), ("cups 3", "c")]


@pytest.mark.parametrize(
    ("name", "place"),
    [
        *(("left cup", "a"), ("the cup on the right", "c"), ("cup in the middle", "b")),
        *(("biggest cup", "a"), ("small cup", "c"), ("second cup", "b"), ("last cup", "c")),
        *(("red cup", "a"), ("the green cup", "b"), ("blue cup", "c"), ("blue one", "c")),
    ],
)
def test_words_choose_one_of_a_kind(name: str, place: str) -> None:
    label = described(name).kind
    assert answers(name, *(seen(label, place) for place in "bac")) == [(name, place)]


def test_words_choose_among_their_kind_only() -> None:
    assert answers("left cup", seen("book", "a"), seen("cup", "b"), seen("cup", "c")) == [("left cup", "b")]
    assert answers("red cup", seen("book", "a"), seen("cup", "b")) == [("red cup", "")]


def test_names_that_say_which_one_come_before_those_that_do_not() -> None:
    assert answers("cup, left cup", *THREE_CUPS) == [("cup", "b"), ("left cup", "a"), ("cup 2", "c")]
    assert answers("cup, green cup", *THREE_CUPS) == [("cup", "a"), ("green cup", "b"), ("cup 2", "c")]
    assert answers("blue cup, red cup, green cup", *THREE_CUPS) == [("blue cup", "c"), ("red cup", "a"), ("green cup", "b")]
    assert answers("right cup, left cup", *THREE_CUPS) == [("right cup", "c"), ("left cup", "a")]


def test_names_without_a_kind_get_what_no_other_name_means() -> None:
    things = (seen("", "a"), seen("", "b"), seen("", "c"), seen("book", "a"))
    assert answers("the left one, book", *things) == [("the left one", "b"), ("book", "a")]
    assert answers("the left one, the right one", *things) == [("the left one", "a"), ("the right one", "c")]


def test_every_thing_of_a_colour_is_taken() -> None:
    photo = painted(a=RED, b=GREY, c=RED)
    assert answers("red cup", *THREE_CUPS, photo=photo) == [("red cup", "a"), ("red cup 2", "c")]


def test_boxes_win() -> None:
    assert answers("cup, cup", *THREE_CUPS, boxes={0: "b"}) == [("cup", "b"), ("cup", "a"), ("cup 3", "c")]
    assert answers("left cup, left cup", *THREE_CUPS, boxes={0: "a"}) == [("left cup", "a"), ("left cup", "b")]
    nowhere = Wanted(name="cup", box=Box(left=float("nan"), top=0, right=0, bottom=0))
    first, second = resolve((nowhere, Wanted(name="cup")), THREE_CUPS[:1], COLOURED)
    assert isinstance(first, NotFound) and isinstance(second, Found)


def test_what_is_not_there_is_said() -> None:
    dragon, cup = resolved("dragon, red cup", seen("cup", "b"))
    assert isinstance(dragon, NotFound) and "was not seen" in dragon.sentence
    assert isinstance(cup, NotFound) and "clearly “red”" in cup.sentence
    first, second = resolved("left cup, right cup", seen("cup", "b"))
    assert isinstance(first, Found)
    assert isinstance(second, NotFound) and "No further" in second.sentence
    assert all(isinstance(one, NotFound) for one in resolved("cup, left cup, red cup"))


def test_notes_say_why_and_what_is_doubtful() -> None:
    (left,) = resolved("left cup", *THREE_CUPS)
    assert isinstance(left, Found) and left.note == "The leftmost cup in the photo."
    (unsure,) = resolved("cup", seen("cup", "a", note="look whether it is one"))
    assert isinstance(unsure, Found) and unsure.note == "look whether it is one"
