"""Bring objects into the middle of the part of a viewport that no sidebar or header lies over, with room around them."""

from __future__ import annotations

from collections.abc import Sequence
from math import radians
from typing import TYPE_CHECKING

import bpy
from mathutils import Euler, Quaternion, Vector

from ..mesh.extents import union, world_extents
from .uncovered import Rect, uncovered

if TYPE_CHECKING:
    from ..file.windows import Workplace

_SHARE = 0.7  # of the free width or height that the objects' box fills: the scene around them is seen as well
_CLOSEST = 1e-3  # view distance in metres
_STARTUP = Quaternion((0.71238, 0.44106, 0.28736, 0.46412))  # of the viewports of Blender's startup file, 4.2 to 5.2
_SAME = 1e-3  # radians
# From the photo's side, a little from the right or the left and from above: the front is seen, and that the thing is solid
_FROM_RIGHT, _FROM_LEFT = (Euler((radians(65.0), 0.0, radians(yaw))).to_quaternion() for yaw in (25.0, -25.0))


def frame(objects: Sequence[bpy.types.Object], window: bpy.types.Window, area: bpy.types.Area) -> None:
    """A quad view and a view that is locked to something frame what is selected in Blender's own way."""
    space = area.spaces.active
    view = space.region_3d
    region = next(region for region in area.regions if region.type == "WINDOW")
    is_tied = bool(space.region_quadviews) or space.lock_object is not None or space.lock_cursor or view.view_perspective == "CAMERA"
    if is_tied or not objects:
        with bpy.context.temp_override(window=window, area=area, region=region):
            bpy.ops.view3d.view_selected()
        return
    box = union([world_extents(obj) for obj in objects])
    middle, turn = Vector(box.middle), view.view_rotation.inverted()
    corners = [turn @ (corner - middle) for corner in box.corners]
    scales = view.window_matrix[0][0], view.window_matrix[1][1]
    if not view.is_perspective:  # the scales are those at the present distance, and depth counts for nothing
        corners = [Vector((x, y, 0.0)) for x, y, _ in corners]
        scales = tuple(scale * view.view_distance for scale in scales)
    fitted = fitted_view(corners, scales, uncovered(area), (region.x, region.y, region.x + region.width, region.y + region.height))
    if fitted is not None:
        view.view_distance, (right, up) = fitted
        view.view_location = middle + view.view_rotation @ Vector((right, up, 0.0))


def turn_to_front(objects: Sequence[bpy.types.Object], place: Workplace, view: bpy.types.RegionView3D) -> None:
    """Where the view's direction is that of Blender's startup file, which looks from the right: a thing that faces left in
    its photo would be seen from behind. A direction that the artist has chosen stays.

    Things that stand to the left of all else are looked at from the left, so that nothing stands before them.
    """
    if view.view_perspective != "PERSP" or not any(view.view_rotation.rotation_difference(one).angle < _SAME for one in (_STARTUP, _FROM_RIGHT, _FROM_LEFT)):
        return
    others = [obj for obj in place.view_layer.objects if obj.type == "MESH" and obj not in objects and obj.visible_get(view_layer=place.view_layer)]
    view.view_rotation = _FROM_LEFT if others and _middle(objects) < _middle(others) else _FROM_RIGHT


def _middle(objects: Sequence[bpy.types.Object]) -> float:
    """Along X."""
    return union(world_extents(obj) for obj in objects).middle[0]


def fitted_view(corners: Sequence[Vector], scales: tuple[float, float], free: Rect, region: Rect) -> tuple[float, tuple[float, float]] | None:
    """The view distance, and how far to the right and up of the objects' middle the view has to look.

    `corners` are those of their box, from its middle, to the right, up and towards the viewer. A point `x` to the right at
    the depth `d` is seen at `scales[0] * x / d`, where -1 and 1 are the region's edges. `free` and `region` are rectangles of
    pixels; the objects fill `_SHARE` of the free one, at most. None where there is no room.
    """
    bounds = [_bounds(free[axis::2], region[axis::2], scales[axis]) for axis in (0, 1)]
    if None in bounds:
        return None
    # A corner is within the upper bound where x - shift <= upper * (distance - z), so that one sum a corner is all that counts
    reach = [
        (max(corner[axis] + upper * corner.z for corner in corners), min(corner[axis] + lower * corner.z for corner in corners))
        for axis, (lower, upper) in enumerate(bounds)
    ]
    needed = [(most - least) / (upper - lower) for (most, least), (lower, upper) in zip(reach, bounds, strict=True)]
    distance = max(_CLOSEST, *needed, *(corner.z + _CLOSEST for corner in corners))
    shifts = [(most + least - (lower + upper) * distance) / 2 for (most, least), (lower, upper) in zip(reach, bounds, strict=True)]
    return distance, (shifts[0], shifts[1])


def _bounds(free: tuple[float, ...], region: tuple[float, ...], scale: float) -> tuple[float, float] | None:
    """Between which slopes (to the side, over depth) along one axis the objects may be seen."""
    length = region[1] - region[0]
    if min(length, free[1] - free[0]) <= 1:
        return None
    middle, half = (sum(free) - sum(region)) / length, _SHARE * (free[1] - free[0]) / length
    return (middle - half) / scale, (middle + half) / scale
