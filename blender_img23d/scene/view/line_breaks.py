"""Where a sentence is broken into lines that fit: Blender cuts off what does not."""

from __future__ import annotations

from functools import lru_cache

import blf

FONT = 0  # Blender's interface font
_SEPARATORS = "/\\_-.,:;"  # after which a path or a long name is broken where it must be


@lru_cache(maxsize=256)
def broken(text: str, width: int, points: float) -> tuple[str, ...]:
    """`width` in the pixels in which a letter of `points` is drawn. A word that is too long by itself, such as a path, is
    broken inside, at a separator."""
    blf.size(FONT, points)
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _fits(longer, width):
            lines[-1] = longer
            continue
        while not _fits(word, width):
            head = _longest_head(word, width)
            lines.append(head)
            word = word[len(head) :]
        lines.append(word)
    return tuple(lines)


def _fits(text: str, width: int) -> bool:
    return len(text) <= 1 or blf.dimensions(FONT, text)[0] <= width


def _longest_head(word: str, width: int) -> str:
    """As much of it as fits, up to its last separator where there is one in the second half of that."""
    count = 1
    while _fits(word[: count + 1], width) and count < len(word) - 1:
        count += 1
    separator = max(word.rfind(char, count // 2, count) for char in _SEPARATORS)
    return word[: separator + 1 if separator >= 0 else count]
