"""The tools of the Image Editor, with their keys."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as _

from ...app.owner import extension_or_none
from ...scene.photo.shown_photo import shows_photo

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

    @staticmethod
    def draw_settings(context: bpy.types.Context, layout: bpy.types.UILayout, tool: bpy.types.WorkSpaceTool) -> None:
        if not shows_photo(context.space_data, context.scene):
            layout.operator("img23d.edit_boxes", text="Show the Photo", icon="IMAGE_DATA")
            return
        layout.label(text="Drag: draw, move or resize.  Shift: draw inside another box.  Delete: remove.")


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

    @staticmethod
    def draw_settings(context: bpy.types.Context, layout: bpy.types.UILayout, tool: bpy.types.WorkSpaceTool) -> None:
        state, values = context.window_manager.img23d, context.scene.img23d
        layout.row().prop(state, "brush", expand=True)
        layout.prop(state, "brush_radius", slider=True)
        if 0 <= values.active_target < len(values.targets):
            layout.label(text=_("For {name}.  Ctrl: the opposite.").format(name=values.targets[values.active_target].name))

    @staticmethod
    def draw_cursor(context: bpy.types.Context, tool: bpy.types.WorkSpaceTool, xy: tuple[int, int]) -> None:
        _circle(context, xy)


def _circle(context: bpy.types.Context, xy: tuple[int, int]) -> None:
    """The brush at its size on the photo, in the colour of what it does."""
    from gpu_extras.presets import draw_circle_2d

    from ...scene.photo.view import photo_view

    if context.region is None or not shows_photo(context.space_data, context.scene):
        return
    state = context.window_manager.img23d
    colour = (0.3, 1.0, 0.5, 1.0) if state.brush == "IN" else (1.0, 0.35, 0.3, 1.0)
    draw_circle_2d(xy, colour, photo_view(context.region).width * state.brush_radius / 100, segments=48)


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

    @staticmethod
    def draw_settings(context: bpy.types.Context, layout: bpy.types.UILayout, tool: bpy.types.WorkSpaceTool) -> None:
        layout.row().prop(context.window_manager.img23d, "picks", expand=True)
        layout.label(text="Click: list it.  Ctrl: the other.  Esc: end.")

    @staticmethod
    def draw_cursor(context: bpy.types.Context, tool: bpy.types.WorkSpaceTool, xy: tuple[int, int]) -> None:
        _highlight(context, xy)


def _highlight(context: bpy.types.Context, xy: tuple[int, int]) -> None:
    """What a click would pick. Called at each move of the mouse, in the window's pixels."""
    owner, region = extension_or_none(), context.region
    if owner is not None and region is not None and region.type == "WINDOW" and shows_photo(context.space_data, context.scene):
        owner.overlay.paint_pick(context, owner.picker.shown(context.scene), xy)


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
