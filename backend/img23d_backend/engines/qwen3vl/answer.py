"""Parses boxes with labels from the model's answer, in any form; standard library only, and never raises.

What Qwen3-VL is asked for and mostly gives is `[{"bbox_2d": [x1, y1, x2, y2], "label": "mug"}, ...]` in a ```json fence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace

from ...finding.instances import SAME_THING, Instance, folded
from .loose_json import Group, Item, Pair, read

_THOUSAND = 1000.0  # the published unit: thousandths of the picture's width and height
_OVERSHOOT = 1.05  # a corner may lie that far outside of the picture
_SENSELESS = 100_000.0  # no picture has more pixels a side
_BOX_KEYS = {"bbox", "bbox2d", "box", "box2d", "boundingbox", "bboxes", "boxes", "coordinates", "coords", "rect"}
_SOLID_KEYS = {"bbox3d", "box3d", "3dbbox", "3dbox", "boundingbox3d"}
_SOLID_NUMBERS = 9  # of a box in space: where it is, how large, how it is turned
_LIST_KEYS = {"objects", "instances", "detections", "annotations", "results", "items", "answer", "categories"}
_LABEL_KEYS = ("label", "name", "category", "class", "object", "item", "text", "description")
_CORNER_KEYS = (("x1", "y1", "x2", "y2"), ("xmin", "ymin", "xmax", "ymax"), ("left", "top", "right", "bottom"))
_NUMBERS = re.compile(r"[-+]?[0-9]+(?:\.[0-9]+)?")

Corners = tuple[float, float, float, float]  # left, top, right, bottom


def read_answer(text: str, *, seen: tuple[int, int], photo: tuple[int, int]) -> tuple[Instance, ...]:
    """The instances in their order. `seen` is the width and height of the picture as the model got it, `photo` the photo's.

    Corners are put in order and clamped to the picture; what has no area there, or a number that is none, is left out.
    Instances of the same label that overlap by `SAME_THING` are one, with the first one's box. See `_units` for how the
    coordinates' unit is found.
    """
    labelled = [(label, _ordered(box)) for label, box in _boxes(read(text), "") if _makes_sense(box)]
    width, height = _units([box for _, box in labelled], seen, photo)
    instances = (_clamped(label, box, width, height) for label, box in labelled)
    return tuple(_without_repeats([one for one in instances if one is not None]))


def is_in_space(text: str) -> bool:
    """Whether the answer has boxes in space, nine numbers each, which say nothing about the picture without its camera."""
    return _has_solid(read(text))


def _has_solid(group: Group) -> bool:
    if _leading_numbers(group) == len(group.items) == _SOLID_NUMBERS:
        return True
    for item in group.items:
        value = item.value if isinstance(item, Pair) else item
        if isinstance(item, Pair) and _key(item.key) in _SOLID_KEYS:
            return True
        if isinstance(value, Group) and _has_solid(value):
            return True
    return False


# --- what stands where --------------------------------------------------------------------------------------------------


def _boxes(group: Group, label: str) -> Iterator[tuple[str, Corners]]:
    """The boxes in a group with the nearest label: its own, or the one of what it stands in."""
    own = _label(group) or label
    corners = _corners(group)
    if corners is not None:
        yield own, corners
        return
    before: Group | None = None
    for item in group.items:
        if isinstance(item, Pair):
            yield from _boxes_of_pair(item, own)
        elif isinstance(item, Group):
            if before is not None and _is_point(before) and _is_point(item):
                yield own, _four([*before.items, *item.items])
                before = None
                continue
            yield from _boxes(item, own)
        before = item if isinstance(item, Group) else None


def _boxes_of_pair(pair: Pair, label: str) -> Iterator[tuple[str, Corners]]:
    is_box = _key(pair.key) in _BOX_KEYS
    if isinstance(pair.value, Group):
        names_nothing = is_box or _key(pair.key) in _LIST_KEYS
        yield from _boxes(pair.value, label if names_nothing else label or pair.key)
    elif is_box and isinstance(pair.value, str):
        numbers = [float(number) for number in _NUMBERS.findall(pair.value)]
        if len(numbers) == 4:
            yield label, (numbers[0], numbers[1], numbers[2], numbers[3])


def _label(group: Group) -> str:
    """What a group says that it is: a pair with a label's key, or a text beside four numbers."""
    pairs = {_key(item.key): item.value for item in group.items if isinstance(item, Pair)}
    for key in _LABEL_KEYS:
        value = pairs.get(key)
        if isinstance(value, str):
            return value
    if _leading_numbers(group) == 4:
        return next((item for item in reversed(group.items) if isinstance(item, str)), "")
    return ""


def _corners(group: Group) -> Corners | None:
    """Four numbers in a row (a score may follow), or four named sides."""
    if not group.is_whole and len(group.items) <= 4:
        return None  # the last number may be the beginning of a longer one
    count = _leading_numbers(group)
    if count in (4, 5):
        return _four(group.items[:4])
    sides = {_key(item.key): item.value for item in group.items if isinstance(item, Pair)}
    for keys in _CORNER_KEYS:
        if all(isinstance(sides.get(key), float) for key in keys):
            return _four([sides[key] for key in keys])
    return None


def _is_point(group: Group) -> bool:
    return group.is_whole and _leading_numbers(group) == len(group.items) == 2


def _four(items: list[Item]) -> Corners:
    left, top, right, bottom = (item if isinstance(item, float) else math.nan for item in items)
    return left, top, right, bottom


def _leading_numbers(group: Group) -> int:
    count = 0
    for item in group.items:
        if not isinstance(item, float):
            break
        count += 1
    return count


def _key(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())


# --- from numbers to fractions ------------------------------------------------------------------------------------------


def _makes_sense(box: Corners) -> bool:
    return all(math.isfinite(side) and abs(side) <= _SENSELESS for side in box)


def _ordered(box: Corners) -> Corners:
    left, top, right, bottom = box
    return min(left, right), min(top, bottom), max(left, right), max(top, bottom)


def _units(boxes: list[Corners], seen: tuple[int, int], photo: tuple[int, int]) -> tuple[float, float]:
    """What a coordinate is divided by to be a fraction: one rule for the whole answer, from its largest numbers.

    - Nothing above 1.05: fractions already.
    - Nothing above 1,050: thousandths, which is what Qwen3-VL was taught. Pixels of a small picture look the same and
      are not told apart.
    - Above that, and every box fits into the picture that the model saw, or else into the photo: pixels of it, as
      Qwen2.5-VL answered.
    - Otherwise thousandths, some of them wrong.
    """
    largest_x = max((box[2] for box in boxes), default=0.0)
    largest_y = max((box[3] for box in boxes), default=0.0)
    if max(largest_x, largest_y) <= _OVERSHOOT:
        return 1.0, 1.0
    if max(largest_x, largest_y) > _THOUSAND * _OVERSHOOT:
        for width, height in (seen, photo):
            if largest_x <= width * _OVERSHOOT and largest_y <= height * _OVERSHOOT:
                return float(width), float(height)
    return _THOUSAND, _THOUSAND


def _clamped(label: str, box: Corners, width: float, height: float) -> Instance | None:
    left, right = (min(max(side / width, 0.0), 1.0) for side in (box[0], box[2]))
    top, bottom = (min(max(side / height, 0.0), 1.0) for side in (box[1], box[3]))
    if right <= left or bottom <= top:
        return None
    return Instance(label=" ".join(label.split()), left=left, top=top, right=right, bottom=bottom)


def _without_repeats(instances: list[Instance]) -> list[Instance]:
    """A label that is missing takes the one of the same box."""
    kept: list[Instance] = []
    for one in instances:
        for index, other in enumerate(kept):
            same_label = not one.label or not other.label or folded(one.label) == folded(other.label)
            if same_label and one.overlap(other) >= SAME_THING:
                kept[index] = replace(other, label=other.label or one.label)
                break
        else:
            kept.append(one)
    return kept
