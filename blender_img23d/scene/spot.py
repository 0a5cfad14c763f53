"""The place and the collection that a run gets in the scene."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy
from mathutils import Vector

from .tags import RUN, is_result
from .windows import Workplace

_ROW_DEPTH = 1.5  # metres from one run's row to the next; the largest object of a run is 1 m


@dataclass(kw_only=True)
class Spot:
    """Where a run's objects go: names and numbers only, since undo and file load end every reference."""

    scene_uid: int
    origin: tuple[float, float, float]
    collection_uid: int = 0  # 0 until it is made

    def scene(self) -> bpy.types.Scene | None:
        """None where the artist has deleted it."""
        return next((scene for scene in bpy.data.scenes if scene.session_uid == self.scene_uid), None)


def choose_spot(job_id: str, scene: bpy.types.Scene) -> Spot:
    """The 3D cursor or the world's origin; where an earlier run stands there already, the next free row in front."""
    point = scene.cursor.location.copy() if scene.img23d.layout == "CURSOR" else Vector((0.0, 0.0, 0.0))
    metres = 1.0 / scene.unit_settings.scale_length
    taken = [obj.matrix_world.translation.copy() for obj in scene.objects if is_result(obj) and obj[RUN] != job_id]
    while any(_stands_in_row(other, point, metres) for other in taken):
        point.y -= _ROW_DEPTH * metres
    return Spot(scene_uid=scene.session_uid, origin=tuple(point))


def _stands_in_row(other: Vector, point: Vector, metres: float) -> bool:
    return abs(other.y - point.y) < 0.5 * _ROW_DEPTH * metres and abs(other.z - point.z) < 0.5 * metres


def collection_for(spot: Spot, place: Workplace, photo: str) -> bpy.types.Collection:
    """The run's collection, named after its photo; made when the first object arrives or when it has been deleted."""
    for collection in place.scene.collection.children_recursive:
        if collection.session_uid == spot.collection_uid:
            return collection
    collection = bpy.data.collections.new(Path(photo).stem or "Img23D")
    place.scene.collection.children.link(collection)
    spot.collection_uid = collection.session_uid
    return collection
