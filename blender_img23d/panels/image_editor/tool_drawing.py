"""What the tools of the Image Editor draw: their settings, and at the mouse."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as _
from gpu_extras.presets import draw_circle_2d

from ...app.owner import extension_or_none
from ...scene.photo.shown_photo import shows_photo
from ...scene.photo.view import photo_view


def draw_box_settings(context: bpy.types.Context, layout: bpy.types.UILayout, tool: bpy.types.WorkSpaceTool) -> None:
    if not shows_photo(context.space_data, context.scene):
        layout.operator("img23d.edit_boxes", text="Show the Photo", icon="IMAGE_DATA")
        return
    layout.label(text="Drag: draw, move or resize.  Shift: draw inside another box.  Delete: remove.")


def draw_brush_settings(context: bpy.types.Context, layout: bpy.types.UILayout, tool: bpy.types.WorkSpaceTool) -> None:
    state, values = context.window_manager.img23d, context.scene.img23d
    layout.row().prop(state, "brush", expand=True)
    layout.prop(state, "brush_radius", slider=True)
    if 0 <= values.active_target < len(values.targets):
        layout.label(text=_("For {name}.  Ctrl: the opposite.").format(name=values.targets[values.active_target].name))


def draw_brush_cursor(context: bpy.types.Context, tool: bpy.types.WorkSpaceTool, xy: tuple[int, int]) -> None:
    """The brush at its size on the photo, in the colour of what it does."""
    if context.region is None or not shows_photo(context.space_data, context.scene):
        return
    state = context.window_manager.img23d
    colour = (0.3, 1.0, 0.5, 1.0) if state.brush == "IN" else (1.0, 0.35, 0.3, 1.0)
    draw_circle_2d(xy, colour, photo_view(context.region).width * state.brush_radius / 100, segments=48)


def draw_pick_settings(context: bpy.types.Context, layout: bpy.types.UILayout, tool: bpy.types.WorkSpaceTool) -> None:
    layout.row().prop(context.window_manager.img23d, "picks", expand=True)
    layout.label(text="Click: list it.  Ctrl: the other.  Esc: end.")


def draw_pick_cursor(context: bpy.types.Context, tool: bpy.types.WorkSpaceTool, xy: tuple[int, int]) -> None:
    """What a click would pick. Called at each move of the mouse, in the window's pixels."""
    owner, region = extension_or_none(), context.region
    if owner is not None and region is not None and region.type == "WINDOW" and shows_photo(context.space_data, context.scene):
        owner.overlay.paint_pick(context, owner.picker.shown(context.scene), xy)
