"""The reader of the model's answer: each malformation by itself, and many answers broken at random."""

from __future__ import annotations

import random
import string

import pytest

from img23d_backend.engines.qwen3vl.answer import is_in_space, read_answer
from img23d_backend.finding.instances import Instance

SEEN, PHOTO = (1024, 768), (4000, 3000)
MUG = ("red mug", 0.1, 0.2, 0.3, 0.4)
CUP = ("cup", 0.5, 0.2, 0.7, 0.4)
PROPER = """```json
[
\t{"bbox_2d": [100, 200, 300, 400], "label": "red mug"},
\t{"bbox_2d": [500, 200, 700, 400], "label": "cup"}
]
```"""


def read(text: str) -> list[tuple[str, float, float, float, float]]:
    return [_rounded(one) for one in read_answer(text, seen=SEEN, photo=PHOTO)]


def _rounded(one: Instance) -> tuple[str, float, float, float, float]:
    return one.label, *(round(side, 3) for side in (one.left, one.top, one.right, one.bottom))


@pytest.mark.parametrize(
    "text",
    [
        PROPER,
        PROPER.replace("```json\n", "").replace("```", ""),
        f"Sure! Here's what I found {{in the photo}}:\n{PROPER}\nLet me know if you need 2 or more.",
        PROPER.replace('"', "'"),
        PROPER.replace("},", "},,").replace('mug"}', 'mug",}').replace('cup"}', 'cup",},'),
        PROPER.replace(",\n", "\n").replace("],", "]"),
        PROPER.replace('"bbox_2d"', "bbox_2d").replace('"label"', "label"),
        PROPER.replace("bbox_2d", "bbox").replace("label", "name"),
        PROPER.replace("bbox_2d", "box").replace("label", "Category"),
        PROPER.replace("[100, 200, 300, 400]", "[300, 400, 100, 200]"),
        PROPER.replace("[100, 200, 300, 400]", '"100, 200, 300, 400"'),
        PROPER.replace("[100, 200, 300, 400]", "[[100, 200], [300, 400]]"),
        PROPER.replace("[100, 200, 300, 400]", '{"x1": 100, "y1": 200, "x2": 300, "y2": 400}'),
        PROPER.replace("300, 400]", "300, 400, 0.98]"),
        PROPER.replace("300, 400]", "300, 400"),
        PROPER.replace("300, 400]", "300.0, 4e2]"),
        '[[100, 200, 300, 400, "red mug"], [500, 200, 700, 400, "cup"]]',
        '{"red mug": [100, 200, 300, 400], "cup": [[500, 200, 700, 400]]}',
        "red mug: [100, 200, 300, 400]\ncup: [500, 200, 700, 400]",
        '{"objects": ' + PROPER.strip("`json\n") + "}",
        PROPER.replace("100, 200, 300, 400", "0.1, 0.2, 0.3, 0.4").replace("500, 200, 700, 400", "0.5, 0.2, 0.7, 0.4"),
        PROPER.replace("100, 200, 300, 400", "400, 600, 1200, 1200").replace("500, 200, 700, 400", "2000, 600, 2800, 1200"),
    ],
    ids=[
        "proper", "no fence", "text around", "single quotes", "trailing commas", "no commas", "bare keys", "bbox and name",
        "box and category", "swapped corners", "a box as text", "two points", "named sides", "a score behind",
        "an open bracket", "decimals", "lists of lists", "names as keys", "plain lines", "an object around", "fractions",
        "pixels of the photo",
    ],
)  # fmt: skip
def test_means_the_same(text: str) -> None:
    assert read(text) == [MUG, CUP]


def test_cut_off_keeps_the_complete_boxes() -> None:
    """At each place: a box counts from its closing bracket on, and never with half a number."""
    closings = [index + 1 for index, sign in enumerate(PROPER) if sign == "]"][:2]
    for length in range(len(PROPER)):
        boxes = [one[1:] for one in read(PROPER[:length])]
        assert boxes == [MUG[1:], CUP[1:]][: sum(length >= closing for closing in closings)], PROPER[:length]


def test_a_number_that_may_go_on_is_no_corner() -> None:
    assert read('[{"label": "cup", "bbox_2d": [500, 200, 700, 40') == []


def test_out_of_range_corners_end_at_the_edge() -> None:
    assert read('[{"bbox_2d": [-50, 200, 1030, 400], "label": "cup"}]') == [("cup", 0.0, 0.2, 1.0, 0.4)]


def test_one_wild_corner_does_not_change_the_unit_of_the_others() -> None:
    wild = PROPER.replace("500, 200, 700", "500, 200, 70000")
    assert read(wild) == [MUG, ("cup", 0.5, 0.2, 1.0, 0.4)]


@pytest.mark.parametrize("number", ["NaN", "inf", "-Infinity", "1e400", "9" * 5000, "null", "1e30"])
def test_what_is_no_number_is_no_box(number: str) -> None:
    assert read(PROPER.replace("500", number)) == [MUG]


def test_boxes_without_area_are_left_out() -> None:
    assert read('[{"bbox_2d": [100, 200, 100, 400], "label": "a"}, {"bbox_2d": [-90, 2, -10, 40], "label": "b"}]') == []


def test_the_same_thing_said_twice_is_one() -> None:
    repeated = "[" + '{"bbox_2d": [100, 200, 300, 400], "label": "Red Mug"},' * 30 + PROPER[8:].strip("`").lstrip("[\n")
    assert [one[1:] for one in read(repeated)] == [MUG[1:], CUP[1:]]


def test_things_beside_each_other_stay_two() -> None:
    near = PROPER.replace("500, 200, 700", "180, 200, 380").replace("red mug", "cup")
    assert len(read(near)) == 2


@pytest.mark.parametrize("label", ["kid's cup", '12\\" plate', "Tasse \\u00e4", "杯子", "cup, blue", "a [b] {c}"])
def test_labels_keep_their_signs(label: str) -> None:
    said = read(f'[{{"bbox_2d": [100, 200, 300, 400], "label": "{label}"}}]')[0][0]
    assert said == label.replace('\\"', '"').replace("\\u00e4", "ä")


def test_a_label_with_its_own_quotes() -> None:
    assert read('{"bbox_2d": [100, 200, 300, 400], "label": "12" plate"}')[0][0] == '12" plate'
    assert read("{'bbox_2d': [100, 200, 300, 400], 'label': 'kid's cup'}")[0][0] == "kid's cup"


@pytest.mark.parametrize("text", ["", "   ", "There is no such thing.", "[]", "```json\n[]\n```", "{", "]]]", "[" * 9000])
def test_nothing_to_read(text: str) -> None:
    assert read(text) == []


def test_no_answer_at_all_raises_or_leaves_the_picture() -> None:
    """2,000 answers, each broken in up to twelve places; most still hold a box."""
    readable = 0
    for seed in range(2000):
        chance = random.Random(seed)
        text = _broken(_written(chance), chance)
        size = (chance.choice((1, 33, 640, 5000)), chance.choice((1, 33, 640, 5000)))
        instances = read_answer(text, seen=(64, 64), photo=size)
        readable += bool(instances)
        for one in instances:
            assert 0.0 <= one.left < one.right <= 1.0, (seed, text)
            assert 0.0 <= one.top < one.bottom <= 1.0, (seed, text)
    assert readable > 1000


def _written(chance: random.Random) -> str:
    """A proper answer of up to six boxes, in one of the units."""
    scale = chance.choice((1.0, 1000.0, 1000.0, 4000.0))
    rows = []
    for _ in range(chance.randrange(7)):
        sides = [round(chance.random() * scale, 3 if scale == 1.0 else 0) for _ in range(4)]
        label = chance.choice(("red mug", "cup", "kid's cup", "杯子", ""))
        rows.append(f'\t{{"bbox_2d": {sides}, "label": "{label}"}}')
    return "```json\n[\n" + ",\n".join(rows) + "\n]\n```"


def _broken(text: str, chance: random.Random) -> str:
    """Parts cut, doubled, swapped and replaced by signs that mean something to a reader."""
    signs = "[]{}()'\",:\\-+.eE \n\t" + string.digits
    pieces = ("NaN", "inf", "-1e999", "null", "\\u12", "'", '"', "[[[", "}}}", "\x00", "\ud800", "9" * 400, "bbox_2d", "```")
    for _ in range(chance.randrange(13)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice((0, 1, 1, 2, 5, 40)))
        new = chance.choice((chance.choice(signs), chance.choice(pieces), "", text[start:end] * 2, text[end:start:-1]))
        text = text[:start] + new + text[end:]
    return text[: chance.randrange(len(text) + 1)] if chance.random() < 0.3 else text


# --- boxes in space -----------------------------------------------------------------------------------------------------

# As in the cookbook 3d_grounding of QwenLM/Qwen3-VL: centre, size, rotation
SOLID = '{"bbox_3d": [0.36, 0.03, 0.94, 0.11, 0.13, 0.11, 0.22, 0.23, 0.15], "label": "red mug"}'


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n[\n\t{SOLID}\n]\n```",
        f"[{SOLID}",
        SOLID.replace("bbox_3d", "bbox_2d"),
        SOLID.replace('"bbox_3d"', "'3d_bbox'"),
        PROPER.replace("]\n```", f",{SOLID}]\n```"),
        '{"red mug": [1, 2, 3, 4, 5, 6, 7, 8, 9]}',
        SOLID.partition(", 0.22")[0],
    ],
    ids=["fenced", "cut off behind", "another key", "a third key", "one among boxes", "by name", "cut off within"],
)
def test_boxes_in_space_are_told_apart(text: str) -> None:
    assert is_in_space(text)
    assert [one[0] for one in read(text)] == (["red mug", "cup"] if "bbox_2d" in text and "500" in text else [])


@pytest.mark.parametrize("text", [PROPER, "[]", "", "none", "[1, 2, 3, 4, 5]", "[[1,2,3],[4,5,6],[7,8,9]]", "9 mugs at 1 2 3 4 5 6 7 8 9"])
def test_other_answers_are_not_in_space(text: str) -> None:
    assert not is_in_space(text)
