"""The tools of the Image Editor, with their keys."""

from __future__ import annotations

import bpy

from ..late import tool_drawn_by

_DRAG = {"type": "LEFTMOUSE", "value": "PRESS"}


class IMG23D_WST_boxes(bpy.types.WorkSpaceTool):
    bl_space_type = "IMAGE_EDITOR"
    bl_context_mode = "VIEW"
    bl_idname = "img23d.box_tool"
    bl_label = "Target Boxes"
    bl_description = "Draw, move and resize the boxes around the things in the photo"
    bl_icon = "ops.generic.select_box"
    bl_cursor = "CROSSHAIR"
    bl_keymap = (
        ("img23d.drag_box", _DRAG, None),
        ("img23d.drag_box", {**_DRAG, "shift": True}, {"properties": [("is_new", True)]}),
        ("img23d.remove_target", {"type": "DEL", "value": "PRESS"}, None),
        ("img23d.remove_target", {"type": "X", "value": "PRESS"}, None),
    )
    draw_settings = tool_drawn_by("image_editor.tool_drawing", "draw_box_settings")


class IMG23D_WST_brush(bpy.types.WorkSpaceTool):
    bl_space_type = "IMAGE_EDITOR"
    bl_context_mode = "VIEW"
    bl_idname = "img23d.brush_tool"
    bl_label = "Brush In or Out"
    bl_description = "Paint over the photo what belongs to the selected thing and what does not"
    bl_icon = "brush.generic"
    bl_cursor = "CROSSHAIR"
    bl_keymap = (
        ("img23d.brush_mask", _DRAG, None),
        ("img23d.brush_mask", {**_DRAG, "ctrl": True}, {"properties": [("inverts", True)]}),
        ("img23d.resize_brush", {"type": "LEFT_BRACKET", "value": "PRESS", "repeat": True}, {"properties": [("factor", 0.8)]}),
        ("img23d.resize_brush", {"type": "RIGHT_BRACKET", "value": "PRESS", "repeat": True}, {"properties": [("factor", 1.25)]}),
    )
    draw_settings = tool_drawn_by("image_editor.tool_drawing", "draw_brush_settings")
    draw_cursor = tool_drawn_by("image_editor.tool_drawing", "draw_brush_cursor")


class IMG23D_WST_pick(bpy.types.WorkSpaceTool):
    bl_space_type = "IMAGE_EDITOR"
    bl_context_mode = "VIEW"
    bl_idname = "img23d.pick_tool"
    bl_label = "Pick in the Photo"
    bl_description = "Outline what is under the mouse; a click lists it to be made"
    bl_icon = "ops.generic.select"
    bl_cursor = "EYEDROPPER"
    bl_keymap = (
        ("img23d.pick_at", _DRAG, None),
        ("img23d.pick_at", {**_DRAG, "ctrl": True}, {"properties": [("inverts", True)]}),
        ("img23d.end_picking", {"type": "ESC", "value": "PRESS"}, None),
        ("img23d.end_picking", {"type": "RIGHTMOUSE", "value": "PRESS"}, None),
    )
    draw_settings = tool_drawn_by("image_editor.tool_drawing", "draw_pick_settings")
    draw_cursor = tool_drawn_by("image_editor.tool_drawing", "draw_pick_cursor")


def attach() -> None:
    bpy.utils.register_tool(IMG23D_WST_boxes, separator=True)
    bpy.utils.register_tool(IMG23D_WST_pick, after={IMG23D_WST_boxes.bl_idname})
    bpy.utils.register_tool(IMG23D_WST_brush, after={IMG23D_WST_pick.bl_idname})


def detach() -> None:
    from ...scene.photo.editors import put_down_tools

    put_down_tools()
    bpy.utils.unregister_tool(IMG23D_WST_brush)
    bpy.utils.unregister_tool(IMG23D_WST_pick)
    bpy.utils.unregister_tool(IMG23D_WST_boxes)
