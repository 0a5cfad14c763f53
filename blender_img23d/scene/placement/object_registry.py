"""Which object was made of which result: remembered by session ids, and by tags in a file that was saved with them.

Where a target has several results, `main` is the one that is asked for where none is named.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

import bpy

from ...core.jobs import Job, JobTarget
from ...shared.img23d_protocol.messages import WHOLE, Piece
from ..file.file_state import FileState
from ..file.tags import RUN, TARGET, TEXTURED, find_tagged, in_scenes, is_tagged, piece_of
from ..glb.replace import fingerprint
from ..mesh.extents import Extents, mesh_extents
from ..mesh.transform import Transform, transform_of
from .result_status import Standing


@dataclass(kw_only=True)
class Made:
    """An object that was made of a result; names and numbers only."""

    uid: int
    stand_in: int = 0  # session id of the object whose place it has taken; the first one is there again after an undo
    file_key: str
    extents: Extents  # of the mesh, in its own axes
    textured: bool
    fingerprint: str = ""  # of the mesh as it was made; empty where that is not known
    transform: tuple = ()  # as it was given; empty where the object is the artist's to move
    kept_height: float = 0.0  # scene units; what later meshes of the same object are scaled to, 0: as they are
    factor: float = 1.0  # that its mesh was scaled by; what stands at its place is as well


class ObjectRegistry:
    """Main thread only. Keeps no reference to anything in bpy.data."""

    def __init__(self, files: FileState) -> None:
        self._files = files
        self._made: dict[tuple[str, int, Piece], Made] = {}  # by job, target and which of its results
        self._begun: dict[str, str] = {}  # by job: the file in which it places its results by itself

    def begin(self, job: Job) -> None:
        """The job's results are placed in the present file from now on; what this file has of it is known again."""
        self._begun[job.id] = self._files.key
        self._adopt(job)

    def forget(self, job: Job) -> None:
        for key in [key for key in self._made if key[0] == job.id]:
            del self._made[key]

    def record(self, job: Job, index: int, obj: bpy.types.Object, piece: Piece | None = None, *, kept_height: float = 0.0, factor: float = 1.0) -> Made:
        """Remember an object whose mesh has just been made; a new one is the artist's to move until `put` is called."""
        key, before = self._key(job, index, piece), self.made(job, index, piece)
        made = Made(
            uid=obj.session_uid,
            file_key=self._files.key,
            extents=mesh_extents(obj.data),
            textured=job.targets[index].results[key[2]].textured,
            fingerprint=fingerprint(obj),
            transform=before.transform if before is not None and before.uid == obj.session_uid else (),
            kept_height=kept_height,
            factor=factor,
        )
        self._made[key] = made
        if key == self._key(job, index):
            job.targets[index].object_name = obj.name
        return made

    def add_stand_in(self, job: Job, index: int, obj: bpy.types.Object) -> None:
        if (made := self.made(job, index, piece_of(obj))) is not None:
            made.stand_in = obj.session_uid

    def put(self, job: Job, index: int, obj: bpy.types.Object, transform: Transform, piece: Piece | None = None) -> None:
        transform.give(obj)
        self._made[self._key(job, index, piece)].transform = transform_of(obj)

    def put_like(self, job: Job, index: int, piece: Piece, obj: bpy.types.Object) -> None:
        """Where the target's main result stands; the artist's to move where that one was moved."""
        main, made = self.object_of(job, index), self._made[self._key(job, index, piece)]
        if main is None or main is obj:
            return
        if main.parent is None:
            obj.matrix_basis = main.matrix_basis  # current at once, where the one in the world waits for Blender
        else:
            obj.matrix_world = main.matrix_world
        made.transform = transform_of(obj) if self.is_untouched(job, index, main) else ()

    def is_untouched(self, job: Job, index: int, obj: bpy.types.Object, piece: Piece | None = None) -> bool:
        """Whether the object still is where it was put."""
        return self._made[self._key(job, index, piece)].transform == transform_of(obj)

    def made(self, job: Job, index: int, piece: Piece | None = None) -> Made | None:
        """What was made in the present file."""
        made = self._made.get(self._key(job, index, piece))
        return made if made is not None and made.file_key == self._files.key else None

    def is_as_made(self, obj: bpy.types.Object) -> bool:
        """Whether its mesh is the one that was made last for it, so that nothing of the artist's is lost with it."""
        run, index = obj.get(RUN), obj.get(TARGET)
        made = self._made.get((run, index, piece_of(obj))) if isinstance(run, str) and type(index) is int else None
        is_it = made is not None and made.file_key == self._files.key and made.uid == obj.session_uid
        return is_it and obj.type == "MESH" and obj.mode == "OBJECT" and made.fingerprint == fingerprint(obj)

    def was_placed(self, job: Job, index: int, piece: Piece | None = None) -> bool:
        """In any file, and whatever became of it."""
        return self._key(job, index, piece) in self._made

    def object_of(self, job: Job, index: int, piece: Piece | None = None) -> bpy.types.Object | None:
        return self.pieces(job).get((index, self._key(job, index, piece)[2]))

    def objects(self, job: Job) -> dict[int, bpy.types.Object]:
        """Those of the main results that some scene has, by the indices of their targets."""
        return {index: obj for (index, piece), obj in self.pieces(job).items() if piece == self._key(job, index)[2]}

    def pieces(self, job: Job) -> dict[tuple[int, Piece], bpy.types.Object]:
        """All objects of the job that some scene has, by the indices of their targets and what they are of these."""
        if self._begun.get(job.id) != self._files.key:
            self._adopt(job)
        there, found = in_scenes(), {}
        for (_job, index, piece), made in self._made_here(job).items():
            several = (there.get(uid) for uid in (made.uid, made.stand_in))
            obj = next((one for one in several if one is not None and is_tagged(one, job.id, index, piece)), None)
            if obj is not None:
                found[index, piece] = obj
                if piece == self._key(job, index)[2]:
                    job.targets[index].object_name = obj.name  # the artist may have renamed it
        return found

    def standings(self, job: Job) -> dict[int, Standing]:
        """Looks through all scenes' objects once, so not for `draw`."""
        pieces = self.pieces(job)
        return {i: self._standing(job, i, target, {piece for one, piece in pieces if one == i}) for i, target in enumerate(job.targets)}

    # --- steps ------------------------------------------------------------------------------------------------------

    def _standing(self, job: Job, index: int, target: JobTarget, there: Set[Piece]) -> Standing:
        if target.main is None:
            return Standing.NOTHING
        if target.main.piece not in there:
            return Standing.GONE if self.was_placed(job, index) else Standing.READY
        is_behind = target.textured and not self._made[self._key(job, index)].textured
        if is_behind:
            return Standing.EDITED
        return Standing.IN_SCENE if there >= target.results.keys() else Standing.PARTLY

    def _key(self, job: Job, index: int, piece: Piece | None = None) -> tuple[str, int, Piece]:
        main = job.targets[index].main
        return job.id, index, piece or (main.piece if main is not None else WHOLE)

    def _made_here(self, job: Job) -> dict[tuple[str, int, Piece], Made]:
        """Of the job, in the present file."""
        key, count = self._files.key, len(job.targets)
        return {one: made for one, made in self._made.items() if one[0] == job.id and made.file_key == key and one[1] < count}

    def _adopt(self, job: Job) -> None:
        """Objects of this run that came with the file: known, and the artist's own to move and to change."""
        found = find_tagged(job.id, [target.object_name or target.name for target in job.targets])
        for (index, piece), obj in found.items():
            if self.made(job, index, piece) is None and obj.type == "MESH":
                self._made[job.id, index, piece] = Made(
                    uid=obj.session_uid,
                    file_key=self._files.key,
                    extents=mesh_extents(obj.data),
                    textured=bool(obj.get(TEXTURED, True)),
                )
