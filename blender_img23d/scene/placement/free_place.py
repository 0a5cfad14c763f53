"""Obstacles, and the nearest free place on the ground beside them, in scene units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import bpy

from ..file.tags import is_result
from ..mesh.extents import Extents, union, world_extents

_SOLID = {"MESH", "CURVE", "SURFACE", "META", "FONT", "CURVES", "POINTCLOUD", "VOLUME", "GPENCIL", "GREASEPENCIL"}
_FLAT = 0.05  # metres above the ground: what ends below that is a floor or a carpet, on which things may stand
_ROOM = 5.0  # metres along x and y: what is as large and holds the whole place is a room, a hall or the sky
_NEAREST = 60  # things around which a way is looked for; beyond them the place is beside everything
_AWAY, _TOWARDS = 3.0, 2.0  # what a step away from the viewer, or towards the viewer, counts of one to the side


def things_in(scene: bpy.types.Scene, view_layer: bpy.types.ViewLayer) -> list[Extents]:
    """The room that everything takes that the artist sees there, but for results, lights and cameras."""
    shown = (obj for obj in scene.objects if not is_result(obj) and obj.visible_get(view_layer=view_layer))
    return [extents for obj in shown for extents in _extents(obj)]


def _extents(obj: bpy.types.Object) -> Iterator[Extents]:
    if obj.type in _SOLID:
        yield world_extents(obj)
    elif obj.instance_type == "COLLECTION" and obj.instance_collection is not None:
        parts = [one for one in obj.instance_collection.all_objects if one.type in _SOLID]
        if parts:
            yield union(world_extents(one) for one in parts).transformed(obj.matrix_world)


def in_the_way(place: Extents, things: Sequence[Extents], metres: float) -> list[Extents]:
    """Those that reach the height of `place`, wherever they are; not what ends on the ground, and no room around it."""
    return [one for one in at_height_of(place, things, above=_FLAT * metres) if not _is_room(one, place, metres)]


def at_height_of(place: Extents, several: Sequence[Extents], *, above: float = 0.0) -> list[Extents]:
    """Those that reach into the room over and below `place`, `above` its ground."""
    return [one for one in several if one.low[2] < place.high[2] and one.high[2] > place.low[2] + above]


def _is_room(one: Extents, place: Extents, metres: float) -> bool:
    return all(one.low[axis] <= place.low[axis] and one.high[axis] >= place.high[axis] and one.size[axis] >= _ROOM * metres for axis in (0, 1))


def step_aside(place: Extents, taken: Sequence[Extents], gap: float) -> tuple[float, float]:
    """The smallest step along x and y after which `place` has a gap to all of `taken`; rather to the right than to another side,
    and rather towards the viewer (-y) than away."""
    near = sorted(taken, key=lambda one: _distance(one, place))[:_NEAREST]
    steps = [(0.0, 0.0), (max((one.high[0] for one in taken), default=0.0) + gap - place.low[0], 0.0)]
    across, along = ([0.0, *_past(near, place, axis, gap)] for axis in (0, 1))
    steps += [(x, y) for x in across for y in along]
    free = (step for step in sorted(steps, key=_cost) if not _meets(place.moved(*step), taken, gap))
    return next(free)  # the second of the steps always is


def _past(taken: Sequence[Extents], place: Extents, axis: int, gap: float) -> Iterator[float]:
    for one in taken:
        yield one.high[axis] + gap - place.low[axis]
        yield one.low[axis] - gap - place.high[axis]


def _meets(place: Extents, taken: Sequence[Extents], gap: float) -> bool:
    """On the ground; a gap that is just kept is none too small."""
    return any(all(one.low[axis] - 0.99 * gap < place.high[axis] and place.low[axis] < one.high[axis] + 0.99 * gap for axis in (0, 1)) for one in taken)


def _distance(one: Extents, place: Extents) -> float:
    return sum((a - b) ** 2 for a, b in zip(one.middle[:2], place.middle[:2], strict=True))


def _cost(step: tuple[float, float]) -> float:
    x, y = step
    return (x if x >= 0 else -1.01 * x) + (_AWAY * y if y >= 0 else -_TOWARDS * y)
