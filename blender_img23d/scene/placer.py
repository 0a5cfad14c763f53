"""Results become objects: placed when they arrive, replaced in place when they are painted, found again by their tags."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from ..core.jobs import Job, TargetState
from ..shared.img23d_protocol import ErrorCode, Img23DError
from ..shared.img23d_protocol.messages import Generate
from .file_state import FileState
from .glb import import_glb
from .materials import finish_materials
from .replace import fingerprint, replace_mesh
from .row import GAP, Slot, row_positions
from .selection import select_only
from .spot import Spot, choose_spot, collection_for
from .standing import Standing
from .tags import find_result, tag_result
from .windows import Workplace, push_undo, workplace_of

_TOLERANCE = 1e-5  # scene units an object may be off its place and still count as not moved by the artist


@dataclass(kw_only=True)
class Placed:
    """An object that was made for a target; names and numbers only."""

    uid: int
    file_key: str
    width: float
    position: tuple[float, float, float]
    textured: bool
    fingerprint: str


class Placer:
    """Main thread only. Keeps no reference to anything in bpy.data."""

    def __init__(self, files: FileState) -> None:
        self._files = files
        self._spots: dict[str, Spot] = {}  # by job
        self._placed: dict[tuple[str, int], Placed] = {}  # by job and target

    def choose_spot(self, job: Job, scene: bpy.types.Scene) -> None:
        self._spots[job.id] = choose_spot(job.id, scene)

    def workplace(self, job: Job) -> Workplace | None:
        """Where the results of a job belong now; None where its file or its scene is gone."""
        spot = self._spots.get(job.id)
        scene = spot.scene() if spot is not None and job.file_key == self._files.key else None
        return workplace_of(scene) if scene is not None else None

    def on_mesh(self, job: Job, index: int) -> None:
        """Bring in the newest mesh of a target, or leave it in the list where its object is gone or was changed.

        Raises Img23DError where the file cannot be imported.
        """
        placed = self._placed.get((job.id, index))
        if placed is None:
            place = self.workplace(job)
            if place is not None:
                self._place(job, index, place)
        elif placed.file_key == self._files.key:
            self._replace(job, index, placed)

    def import_again(self, job: Job, index: int, scene: bpy.types.Scene) -> bpy.types.Object:
        """Bring a finished result into the present file, whatever became of the first one. Raises Img23DError."""
        target = job.targets[index]
        if not target.mesh:
            raise Img23DError(ErrorCode.BAD_REQUEST, f"“{target.name}” has no result to import.")
        spot = self._spots.get(job.id)
        if job.file_key != self._files.key or spot is None or spot.scene() != scene:
            self._leave_file(job)
            self.choose_spot(job, scene)
        return self._place(job, index, workplace_of(scene))

    def finish(self, job: Job) -> None:
        """Select what the run has made, and only that, and make the whole run one undo step."""
        made = self._objects(job)
        place = self.workplace(job)
        if not made or place is None:
            return
        select_only(list(made.values()), place.view_layer)
        count = "1 object" if len(made) == 1 else f"{len(made)} objects"
        push_undo(place, f"Img23D: {count} from photo")

    def standing(self, job: Job, index: int) -> Standing:
        """Looks through the scene's objects, so not for `draw`."""
        target = job.targets[index]
        placed = self._placed.get((job.id, index))
        if not target.mesh:
            return Standing.NOTHING
        if placed is None:
            return Standing.READY
        if self.object_of(job, index) is None:
            return Standing.GONE
        return Standing.EDITED if target.textured and not placed.textured else Standing.IN_SCENE

    def object_of(self, job: Job, index: int) -> bpy.types.Object | None:
        placed = self._placed.get((job.id, index))
        if placed is None or placed.file_key != self._files.key:
            return None
        target = job.targets[index]
        obj = find_result(job.id, index, placed.uid, target.object_name)
        if obj is None or not obj.users_scene:
            return None
        target.object_name = obj.name  # the artist may have renamed it
        return obj

    # --- steps ------------------------------------------------------------------------------------------------------

    def _place(self, job: Job, index: int, place: Workplace) -> bpy.types.Object:
        assert isinstance(job.request, Generate)
        spot, target = self._spots[job.id], job.targets[index]
        obj = import_glb(target.mesh, place, collection_for(spot, place, job.request.photo))
        obj.name = target.name or "Object"
        obj.data.name = obj.name
        for material in filter(None, obj.data.materials):
            material.name = obj.name
        finish_materials(obj.data, obj.name, job.add_notes)
        tag_result(obj, job, index)
        obj.location = spot.origin
        self._placed[job.id, index] = self._record(obj, target)
        target.object_name = obj.name
        self._lay_out(job)
        return obj

    def _replace(self, job: Job, index: int, placed: Placed) -> None:
        obj, target = self.object_of(job, index), job.targets[index]
        if obj is None or obj.type != "MESH" or fingerprint(obj) != placed.fingerprint:
            return
        place = workplace_of(obj.users_scene[0])
        fresh = import_glb(target.mesh, place, obj.users_collection[0])
        finish_materials(fresh.data, obj.name, job.add_notes, plain=obj.data)
        replace_mesh(obj, fresh)
        tag_result(obj, job, index)
        self._placed[job.id, index] = self._record(obj, target, position=placed.position)

    def _record(self, obj: bpy.types.Object, target: TargetState, position: tuple | None = None) -> Placed:
        return Placed(
            uid=obj.session_uid,
            file_key=self._files.key,
            width=_width(obj.data),
            position=position or tuple(obj.location),
            textured=target.textured,
            fingerprint=fingerprint(obj),
        )

    def _leave_file(self, job: Job) -> None:
        """The job goes on in the present file: what it placed in another one is not looked for any more."""
        job.file_key = self._files.key
        self._spots.pop(job.id, None)
        for key in [key for key, placed in self._placed.items() if key[0] == job.id]:
            del self._placed[key]

    def _objects(self, job: Job) -> dict[int, bpy.types.Object]:
        found = {index: self.object_of(job, index) for index in range(len(job.targets))}
        return {index: obj for index, obj in found.items() if obj is not None}

    def _lay_out(self, job: Job) -> None:
        """Line up the objects of a run; what the artist has moved or parented stays where it is."""
        indices = [index for index, target in enumerate(job.targets) if target.mesh or not target.error]
        spot = self._spots[job.id]
        metres = 1.0 / spot.scene().unit_settings.scale_length
        xs = row_positions([self._slot(job, index) for index in indices], gap=GAP * metres)
        for index, x in zip(indices, xs, strict=True):
            obj, placed = self.object_of(job, index), self._placed.get((job.id, index))
            if obj is None or placed is None or obj.parent or not _is_at(obj, placed.position):
                continue
            obj.location.x = spot.origin[0] + x
            placed.position = tuple(obj.location)

    def _slot(self, job: Job, index: int) -> Slot:
        box, placed = job.targets[index].box, self._placed.get((job.id, index))
        width = placed.width if placed else None
        return Slot(width=width) if box is None else Slot(left=box.left, right=box.right, width=width)


def _width(mesh: bpy.types.Mesh) -> float:
    import numpy as np

    points = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", points)
    return float(np.ptp(points[0::3])) if len(points) else 0.0


def _is_at(obj: bpy.types.Object, position: tuple[float, float, float]) -> bool:
    return all(abs(a - b) < _TOLERANCE for a, b in zip(obj.location, position, strict=True))
