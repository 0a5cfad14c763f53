"""Whether the artist can see an object, and how it comes into view where not."""

from __future__ import annotations

import bpy
from mathutils import Matrix

from .extents import Extents, world_extents
from .windows import Workplace

_SMALLEST = 0.02  # shares of the viewport: what is smaller is not noticed


def frame_if_unseen(objects: list[bpy.types.Object], place: Workplace) -> None:
    """Bring the selected objects into the largest viewport, unless one of them is seen somewhere already. Where only some
    objects are shown (local view) they are shown as well, as what Blender adds itself.

    A viewport that looks through a camera is left alone.
    """
    if bpy.app.background:
        return
    views = [
        (window, area)
        for window in bpy.context.window_manager.windows
        if window.scene == place.scene
        for area in window.screen.areas
        if area.type == "VIEW_3D"
    ]
    for _, area in views:
        _show_in_local_view(objects, area.spaces.active, place)
    room = [world_extents(obj) for obj in objects]
    if any(is_seen(area.spaces.active.region_3d.perspective_matrix, one) for _, area in views for one in room):
        return
    free = [view for view in views if view[1].spaces.active.region_3d.view_perspective != "CAMERA"]
    if free:
        _frame_selected(*max(free, key=lambda view: view[1].width * view[1].height))


def is_seen(view: Matrix, extents: Extents) -> bool:
    """Whether something of the box lies in the view and is large enough to be noticed.

    `view` (4, 4) takes a point to the clip space of OpenGL, as RegionView3D.perspective_matrix does.
    """
    points = [view @ corner.to_4d() for corner in extents.corners]
    for axis in range(3):
        if all(point[axis] > point.w for point in points) or all(point[axis] < -point.w for point in points):
            return False
    if min(point.w for point in points) <= 0.0:  # it reaches behind the viewer
        return True
    spans = [[point[axis] / point.w for point in points] for axis in range(2)]
    return max(max(span) - min(span) for span in spans) / 2 >= _SMALLEST


def look_through_camera(context: bpy.types.Context) -> None:
    """In the viewport under the mouse, else in the window's first one; nothing happens where there is none."""
    areas = [area for area in context.screen.areas if area.type == "VIEW_3D"] if context.screen is not None else []
    area = context.area if context.area in areas else next(iter(areas), None)
    if area is not None:
        space = area.spaces.active
        space.use_local_camera = False
        space.region_3d.view_perspective = "CAMERA"


def _show_in_local_view(objects: list[bpy.types.Object], space: bpy.types.SpaceView3D, place: Workplace) -> None:
    for obj in objects if space.local_view is not None else ():
        if obj.name in place.view_layer.objects:
            obj.local_view_set(space, True)


def _frame_selected(window: bpy.types.Window, area: bpy.types.Area) -> None:
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.view3d.view_selected()
