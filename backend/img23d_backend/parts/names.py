"""Names for parts by where they are and what form they have, where that is sure; a number for the others.

Axes are glTF's; left is +x, which is a thing's own left as it looks towards the viewer, as in Blender's names of bones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_BODY = 0.5  # of all other parts touch the body
_LARGER = 1.3  # times the next part's area
_LONG = 1.5  # times its width is a leg high, at least
_GROUND = 0.06  # of the height: so near to the ground a leg ends
_ALIKE = 1.6  # times the area of another leg, at most
_LEG_TOP = 0.95  # of the height: a leg ends below
_MIDDLE = 0.05  # of the width: what lies nearer to the middle is neither left nor right
_HANDLE = 0.5  # of the body's area, at most
_NEAR = 0.04  # of the extent: parts that close touch
_PLACES = 300  # of a part that distances are measured from


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What is known of a part: some `places` (N, 3) on it, its `area`, and `borders` (by part) how many closed lines it shares with another."""

    places: np.ndarray
    area: float
    borders: dict[int, int]

    @property
    def low(self) -> np.ndarray:
        return self.places.min(axis=0)

    @property
    def high(self) -> np.ndarray:
        return self.places.max(axis=0)


def names_of(parts: Sequence[Seen], whole: str) -> list[str]:
    """A name each, no two the same; `whole` is that of a thing that is one part."""
    if len(parts) == 1:
        return [whole]
    touching = _touching(parts)
    body = _body(parts, touching)
    found: dict[int, str] = {} if body is None else {body: "body"}
    found |= _legs(parts, found)
    if body is not None:
        found |= {number: "handle" for number in _handles(parts, body) if number not in found}
    return _distinct({**found, **{number: f"part {number + 1}" for number in range(len(parts)) if number not in found}})


def _touching(parts: Sequence[Seen]) -> list[set[int]]:
    extent = float((np.max([one.high for one in parts], axis=0) - np.min([one.low for one in parts], axis=0)).max())
    places = [one.places[np.linspace(0, len(one.places) - 1, min(len(one.places), _PLACES)).astype(np.int64)] for one in parts]
    found: list[set[int]] = [set(one.borders) for one in parts]
    for one in range(len(parts)):
        for other in range(one + 1, len(parts)):
            apart = np.maximum(parts[one].low - parts[other].high, parts[other].low - parts[one].high).max()
            if apart <= _NEAR * extent and _distance(places[one], places[other]) <= _NEAR * extent:
                found[one].add(other)
                found[other].add(one)
    return found


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.sqrt(((one[:, None] - other) ** 2).sum(axis=2).min()))


def _body(parts: Sequence[Seen], touching: list[set[int]]) -> int | None:
    order = sorted(range(len(parts)), key=lambda number: -parts[number].area)
    largest, next_one = order[0], order[1]
    is_large = parts[largest].area >= _LARGER * parts[next_one].area
    return largest if is_large and len(touching[largest]) >= _BODY * (len(parts) - 1) else None


def _legs(parts: Sequence[Seen], found: dict[int, str]) -> dict[int, str]:
    """At least two parts that are alike, higher than wide, end at the ground, and carry something."""
    low, high = np.min([one.low for one in parts], axis=0), np.max([one.high for one in parts], axis=0)
    size = high - low
    legs = []
    for number, one in enumerate(parts):
        wide, tall, deep = one.high - one.low
        is_long = tall >= _LONG * max(wide, deep)
        if number not in found and is_long and one.low[1] <= low[1] + _GROUND * size[1] and one.high[1] <= low[1] + _LEG_TOP * size[1]:
            legs.append(number)
    areas = [parts[number].area for number in legs]
    if len(legs) < 2 or max(areas) > _ALIKE * min(areas) or not _carry(parts, legs):
        return {}
    middle = (low + high) / 2
    across = {number: float((parts[number].low + parts[number].high)[0] / 2 - middle[0]) for number in legs}
    legs.sort(key=lambda number: -float((parts[number].low + parts[number].high)[2]))  # from the front
    return {number: "leg" if abs(across[number]) < _MIDDLE * size[0] else "left leg" if across[number] > 0 else "right leg" for number in legs}


def _carry(parts: Sequence[Seen], legs: list[int]) -> bool:
    """Whether the largest of the other parts is above the legs' middle."""
    others = [one for number, one in enumerate(parts) if number not in legs]
    if not others:
        return False
    largest = max(others, key=lambda one: one.area)
    return (largest.low + largest.high)[1] > max((parts[number].low + parts[number].high)[1] for number in legs)


def _handles(parts: Sequence[Seen], body: int) -> list[int]:
    """Parts that grow out of the body at one place and into it at another."""
    return [
        number
        for number, one in enumerate(parts)
        if number != body and set(one.borders) == {body} and one.borders[body] >= 2 and one.area <= _HANDLE * parts[body].area
    ]


def _distinct(names: dict[int, str]) -> list[str]:
    """In the order of the numbers; those that are found first keep the plain name."""
    counts: dict[str, int] = {}
    out = dict(names)
    for number, name in names.items():
        counts[name] = counts.get(name, 0) + 1
        if counts[name] > 1:
            out[number] = f"{name} {counts[name]}"
    return [out[number] for number in sorted(out)]
