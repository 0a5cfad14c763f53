"""The place and the collection that a run gets in the scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy

from ...core.queue.queued_jobs import Where
from ..file.tags import RUN, is_result
from ..file.windows import Workplace, workplace_of
from ..mesh.extents import Extents, world_extents
from .arrangement import World
from .free_place import at_height_of, in_the_way, step_aside, things_in
from .photo_camera import CameraMade
from .row import GAP

_ROW_DEPTH = 1.5  # metres from one run's row to the next; the largest object of a run is 1 m
_MOST_ROWS = 1000  # that a place is looked for behind; then it stands in what is there
_FIRST_WIDTH = 1.0  # metres: of a row of which nothing is known yet
_ANYWHERE = 1e9  # scene units: a row takes the whole width


@dataclass(kw_only=True)
class Spot:
    """Where a run's objects go: names and numbers only, since undo and file load end every reference."""

    scene_uid: int
    layout: str  # as in Scene.img23d.layout
    origin: tuple[float, float, float]  # the middle of its row
    centre: tuple[float, float, float] = (0.0, 0.0, 0.0)  # of the ground that it covers, where it stands as in the photo
    world: World | None = None  # where the photo's camera and its ground lie; None until they are known
    camera: CameraMade | None = None  # None until there is one; stays when the artist has deleted it
    collection_uid: int = 0  # 0 until it is made
    things: tuple[Extents, ...] = ()  # what stood in the scene when the run began, but for results

    def scene(self) -> bpy.types.Scene | None:
        """None where the artist has deleted it."""
        return next((scene for scene in bpy.data.scenes if scene.session_uid == self.scene_uid), None)

    def metres(self) -> float:
        """Scene units."""
        return 1.0 / self.scene().unit_settings.scale_length


def choose_spot(job_id: str, scene: bpy.types.Scene, where: Where | None = None) -> Spot:
    """The 3D cursor or the world's origin, or the next free place beside it where something stands there already.

    `where` says what the panel said and where the cursor was when the button was pressed.
    """
    layout = where.layout if where is not None else scene.img23d.layout
    cursor = where.cursor if where is not None and len(where.cursor) == 3 else scene.cursor.location
    origin = tuple(cursor) if layout == "CURSOR" else (0.0, 0.0, 0.0)
    things = tuple(things_in(scene, workplace_of(scene).view_layer))
    spot = Spot(scene_uid=scene.session_uid, layout=layout, origin=origin, things=things)
    make_room_for_row(spot, results_of_others(job_id, scene), spot.metres() * _FIRST_WIDTH, 1.0)
    return spot


def results_of_others(job_id: str, scene: bpy.types.Scene) -> list[Extents]:
    """The room that results of other runs take."""
    return [world_extents(obj) for obj in scene.objects if is_result(obj) and obj[RUN] != job_id]


def make_room_for_row(spot: Spot, results: Sequence[Extents], width: float, scale: float) -> None:
    """Move the spot forward until its row meets no other run's and nothing else; `scale` is what the run's objects are multiplied by."""
    depth = _ROW_DEPTH * spot.metres() * scale
    x, y, z = spot.origin
    own = Extents(low=(x - width / 2, y - depth / 2, z), high=(x + width / 2, y + depth / 2, z + depth))
    things = in_the_way(own, spot.things, spot.metres())
    for _ in range(_MOST_ROWS):
        if any(one.meets(_row(y, z, depth), 0.0) for one in results):
            y -= depth
        elif (hit := next((one for one in things if one.meets(own.moved(y=y - spot.origin[1]), 0.0)), None)) is not None:
            y = min(y, hit.low[1] - depth / 2) - GAP * spot.metres()
        else:
            break
    spot.origin = (x, y, z)


def _row(y: float, z: float, depth: float) -> Extents:
    return Extents(low=(-_ANYWHERE, y - depth / 2, z - depth / 3), high=(_ANYWHERE, y + depth / 2, z + depth / 3))


def make_room_for_group(spot: Spot, group: Extents, results: Sequence[Extents]) -> None:
    """Move the spot to the nearest place where what covers as much ground as `group` meets nothing."""
    x, y, z = spot.centre
    middle, gap = group.middle, GAP * spot.metres()
    group = group.moved(x - middle[0], y - middle[1], z)
    taken = [*at_height_of(group, results), *in_the_way(group, spot.things, spot.metres())]
    right, back = step_aside(group, taken, gap)
    spot.centre = (x + right, y + back, z)


def collection_for(spot: Spot, place: Workplace, photo: str) -> bpy.types.Collection:
    """The run's collection, named after its photo; made when the first object arrives or when it has been deleted."""
    for collection in (place.scene.collection, *place.scene.collection.children_recursive):
        if collection.session_uid == spot.collection_uid:
            return collection
    collection = bpy.data.collections.new(Path(photo).stem or "Img23D")
    place.scene.collection.children.link(collection)
    spot.collection_uid = collection.session_uid
    return collection
