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
    scale = context.preferences.system.ui_scale
    width = context.region.width / scale - _MARGIN - _BOX * in_box - (_ICON if icon != "NONE" else 0) - taken
    points = context.preferences.ui_styles[0].widget.points
    column = layout.column(align=True)
    column.scale_y = 0.8
    for number, line in enumerate(_broken(_(text), round(width), points)):
        if icon == "NONE":
            column.label(text=line, translate=False)
        else:
            column.label(text=line, icon=icon if number == 0 else "BLANK1", translate=False)


@lru_cache(maxsize=256)
def _broken(text: str, width: int, points: float) -> tuple[str, ...]:
    """`width` in pixels at scale 1. A word that is too long by itself, such as a path, is broken inside."""
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
    count = 1
    while _fits(word[: count + 1], width) and count < len(word) - 1:
        count += 1
    return word[:count]
