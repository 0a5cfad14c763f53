"""Panel rows of constant height: a message replaces a message, and nothing below them moves."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import bpy
from bpy.app.translations import pgettext_iface as _

from ...app.owner import Extension
from ...shared.img23d_protocol.values import Value
from .text import LINE, lines_of


class Said(Value):
    """A sentence with the icon before it; one with numbers or names in it is translated before they go in."""

    text: str
    icon: str = "NONE"


def draw_slot(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    said: Sequence[Said],
    *,
    lines: int,
    in_box: bool = False,
    taken: int = 0,
    at_bottom: bool = False,
) -> None:
    """So many lines, whatever is said. What has no room ends with a line that can be pressed to read the rest.

    With `at_bottom` the empty lines come first.
    """
    column = layout.column(align=True)
    column.scale_y = LINE
    wanted = [(one, line, number) for one in said for number, line in enumerate(_lines(context, one, in_box, taken))]
    empty = lines - len(wanted)
    if at_bottom:
        _draw_empty(column, empty)
    for one, line, number in wanted[: lines if len(wanted) <= lines else lines - 1]:
        _draw_line(column, one, line, number)
    if len(wanted) > lines:
        _draw_rest(column, wanted[lines - 1], "\n".join(_(one.text) for one in said))
    if not at_bottom:
        _draw_empty(column, empty)


def guarded_row(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, place: str, shown: Hashable) -> bpy.types.UILayout:
    """A row for buttons, which cannot be pressed for a moment after something else has come to this place.

    `shown` tells what stands there, such as an operator's name and the job that it is for; None for nothing.
    """
    row = layout.row(align=True)
    region = getattr(context.region, "as_pointer", int)()  # each viewport has a panel of its own
    row.enabled = owner.press_guard.is_enabled((region, place), shown)
    return row


def draw_gap(layout: bpy.types.UILayout, height: float = 1.0) -> None:
    """As high as so many buttons."""
    row = layout.row()
    row.scale_y = height
    row.label(text="")


def _lines(context: bpy.types.Context, one: Said, in_box: bool, taken: int) -> tuple[str, ...]:
    return lines_of(context, one.text, has_icon=one.icon != "NONE", in_box=in_box, taken=taken)


def _draw_empty(column: bpy.types.UILayout, count: int) -> None:
    for _number in range(count):
        column.label(text="")


def _draw_line(column: bpy.types.UILayout, one: Said, line: str, number: int) -> None:
    if one.icon == "NONE":
        column.label(text=line, translate=False)
    else:
        column.label(text=line, icon="BLANK1" if number else one.icon, translate=False)


def _draw_rest(column: bpy.types.UILayout, last: tuple[Said, str, int], whole: str) -> None:
    """The last line that has room, as a button whose tooltip is the whole text."""
    one, line, number = last
    row = column.row(align=True)
    row.alignment = "LEFT"
    icon = "NONE" if one.icon == "NONE" else "BLANK1" if number else one.icon
    row.operator("img23d.read_on", text=f"{line.rsplit(' ', 1)[0]} ...", icon=icon, emboss=False, translate=False).text = whole
