"""How much a label resembles a name: the model says “teacup” or “Mugs” where the artist typed “cup” or “the mug”."""

from __future__ import annotations

from difflib import SequenceMatcher
from functools import lru_cache

from .instances import folded

LIKE = 0.5  # from here on a label means the name
SURELY_LIKE = 0.7  # one says the same as the other, with more or fewer words
_ALIKE = 0.8  # share of equal letters in two words that are one, misspelt
_SMALL_WORDS = frozenset("a an the some one of my your this that der die das ein eine einen le la les un une des du de el los las una il".split())
_ENDS_OF_HEAD = frozenset("of with on in at by near next from without under behind beside for to and".split())


@lru_cache(maxsize=10_000)
def likeness(name: str, label: str) -> float:
    """0..1: equal 1, from `SURELY_LIKE` where the words of one are all in the other, from `LIKE` where the heads agree."""
    if folded(name) == folded(label):
        return 1.0 if folded(name) or name.strip() == label.strip() else 0.0
    ours, theirs = _words(name), _words(label)
    if not ours or not theirs:
        return 0.0
    shared = sum(max(_same_word(word, other) for other in theirs) for word in ours)
    overlap = min(1.0, shared / max(1.0, len(ours) + len(theirs) - shared))
    short, long = sorted((ours, theirs), key=len)
    written_together = SequenceMatcher(None, "".join(ours), "".join(theirs)).ratio()
    if all(any(_same_word(word, other) for other in long) for word in short):
        return SURELY_LIKE + (1 - SURELY_LIKE) * overlap
    if written_together >= _ALIKE:
        return SURELY_LIKE * written_together
    return 0.35 + 0.5 * overlap if _same_word(_head(name), _head(label)) else 0.6 * overlap


def _words(text: str) -> list[str]:
    words = folded(text).split()
    return [word for word in words if word not in _SMALL_WORDS] or words


def _head(text: str) -> str:
    """The last word before what only describes: “bottle with a red cap” -> bottle."""
    words = folded(text).split()
    end = next((index for index, word in enumerate(words) if index and word in _ENDS_OF_HEAD), len(words))
    return words[end - 1]


def _same_word(one: str, other: str) -> float:
    one, other = _singular(one), _singular(other)
    if one == other:
        return 1.0
    short, long = sorted((one, other), key=len)
    if long.endswith(short) and (len(short) >= 3 or not short.isascii()):
        return _ALIKE  # a teacup is a cup, and Chinese writes no spaces
    ratio = SequenceMatcher(None, one, other).ratio()
    return ratio if ratio >= _ALIKE else 0.0


def _singular(word: str) -> str:
    for plural, singular in (("ies", "y"), ("ves", "f"), ("ses", "s"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if word.endswith(plural) and len(word) > len(plural) + 1:
            return word.removesuffix(plural) + singular
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word
