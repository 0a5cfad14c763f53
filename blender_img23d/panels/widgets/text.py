"""Sentences in a narrow column: Blender cuts labels off, so they are broken into lines that fit."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as _

from ...scene.view.line_breaks import broken

_MARGIN = 64  # pixels at scale 1 that panels, scroll bar and label take from the region's width
_BOX = 16  # pixels at scale 1 that a box takes
_ICON = 22  # pixels at scale 1
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


def lines_of(context: bpy.types.Context, text: str, *, has_icon: bool = False, in_box: bool = False, taken: int = 0) -> tuple[str, ...]:
    """The lines that a sentence takes where `context` draws, translated as a whole; `taken` as in `draw_sentence`."""
    scale = context.preferences.system.ui_scale
    width = context.region.width / scale - _MARGIN - _BOX * in_box - _ICON * has_icon - taken
    return broken(_(text), round(width), context.preferences.ui_styles[0].widget.points)
