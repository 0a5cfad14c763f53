"""The words in a name that an engine without a language model can use: colours, places, sizes, counts; in English."""

from __future__ import annotations

import re
from dataclasses import dataclass


def _by_word(groups: dict[str, str]) -> dict[str, str]:
    """Each of the words, given in a line a meaning, with its meaning."""
    return {word: meaning for meaning, words in groups.items() for word in words.split()}


_COLOURS = _by_word(
    {
        "red": "red scarlet crimson ruby maroon burgundy cherry",
        "orange": "orange tangerine amber copper",
        "yellow": "yellow gold golden lemon mustard",
        "green": "green lime olive emerald mint khaki",
        "cyan": "cyan turquoise teal aqua",
        "blue": "blue navy azure indigo cobalt",
        "purple": "purple violet lilac lavender mauve",
        "pink": "pink magenta fuchsia rose salmon coral",
        "brown": "brown chocolate bronze wooden chestnut",
        "beige": "beige cream tan ivory sand",
        "black": "black ebony",
        "grey": "grey gray silver silvery metallic",
        "white": "white snowy",
    }
)
_SIDES = _by_word(
    {
        "left": "left leftmost lefthand",
        "right": "right rightmost righthand",
        "top": "top topmost upper uppermost highest above back rear behind furthest farthest",
        "bottom": "bottom bottommost lower lowest lowermost below front nearest closest foreground",
        "middle": "middle center centre central centered centred",
    }
)
_SIZES = _by_word(
    {
        "big": "big bigger biggest large larger largest huge giant main",
        "small": "small smaller smallest little tiny mini",
        "tall": "tall taller tallest high",
        "short": "short shorter shortest",
        "wide": "wide wider widest broad long longer longest",
        "narrow": "narrow narrower narrowest thin thinner thinnest slim",
    }
)
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_SHADES = {"dark": "dark", "darker": "dark", "darkest": "dark", "light": "light", "pale": "light", "bright": "light"}
_ENDINGS = ("s", "es", "ish", "est", "er", "dish", "dest", "der")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, kw_only=True)
class NameQuery:
    """The attributes that a name asks for: looks and place. `ordinal` counts from 0 in reading order, -1 is the last, None unsaid."""

    colours: tuple[str, ...] = ()
    sides: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    shade: str = ""
    ordinal: int | None = None

    @property
    def is_specific(self) -> bool:
        return bool(self.colours or self.sides or self.sizes or self.shade or self.ordinal is not None)


def parse(name: str) -> NameQuery:
    """The query in a name, in any case, with plurals and punctuation; unknown words say nothing."""
    words = [word.casefold() for word in _WORD.findall(name)]
    colours = tuple(dict.fromkeys(_looked_up(words, _COLOURS)))
    shades = [_SHADES[word] for word in words if word in _SHADES]
    return NameQuery(
        colours=colours,
        sides=tuple(dict.fromkeys(_looked_up(words, _SIDES))),
        sizes=tuple(dict.fromkeys(_looked_up(words, _SIZES))),
        shade=shades[0] if shades and (colours or shades[0] == "dark") else "",  # a "light" alone is a lamp
        ordinal=_ordinal(words),
    )


def _looked_up(words: list[str], table: dict[str, str]) -> list[str]:
    return [table[stem] for word in words for stem in _stems(word) if stem in table]


def _stems(word: str) -> tuple[str, ...]:
    """The word itself, or without the ending of a plural, a comparison or an "-ish"; the first known one counts."""
    known = _COLOURS.keys() | _SIDES.keys() | _SIZES.keys()
    shorter = [word[: -len(end)] for end in _ENDINGS if word.endswith(end)]
    return next(((form,) for form in (word, *shorter, *(stem + "e" for stem in shorter)) if form in known), ())


def _ordinal(words: list[str]) -> int | None:
    for word in words:
        if word in _ORDINALS:
            return _ORDINALS.index(word)
        if word == "last":
            return -1
        if match := re.fullmatch(r"(\d{1,3})(?:st|nd|rd|th)", word):
            return max(0, int(match[1]) - 1)
    return None
