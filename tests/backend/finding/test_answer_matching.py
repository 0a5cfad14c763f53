"""Which of the model's boxes answers which of the artist's names."""

from __future__ import annotations

import numpy as np
import pytest

from img23d_backend.finding.instances import Instance
from img23d_backend.finding.likeness import LIKE, likeness
from img23d_backend.finding.match import match
from img23d_backend.stages import Found, NotFound, Photo
from img23d_protocol.messages import Box, Wanted

PHOTO = Photo(rgb=np.zeros((1000, 2000, 3), np.uint8))
LEFT, MIDDLE, RIGHT = (0.1, 0.2, 0.2, 0.4), (0.4, 0.2, 0.5, 0.4), (0.7, 0.2, 0.8, 0.4)

Sides = tuple[float, float, float, float]


def seen(label: str, sides: Sides) -> Instance:
    return Instance(label=label, left=sides[0], top=sides[1], right=sides[2], bottom=sides[3])


def answers(names: str, *instances: Instance, boxes: dict[int, Sides] | None = None) -> list[tuple[str, float | None]]:
    """(name, where: the left side that it was given as, None where not found)."""
    return [(one.name, _place(one)) for one in matched(names, *instances, boxes=boxes)]


def matched(names: str, *instances: Instance, boxes: dict[int, Sides] | None = None) -> tuple[Found | NotFound, ...]:
    drawn = {index: Box(left=b[0], top=b[1], right=b[2], bottom=b[3]) for index, b in (boxes or {}).items()}
    wanted = tuple(Wanted(name=name, box=drawn.get(index)) for index, name in enumerate(names.split(", ")))
    return match(wanted, instances, PHOTO)


def _place(one: Found | NotFound) -> float | None:
    return None if isinstance(one, NotFound) else min((0.1, 0.4, 0.7), key=lambda left: abs(left * 2000 - one.box.left))


def test_the_order_is_the_artists() -> None:
    assert answers("cup, mug", seen("mug", LEFT), seen("cup", RIGHT)) == [("cup", 0.7), ("mug", 0.1)]


def test_further_instances_are_numbered_and_at_the_end() -> None:
    found = answers("cup, mug", seen("cup", LEFT), seen("cup", MIDDLE), seen("mug", RIGHT))
    assert found == [("cup", 0.1), ("mug", 0.7), ("cup 2", 0.4)]


def test_numbers_that_were_typed_are_not_given_again() -> None:
    found = answers("cup, cup 2", seen("cup", LEFT), seen("cup 2", MIDDLE), seen("cup", RIGHT))
    assert found == [("cup", 0.1), ("cup 2", 0.4), ("cup 3", 0.7)]


def test_equal_names_get_different_things() -> None:
    assert answers("cup, cup", seen("cup", LEFT), seen("cup", MIDDLE)) == [("cup", 0.1), ("cup", 0.4)]
    assert answers("cup, Cup", seen("cup", LEFT)) == [("cup", 0.1), ("Cup", None)]
    assert answers("cup, cup", *(seen("cup", one) for one in (LEFT, MIDDLE, RIGHT)))[2] == ("cup 3", 0.7)


def test_a_drawn_box_wins_and_is_not_found_again() -> None:
    found = matched("cup, cup", seen("cup", LEFT), seen("cup", MIDDLE), boxes={0: LEFT})
    assert [_place(one) for one in found] == [0.1, 0.4]
    assert isinstance(found[0], Found)
    assert (found[0].box.left, found[0].box.right) == (200, 400)  # without a margin
    assert "drawn" in found[0].note


def test_the_closest_label_wins() -> None:
    found = answers("mug, red mug", seen("red mug", LEFT), seen("mug", RIGHT))
    assert found == [("mug", 0.7), ("red mug", 0.1)]


def test_a_plain_label_answers_names_that_say_more() -> None:
    assert answers("red mug, blue mug", seen("mug", LEFT), seen("mug", RIGHT)) == [("red mug", 0.1), ("blue mug", 0.7)]


def test_another_colour_is_not_taken_for_this_one() -> None:
    assert answers("red mug, blue mug", seen("red mug", LEFT), seen("red mug", RIGHT))[1] == ("blue mug", None)


def test_one_thing_with_two_labels_answers_both() -> None:
    found = matched("cup, mug", seen("cup", LEFT), seen("mug", LEFT))
    assert [_place(one) for one in found] == [0.1, 0.1]
    assert isinstance(found[1], Found)
    assert found[1].note == "the same thing as “cup”"


def test_both_names_of_both_things_are_kept_apart() -> None:
    both = [seen(label, sides) for label in ("left cup", "right cup") for sides in (LEFT, RIGHT)]
    assert answers("left cup, right cup", *both) == [("left cup", 0.1), ("right cup", 0.7)]


def test_labels_in_other_words() -> None:
    assert answers("Tasse", seen("cup", LEFT), seen("mug", RIGHT)) == [("Tasse", 0.1), ("Tasse 2", 0.7)]
    assert answers("Tasse, Buch", seen("cup", RIGHT), seen("book", LEFT)) == [("Tasse", 0.7), ("Buch", 0.1)]
    assert answers("Tasse, Buch, Ente", seen("cup", RIGHT), seen("book", LEFT)) == [
        ("Tasse", None), ("Buch", None), ("Ente", None)
    ]  # fmt: skip
    assert "cup" in matched("Tasse", seen("cup", LEFT))[0].note  # type: ignore[union-attr]


def test_boxes_without_labels() -> None:
    assert answers("cup, mug", seen("", LEFT), seen("", RIGHT)) == [("cup", 0.1), ("mug", 0.7)]


def test_not_found_says_what_to_do() -> None:
    found = matched("cup, dragon", seen("cup", LEFT))
    assert isinstance(found[1], NotFound)
    assert "dragon" in found[1].sentence and "box" in found[1].sentence


def test_what_is_tiny_is_dropped_with_a_note() -> None:
    tiny = seen("cup", (0.5, 0.5, 0.502, 0.503))
    found = matched("cup, mug", tiny, seen("mug", LEFT))
    assert isinstance(found[0], NotFound) and "too small" in found[0].sentence
    found = matched("cup", tiny, seen("cup", LEFT))
    assert len(found) == 1 and isinstance(found[0], Found) and found[0].note == "smaller ones are left out"


def test_boxes_have_a_margin_within_the_photo() -> None:
    found = matched("cup", seen("cup", (0.0, 0.25, 0.5, 1.0)))[0]
    assert isinstance(found, Found)
    box = found.box
    assert (box.left, box.bottom) == (0, 1000)
    assert 1000 < box.right <= 1022 and 228 <= box.top < 250


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("red mug", "Red Mug"), ("red mug", "red mugs"), ("red mug", "the red mug"), ("red mug", "mug"), ("mug", "red mug"),
        ("cup", "teacup"), ("bookshelf", "book shelf"), ("berries", "berry"), ("knives", "knife"), ("a glass", "glasses"),
        ("coffee mug", "cofee mug"), ("wine glass", "glass of wine"), ("red mug", "crimson mug"), ("杯子", "红色杯子"),
        ("bottle with a red cap", "bottle"), ("🦆", "🦆"), ("Kaffee-Tasse", "kaffeetasse"),
    ],
)  # fmt: skip
def test_labels_that_mean_the_name(name: str, label: str) -> None:
    assert likeness(name, label) >= LIKE


@pytest.mark.parametrize(
    ("name", "label"),
    [("red mug", "red bottle"), ("mug", "book"), ("cap", "bottle with a red cork"), ("duck", ""), ("🦆", "🦢"), ("lamp", "a")],
)
def test_labels_that_mean_something_else(name: str, label: str) -> None:
    assert likeness(name, label) < LIKE
