"""Which object was made for which target: remembered by session ids, and by tags in a file that was saved with them."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from ...core.jobs import Job, JobTarget
from ..mesh.extents import Extents, mesh_extents
from ..file.file_state import FileState
from ..glb.replace import fingerprint
from ..mesh.transform import Transform, transform_of
from .result_status import Standing
from ..file.tags import RUN, TARGET, TEXTURED, find_tagged, in_scenes


@dataclass(kw_only=True)
class Made:
    """An object that was made for a target; names and numbers only."""

    uid: int
    stand_in: int = 0  # session id of the object whose place it has taken; the first one is there again after an undo
    file_key: str
    extents: Extents  # of the mesh, in its own axes
    textured: bool
    fingerprint: str = ""  # of the mesh as it was made; empty where that is not known
    transform: tuple = ()  # as it was given; empty where the object is the artist's to move
    kept_height: float = 0.0  # scene units; what later meshes of the same object are scaled to, 0: as they are


class ObjectRegistry:
    """Main thread only. Keeps no reference to anything in bpy.data."""

    def __init__(self, files: FileState) -> None:
        self._files = files
        self._made: dict[tuple[str, int], Made] = {}  # by job and target
        self._begun: dict[str, str] = {}  # by job: the file in which it places its results by itself

    def begin(self, job: Job) -> None:
        """The job's results are placed in the present file from now on; what this file has of it is known again."""
        self._begun[job.id] = self._files.key
        self._adopt(job)

    def forget(self, job: Job) -> None:
        for key in [key for key in self._made if key[0] == job.id]:
            del self._made[key]

    def record(self, job: Job, index: int, obj: bpy.types.Object, *, kept_height: float = 0.0) -> Made:
        """Remember an object whose mesh has just been made; a new one is the artist's to move until `put` is called."""
        target, before = job.targets[index], self.made(job, index)
        made = Made(
            uid=obj.session_uid,
            file_key=self._files.key,
            extents=mesh_extents(obj.data),
            textured=target.textured,
            fingerprint=fingerprint(obj),
            transform=before.transform if before is not None and before.uid == obj.session_uid else (),
            kept_height=kept_height,
        )
        self._made[job.id, index] = made
        target.object_name = obj.name
        return made

    def add_stand_in(self, job: Job, index: int, obj: bpy.types.Object) -> None:
        if (made := self.made(job, index)) is not None:
            made.stand_in = obj.session_uid

    def put(self, job: Job, index: int, obj: bpy.types.Object, transform: Transform) -> None:
        transform.give(obj)
        self._made[job.id, index].transform = transform_of(obj)

    def is_untouched(self, job: Job, index: int, obj: bpy.types.Object) -> bool:
        """Whether the object still is where it was put."""
        return self._made[job.id, index].transform == transform_of(obj)

    def made(self, job: Job, index: int) -> Made | None:
        """What was made in the present file."""
        made = self._made.get((job.id, index))
        return made if made is not None and made.file_key == self._files.key else None

    def is_as_made(self, obj: bpy.types.Object) -> bool:
        """Whether its mesh is the one that was made last for it, so that nothing of the artist's is lost with it."""
        run, index = obj.get(RUN), obj.get(TARGET)
        made = self._made.get((run, index)) if isinstance(run, str) and type(index) is int else None
        is_it = made is not None and made.file_key == self._files.key and made.uid == obj.session_uid
        return is_it and obj.type == "MESH" and obj.mode == "OBJECT" and made.fingerprint == fingerprint(obj)

    def was_placed(self, job: Job, index: int) -> bool:
        """In any file, and whatever became of it."""
        return (job.id, index) in self._made

    def object_of(self, job: Job, index: int) -> bpy.types.Object | None:
        return self.objects(job).get(index)

    def objects(self, job: Job) -> dict[int, bpy.types.Object]:
        """All objects of the job that some scene has, by the indices of their targets."""
        if self._begun.get(job.id) != self._files.key:
            self._adopt(job)
        there, found = in_scenes(), {}
        for index, target in enumerate(job.targets):
            made = self.made(job, index)
            several = (there.get(uid) for uid in (made.uid, made.stand_in)) if made is not None else ()
            obj = next((one for one in several if one is not None and (one.get(RUN), one.get(TARGET)) == (job.id, index)), None)
            if obj is not None:
                target.object_name = obj.name  # the artist may have renamed it
                found[index] = obj
        return found

    def standings(self, job: Job) -> dict[int, Standing]:
        """Looks through all scenes' objects once, so not for `draw`."""
        objects = self.objects(job)
        return {i: self._standing(job, i, target, i in objects) for i, target in enumerate(job.targets)}

    # --- steps ------------------------------------------------------------------------------------------------------

    def _standing(self, job: Job, index: int, target: JobTarget, is_there: bool) -> Standing:
        if not target.mesh:
            return Standing.NOTHING
        if not is_there:
            return Standing.GONE if self.was_placed(job, index) else Standing.READY
        is_behind = target.textured and not self._made[job.id, index].textured
        return Standing.EDITED if is_behind else Standing.IN_SCENE

    def _adopt(self, job: Job) -> None:
        """Objects of this run that came with the file: known, and the artist's own to move and to change."""
        found = find_tagged(job.id, [target.object_name or target.name for target in job.targets])
        for index, obj in found.items():
            if self.made(job, index) is None and obj.type == "MESH":
                self._made[job.id, index] = Made(
                    uid=obj.session_uid,
                    file_key=self._files.key,
                    extents=mesh_extents(obj.data),
                    textured=bool(obj.get(TEXTURED, True)),
                )
