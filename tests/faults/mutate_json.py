"""Damaged copies of what JSON holds: values of other kinds, out of range, missing, repeated, far too deep or too long.

As in `mutate`, the seed value and one number make the copy. What comes out is text, since some of it no encoder writes.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

MOST_CHANGES = 3
DEPTH = 100_000  # of nested lists, more than any parser's stack
# Numbers that Python's JSON reads and no other does, ends of ranges, and what an index or a size may not be
NUMBERS = (
    "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e308", "1e-320", "-0.0", "0", "1", "-1", "0.5", "255", "256", "65536",
    "2147483647", "2147483648", "-2147483649", "4294967295", "4294967296", "9223372036854775807", "9223372036854775808",
    "1" + "0" * 400, "-1" + "0" * 400,
)  # fmt: skip
TEXTS = (
    "", " ", "x" * 70_000, "\0", "a\0b", "../../..", "..\\..", "/", "CON", "NUL.png", "\ud800", "\udfff\ud800", "\u202e",
    "😀" * 300, "\n", "a\nb", "%s%n", "{}", "0", "true", "null", "\x1b[31m", "C:\\", "file:///x", "-1", "nan",
)  # fmt: skip
OTHER_KINDS = (None, True, False, [], {}, [[]], [None], {"": None}, [1, 2, 3], ["a"] * 3, {"a": {"b": {"c": 1}}})


class Raw:
    """Stands in a value for text that goes into the file as it is."""

    def __init__(self, text: str) -> None:
        self.text = text


def json_mutation(value: Any, number: int, *, keep: frozenset[str] = frozenset(), texts: tuple[str, ...] = TEXTS) -> str:
    """One damaged copy as text, ASCII. What stands under a key in `keep` is left as it is, and so are the keys themselves."""
    chance = random.Random(f"json {number}")
    changed, raws = copy.deepcopy(value), []
    for _ in range(chance.randint(1, MOST_CHANGES)):
        places = list(_places(changed, keep))
        if places:
            holder, key = chance.choice(places)
            _change(holder, key, chance, texts)
    text = json.dumps(changed, default=lambda raw: _kept(raw, raws))
    for index, raw in enumerate(raws):
        text = text.replace(f'"@raw {index}@"', raw, 1)
    return text


def _kept(raw: Raw, raws: list[str]) -> str:
    raws.append(raw.text)
    return f"@raw {len(raws) - 1}@"


def _places(value: Any, keep: frozenset[str]) -> Iterator[tuple[Any, Any]]:
    """Every holder and key or index in it."""
    if isinstance(value, dict):
        items = [(key, inner) for key, inner in value.items() if key not in keep]
    else:
        items = list(enumerate(value)) if isinstance(value, list) else []
    for key, inner in items:
        yield value, key
        yield from _places(inner, keep)


def _change(holder: Any, key: Any, chance: random.Random, texts: tuple[str, ...]) -> None:
    match chance.randrange(8):
        case 0 | 1 | 2:
            holder[key] = Raw(chance.choice(NUMBERS))
        case 3:
            holder[key] = chance.choice(texts)
        case 4:
            holder[key] = copy.deepcopy(chance.choice(OTHER_KINDS))
        case 5:
            del holder[key]
        case 6:
            _stretch(holder, key, chance)
        case 7:
            _nudge(holder, key, chance)


def _stretch(holder: Any, key: Any, chance: random.Random) -> None:
    """Too deep, or too many of the same."""
    value = holder[key]
    if chance.random() < 0.2:
        opening, closing = chance.choice((("[", "]"), ('{"a":', "}")))
        holder[key] = Raw(opening * DEPTH + "0" + closing * DEPTH)
    elif isinstance(value, list) and value and not _holds_raw(value):
        holder[key] = value * chance.choice((2, 3, 50))
    else:
        holder[key] = [value]


def _nudge(holder: Any, key: Any, chance: random.Random) -> None:
    """A number near the right one; anything else is swapped with its neighbour's value."""
    value = holder[key]
    if type(value) in (int, float):
        holder[key] = chance.choice((value + 1, value - 1, -value, value * 2, value * 1000, value / 2, float(value), int(value)))
    else:
        other = chance.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        holder[key], holder[other] = holder[other], holder[key]


def _holds_raw(value: Any) -> bool:
    return isinstance(value, Raw) or (isinstance(value, list) and any(map(_holds_raw, value)))
