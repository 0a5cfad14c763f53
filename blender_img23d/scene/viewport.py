"""Bringing the selection into view."""

from __future__ import annotations

import bpy


def frame_selected(context: bpy.types.Context) -> None:
    """In the viewport under the mouse, else in the first one; nothing happens where there is none."""
    if bpy.app.background or context.window is None:
        return
    areas = [area for area in context.window.screen.areas if area.type == "VIEW_3D"]
    area = context.area if context.area in areas else next(iter(areas), None)
    if area is None:
        return
    region = next(region for region in area.regions if region.type == "WINDOW")
    with context.temp_override(area=area, region=region):
        bpy.ops.view3d.view_selected()
