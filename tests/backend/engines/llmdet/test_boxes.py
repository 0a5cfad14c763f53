"""From scores and boxes to instances, and from kinds of things to the text that is asked."""

from __future__ import annotations

import numpy as np
import pytest

from img23d_backend.engines.llmdet.boxes import PERHAPS, SURE, instances
from img23d_backend.engines.llmdet.prompt import MOST_TOKENS, Marks, Text, texts

MARKS = Marks(first=101, last=102, dot=1012)
CUP_AND_BOOK = Text(ids=(101, 7, 1012, 8, 9, 1012, 102), kinds=("cup", "comic book"), spans=((1, 2), (3, 5)))
LEFT, RIGHT = (0.2, 0.5, 0.2, 0.4), (0.7, 0.5, 0.2, 0.4)  # middle and size
Proposal = tuple[tuple[float, float, float, float], dict[int, float]]  # a box, and the probability of tokens


def found(*proposals: Proposal, text: Text = CUP_AND_BOOK) -> list[tuple[str, float]]:
    """(kind, the box's left side)."""
    probabilities = np.full((len(proposals), len(text.ids)), 0.01, np.float32)
    for row, (_, tokens) in enumerate(proposals):
        for token, value in tokens.items():
            probabilities[row, token] = value
    boxes = np.array([box for box, _ in proposals], np.float32)
    return [(one.label, round(one.left, 2)) for one in instances(text, probabilities, boxes)]


def words(text: str) -> list[int]:
    """A token a letter."""
    return [2000 + ord(letter) for letter in text if letter.isalpha()]


def test_all_of_a_kind_are_found_the_surest_first() -> None:
    assert found((LEFT, {1: 0.5}), (RIGHT, {1: 0.9})) == [("cup", 0.6), ("cup", 0.1)]


def test_a_kind_scores_with_all_of_its_tokens() -> None:
    assert found((LEFT, {3: 0.9, 4: 0.9})) == [("comic book", 0.1)]
    assert found((LEFT, {3: 0.9, 4: 0.01})) == [("comic book", 0.1)]  # 0.45 on average
    assert found((LEFT, {3: 0.6, 4: 0.01})) == [("comic book", 0.1)]  # 0.3, the best one there is
    assert found((LEFT, {3: 0.3, 4: 0.01})) == []


def test_one_box_a_thing() -> None:
    beside = (0.22, 0.5, 0.2, 0.4)  # overlaps by 0.8
    assert found((LEFT, {1: 0.5}), (beside, {1: 0.6}), (RIGHT, {1: 0.4})) == [("cup", 0.12), ("cup", 0.6)]
    assert found((LEFT, {1: 0.5}), (beside, {3: 0.6, 4: 0.6})) == [("cup", 0.1), ("comic book", 0.12)]


def test_a_box_around_several_is_none_of_them() -> None:
    around = (0.45, 0.5, 0.7, 0.4)
    assert found((LEFT, {1: 0.5}), (RIGHT, {1: 0.5}), (around, {1: 0.9})) == [("cup", 0.1), ("cup", 0.6)]
    assert found((LEFT, {1: 0.5}), (around, {1: 0.9})) == [("cup", 0.1), ("cup", 0.1)]  # one inside another may be two things


@pytest.mark.parametrize(("score", "count", "doubted"), [(SURE, 2, False), (SURE - 0.01, 1, True), (PERHAPS, 1, True), (PERHAPS - 0.01, 0, False)])
def test_what_is_not_sure_is_the_best_one_only_and_says_so(score: float, count: int, doubted: bool) -> None:
    probabilities = np.zeros((2, len(CUP_AND_BOOK.ids)), np.float64)
    probabilities[:, 1] = score
    seen = instances(CUP_AND_BOOK, probabilities, np.array([LEFT, RIGHT]))
    assert len(seen) == count
    assert all(("not sure" in one.note) is doubted for one in seen)


def test_boxes_stay_in_the_picture_and_have_an_area() -> None:
    probabilities = np.full((3, len(CUP_AND_BOOK.ids)), 0.9, np.float32)
    boxes = np.array([(0.0, 0.5, 0.4, 2.0), (1.5, 0.5, 0.2, 0.2), (0.5, 0.5, -0.2, 0.2)], np.float32)
    (one,) = [one for one in instances(CUP_AND_BOOK, probabilities, boxes) if one.label == "cup"]
    assert (one.left, one.top, one.bottom) == (0, 0, 1) and one.right == pytest.approx(0.2)


def test_the_text_has_a_dot_after_each_kind() -> None:
    (text,) = texts(("cup", "red ball"), words, MARKS)
    assert text.ids == (101, *words("cup"), 1012, *words("redball"), 1012, 102)
    assert [text.ids[first:end] for first, end in text.spans] == [tuple(words("cup")), tuple(words("redball"))]


def test_any_thing_is_asked_for_by_a_word() -> None:
    (text,) = texts(("",), words, MARKS)
    assert text.kinds == ("",) and text.ids == (101, *words("object"), 1012, 102)


def test_more_kinds_than_fit_are_asked_for_in_turn() -> None:
    kinds = tuple("x" * length for length in range(1, 80))
    parts = texts(kinds, words, MARKS)
    assert len(parts) > 1 and all(len(part.ids) <= MOST_TOKENS for part in parts)
    assert tuple(kind for part in parts for kind in part.kinds) == kinds
    assert all(
        part.ids[first:end] == (words("x")[0],) * min(len(kind), 60) for part in parts for kind, (first, end) in zip(part.kinds, part.spans, strict=True)
    )


def test_what_has_no_token_is_not_asked_for() -> None:
    assert texts(("☃",), words, MARKS) == []
    assert [part.kinds for part in texts(("☃", "cup"), words, MARKS)] == [("cup",)]
