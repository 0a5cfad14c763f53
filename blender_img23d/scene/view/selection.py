"""Selecting results and bringing them into view."""

from __future__ import annotations

from collections.abc import Sequence

import bpy

from ...shared.img23d_protocol.errors import bad_request


def check_mode(context: bpy.types.Context) -> None:
    """Raises Img23DError where adding an object would throw the artist out of a mode."""
    if context.mode != "OBJECT":
        raise bad_request("Go back to Object Mode first: objects are added and selected there only.")


def check_mode_in_background(context: bpy.types.Context) -> None:
    """Where nobody could leave the mode while a job waits for it. Raises Img23DError."""
    if bpy.app.background:
        check_mode(context)


def select_only(objects: list[bpy.types.Object], view_layer: bpy.types.ViewLayer) -> None:
    """The first of them that the view layer shows becomes the active object."""
    for obj in view_layer.objects:
        obj.select_set(False, view_layer=view_layer)
    shown = [obj for obj in objects if obj.name in view_layer.objects]
    for obj in shown:
        obj.select_set(True, view_layer=view_layer)
    if shown:
        view_layer.objects.active = shown[0]


def show_in_viewport(objects: Sequence[bpy.types.Object], context: bpy.types.Context) -> None:
    """In the viewport under the mouse, else in the window's first one; nothing happens where there is none."""
    from .framing import frame

    area = None if bpy.app.background else viewport_of(context)
    if area is not None:
        frame(objects, context.window, area)


def viewport_of(context: bpy.types.Context) -> bpy.types.Area | None:
    """Under the mouse, else the window's first one."""
    areas = [area for area in context.screen.areas if area.type == "VIEW_3D"] if context.screen is not None else []
    return context.area if context.area in areas else next(iter(areas), None)
