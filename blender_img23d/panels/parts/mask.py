"""The mask that tells a splitter the parts: painted over the photo, one colour a part, or a file."""

from __future__ import annotations

import bpy

from ...properties import Img23DMaskPart, Img23DSceneSettings
from ..widgets.text import draw_sentence

_ROWS = 4


def draw_item(context: bpy.types.Context, layout: bpy.types.UILayout, item: Img23DMaskPart) -> None:
    """A line of the mask's list."""
    row = layout.row(align=True)
    swatch = row.row(align=True)
    swatch.scale_x = 0.35
    swatch.prop(item, "color", text="")
    row.prop(item, "name", text="", emboss=False)
    row.label(text="", icon="CHECKMARK" if item.strokes else "BLANK1")


def draw_mask(layout: bpy.types.UILayout, context: bpy.types.Context, values: Img23DSceneSettings) -> None:
    """A file, or the parts that are painted."""
    column = layout.column(align=True)
    row = column.row(align=True)
    row.prop(values, "mask_file")
    row.operator("img23d.choose_photo", text="", icon="FILEBROWSER").purpose = "mask_file"
    if values.mask_file:
        return
    if not values.photo:
        draw_sentence(column, context, "Choose a photo above: the mask is painted over it.", icon="INFO")
        return
    draw_mask_parts(column, values)
    is_on = values.paints_parts
    column.operator("img23d.paint_parts", text="Paint in the Image Editor", icon="BRUSH_DATA", depress=is_on)


def draw_mask_parts(layout: bpy.types.UILayout, values: Img23DSceneSettings) -> None:
    """Also for the Image Editor's sidebar."""
    row = layout.row()
    row.template_list("IMG23D_UL_mask_parts", "", values, "mask_parts", values, "active_mask_part", rows=_ROWS, maxrows=_ROWS, sort_lock=True)
    buttons = row.column(align=True)
    buttons.operator("img23d.add_mask_part", text="", icon="ADD")
    buttons.operator("img23d.remove_mask_part", text="", icon="REMOVE")
    buttons.operator("img23d.clear_mask_part", text="", icon="X")
