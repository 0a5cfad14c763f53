"""The tab in the Image Editor's sidebar: tools, the list, and back to the scene."""

from __future__ import annotations

import bpy

from ...app.owner import extension
from ...properties import Img23DSceneSettings
from ...scene.photo.editors import PICK_TOOL
from ...scene.photo.shown_photo import shows_photo
from ..parts.mask import draw_mask_parts
from ..sidebar.targets import guarded_column
from ..widgets.steady_rows import guarded_row
from ..widgets.text import draw_sentence


def draw(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    owner = extension()  # made here where a file opens with this editor: it then draws the boxes
    values = context.scene.img23d
    column = panel.layout.column()
    if shows_photo(context.space_data, context.scene) and values.paints_parts:
        _draw_parts(column, context, values)
    elif shows_photo(context.space_data, context.scene):
        _draw_tools(column, context)
        _draw_list(column, context, values)
        row = column.row()
        row.scale_y = 1.3
        row.operator("img23d.close_boxes", text="Done", icon="CHECKMARK")
        if _active_tool(context) == PICK_TOOL:  # below the buttons, which must not move under the mouse
            _draw_picking(column, context)
    else:
        draw_sentence(column, context, "Here you can draw boxes around the things in your photo.")
        column.operator("img23d.edit_boxes", text="Show the Photo", icon="IMAGE_DATA")
    if owner.refusal:
        draw_sentence(column, context, owner.refusal, icon="ERROR")


def _draw_parts(layout: bpy.types.UILayout, context: bpy.types.Context, values: Img23DSceneSettings) -> None:
    """The mask that tells the parts of a thing."""
    state = context.window_manager.img23d
    draw_sentence(layout, context, "Paint each part in its colour. Ctrl wipes out.")
    draw_mask_parts(layout, values)
    layout.row(align=True).prop(state, "brush", expand=True)
    layout.row(align=True).prop(state, "brush_radius", slider=True)
    row = layout.row()
    row.scale_y = 1.3
    row.operator("img23d.close_boxes", text="Done", icon="CHECKMARK")


def _active_tool(context: bpy.types.Context) -> str:
    """The tool's name, empty for none."""
    tool = context.workspace.tools.from_space_image_mode("VIEW")
    return tool.idname if tool is not None else ""


def _draw_tools(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    state, space = context.window_manager.img23d, "IMAGE_EDITOR"
    active_tool = _active_tool(context)
    column = layout.column(align=True)
    column.scale_y = 1.3
    column.operator("img23d.pick_in_photo", text="Pick in the Photo", icon="EYEDROPPER", depress=active_tool == PICK_TOOL)
    row = column.row(align=True)
    _tool_button(row, "Boxes", "img23d.box_tool", "SELECT_SET", active_tool == "img23d.box_tool", space)
    _tool_button(row, "Brush", "img23d.brush_tool", "BRUSH_DATA", active_tool == "img23d.brush_tool", space)
    if active_tool == PICK_TOOL:
        layout.row(align=True).prop(state, "picks", expand=True)
    if active_tool == "img23d.brush_tool":
        layout.row(align=True).prop(state, "brush", expand=True)
        row = layout.row(align=True)
        row.prop(state, "brush_radius", slider=True)
        layout.operator("img23d.clear_strokes", text="Clear Strokes", icon="X")


def _draw_picking(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """How far the segmentation is, what failed, or what to do."""
    owner = extension()
    if owner.picker.is_looking:
        layout.progress(factor=owner.running.left.fraction, text="Looking at the photo")
        guarded_row(layout, context, owner, "picking", "cancel").operator("img23d.cancel", text="Cancel", icon="CANCEL")
    else:
        guarded_row(layout, context, owner, "picking", None)
        draw_sentence(layout, context, owner.picker.advice(context.scene), icon="INFO")


def _tool_button(layout: bpy.types.UILayout, text: str, tool: str, icon: str, is_in_hand: bool, space: str) -> None:
    button = layout.operator("wm.tool_set_by_id", text=text, icon=icon, depress=is_in_hand)
    button.name, button.space_type = tool, space


def _draw_list(layout: bpy.types.UILayout, context: bpy.types.Context, values: Img23DSceneSettings) -> None:
    layout.separator()
    row = layout.row()
    row.template_list("IMG23D_UL_targets", "image_editor", values, "targets", values, "active_target", rows=6, maxrows=6)
    buttons, seen = guarded_column(row, context)
    buttons.operator("img23d.add_target", text="", icon="ADD")
    buttons.operator("img23d.remove_target", text="", icon="REMOVE").seen = seen
    layout.operator("img23d.find_targets", text="Find in Photo", icon="VIEWZOOM")
    if 0 <= values.active_target < len(values.targets):
        row = values.targets[values.active_target]
        if not row.has_box:
            draw_sentence(layout, context, "This has no box yet: drag over it in the photo.", icon="INFO")
        layout.prop(row, "name")
