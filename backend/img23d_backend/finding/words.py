"""The words in a name that can be used without a language model: colours, places, sizes, counts; in English."""

from __future__ import annotations

import re
import unicodedata
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
_LINKS = frozenset("of with without from beside behind under near next".split())
_SMALL_WORDS = frozenset("a an the some my your this that these those in on at to hand most".split())
_ANYTHING = frozenset("one ones thing things object objects item items".split())
_COLOURED_THINGS = frozenset("orange lemon lime cherry olive rose salmon chestnut chocolate mint coral tan amber lavender violet lilac".split())


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


@dataclass(frozen=True, kw_only=True)
class Description:
    """What a name says: of what kind the thing is, empty where it can be any, and which one of that kind."""

    kind: str
    query: NameQuery


def described(name: str) -> Description:
    """For a model that knows kinds of things: “the big red cup of tea” is a “cup of tea”, which is big and red.

    What follows “of”, “with” and the like is a part of the kind: a bottle with a red cap need not be red. A colour that is a
    thing as well is one where the name ends in it, so that a “red rose” is a rose.
    """
    words = _WORD.findall(unicodedata.normalize("NFKC", name).casefold())
    head, rest = _parted(words)
    last = head[-1:] if head and _singular(head[-1]) in _COLOURED_THINGS else []
    before = head[: len(head) - len(last)]
    query = parse(" ".join(before))
    nouns = _without_ends([word for word in before if not _is_attribute(word, query)] + last)
    if all(word in _ANYTHING | _SMALL_WORDS for word in nouns):
        return Description(kind="", query=query)
    return Description(kind=" ".join([*nouns, *rest]), query=query)


def _parted(words: list[str]) -> tuple[list[str], list[str]]:
    """The words up to a link, and from there on, where more than a place follows it."""
    for index, word in enumerate(words):
        follows = [one for one in words[index + 1 :] if one not in _SMALL_WORDS and not parse(one).is_specific]
        if word in _LINKS and index and follows:
            return words[:index], words[index:]
    return words, []


def _without_ends(nouns: list[str]) -> list[str]:
    small = _SMALL_WORDS | _LINKS
    inner = [index for index, word in enumerate(nouns) if word not in small]
    return nouns[inner[0] : inner[-1] + 1] if inner else []


def _is_attribute(word: str, query: NameQuery) -> bool:
    return parse(word).is_specific or word.isdecimal() or bool(query.shade) and _SHADES.get(word) == query.shade


def _singular(word: str) -> str:
    return word.removesuffix("es") if word.endswith("ches") else word.removesuffix("s")


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
