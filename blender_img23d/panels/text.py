"""Sentences in a narrow column: Blender cuts labels off, so they are broken into lines that fit."""

from __future__ import annotations

from functools import lru_cache

import blf
import bpy
from bpy.app.translations import pgettext_iface as _

_MARGIN = 64  # pixels at scale 1 that panels, scroll bar and label take from the region's width
_BOX = 16  # pixels at scale 1 that a box takes
_ICON = 22  # pixels at scale 1
_FONT = 0  # Blender's interface font
_SEPARATORS = "/\\_-.,:;"  # after which a path or a long name is broken where it must be
LINE = 0.8  # height of a line of a sentence, of a button's


def gigabytes(size: int) -> str:
    """As download pages count: 1 GB is 1e9 bytes."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 1):.0f} MB"


def draw_sentence(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    text: str,
    *,
    icon: str = "NONE",
    in_box: bool = False,
    taken: int = 0,
) -> None:
    """As many labels as the sentence needs; the icon stands before the first. `taken` are pixels at scale 1 beside it.

    It is translated here, as a whole; what has numbers or names in it must have been before they went in.
    """
    column = layout.column(align=True)
    column.scale_y = LINE
    for number, line in enumerate(lines_of(context, text, has_icon=icon != "NONE", in_box=in_box, taken=taken)):
        if icon == "NONE":
            column.label(text=line, translate=False)
        else:
            column.label(text=line, icon=icon if number == 0 else "BLANK1", translate=False)


def lines_of(
    context: bpy.types.Context, text: str, *, has_icon: bool = False, in_box: bool = False, taken: int = 0
) -> tuple[str, ...]:
    """The lines that a sentence takes where `context` draws, translated as a whole; `taken` as in `draw_sentence`."""
    scale = context.preferences.system.ui_scale
    width = context.region.width / scale - _MARGIN - _BOX * in_box - _ICON * has_icon - taken
    return _broken(_(text), round(width), context.preferences.ui_styles[0].widget.points)


@lru_cache(maxsize=256)
def _broken(text: str, width: int, points: float) -> tuple[str, ...]:
    """`width` in pixels at scale 1. A word that is too long by itself, such as a path, is broken inside, at a separator."""
    blf.size(_FONT, points)
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
    return len(text) <= 1 or blf.dimensions(_FONT, text)[0] <= width


def _longest_head(word: str, width: int) -> str:
    """As much of it as fits, up to its last separator where there is one in the second half of that."""
    count = 1
    while _fits(word[: count + 1], width) and count < len(word) - 1:
        count += 1
    separator = max(word.rfind(char, count // 2, count) for char in _SEPARATORS)
    return word[: separator + 1 if separator >= 0 else count]
