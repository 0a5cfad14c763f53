"""The custom properties that say what made an object, and how an object is found again by them, never by its name."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import PurePath
from typing import TYPE_CHECKING

import bpy

if TYPE_CHECKING:  # the panels know the tags, and Blender's start waits for what they import
    from ...core.jobs import Job
    from ...shared.img23d_protocol.results import Piece

RUN = "img23d_run"  # the job's id
TARGET = "img23d_target"  # index within the job
PHOTO = "img23d_photo"
RUN_FOLDER = "img23d_run_folder"
RUN_NAME = "img23d_run_name"
TIME = "img23d_time"  # when the run was started: local time that sorts as text
KIND = "img23d_kind"  # of result; a mesh where it is missing
PART = "img23d_part"  # the number of a part, missing on the whole thing
ENGINE = "img23d_engine"
TEXTURED = "img23d_textured"
VARIED = "img23d_varied"  # made to be another than what the settings and the photo alone give
CHOICE = "img23d_choice"  # one of several variants, of which the artist is to keep one
COMPARED = "img23d_compared"  # on it and on what it is compared with: the ids of the jobs that made the others, with spaces between
ORIGINAL = "img23d_original"  # the object whose place the one that is kept takes; none where it stays
ORIGINAL_MESH = "img23d_original_mesh"  # the fingerprint of its mesh when the variants were asked for
CAMERA = "img23d_camera"  # on a camera that stands for a photo's, and on its data: the job's id


def tag_run(obj: bpy.types.Object, job: Job) -> None:
    """Write down which run an object belongs to."""
    obj[RUN] = job.id
    obj[PHOTO] = job.seen_photo
    obj[RUN_NAME] = PurePath(job.request.photo).stem
    obj[TIME] = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(job.started))
    obj[RUN_FOLDER] = job.request.run_folder


def tag_result(obj: bpy.types.Object, job: Job, index: int, piece: Piece) -> None:
    """Write down what made this object."""
    import json  # late, as everything that Blender's start should not wait for

    from ...core.runs.recipe import recipe_of_job

    request = job.request  # a Generate
    target = job.targets[index]
    tag_run(obj, job)
    obj[TARGET] = index
    obj[KIND] = piece.kind.value
    obj.pop(PART, None)
    if piece.part is not None:
        obj[PART] = piece.part
    obj[TEXTURED] = target.results[piece].textured
    obj["img23d_name"] = target.name
    if target.box is not None:
        obj["img23d_box"] = [target.box.left, target.box.top, target.box.right, target.box.bottom]
    obj["img23d_seed"] = request.seed_of(index)
    thing = request.thing_of(index)
    obj["img23d_faces"] = request.wanted[thing].faces if thing < len(request.wanted) else 0
    obj[VARIED] = request.is_varied(index)
    obj[ENGINE] = request.engine
    obj["img23d_settings"] = json.dumps(asdict(recipe_of_job(job, index).own_settings), sort_keys=True)


def is_result(obj: bpy.types.Object) -> bool:
    return RUN in obj and TARGET in obj


def variants_of(obj: bpy.types.Object, among: Iterable[bpy.types.Object]) -> list[bpy.types.Object]:
    """Those of the same thing in the same run or comparison, of which one is still to be kept, `obj` included. What the others are
    compared with comes first, then they in the order that they were asked for in.
    """
    group, order = choice_of(obj), str(obj.get(COMPARED, "")).split()
    several = [one for one in among if CHOICE in one and choice_of(one) == group and type(one.get(TARGET)) is int]
    return sorted(several, key=lambda one: (order.index(one[RUN]) if one[RUN] in order else -1, one[TARGET]))


def choice_of(obj: bpy.types.Object) -> str:
    """The ids of the jobs among whose results one is to be kept, with spaces between."""
    return str(obj.get(COMPARED) or obj.get(RUN))


def variant_of(obj: bpy.types.Object) -> tuple[str, int]:
    """What tells it from the others that it stands beside."""
    return str(obj[RUN]), obj[TARGET]


def variants_beside(obj: bpy.types.Object) -> list[bpy.types.Object]:
    """For `draw`: those that stand in the same collection, of each its mesh or else what came first; none where nothing is to be chosen."""
    if CHOICE not in obj or not obj.users_collection:
        return []
    several: dict[tuple[str, int], bpy.types.Object] = {}
    for one in variants_of(obj, obj.users_collection[0].objects):
        if several.setdefault(variant_of(one), one).get(KIND, "mesh") != "mesh":
            several[variant_of(one)] = one
    return list(several.values())


def companions(obj: bpy.types.Object) -> list[bpy.types.Object]:
    """The other results of the same thing, such as the splats at the place of a mesh. Of several copies the nearest."""
    run, target = obj.get(RUN), obj.get(TARGET)
    found: dict[Piece, bpy.types.Object] = {}
    same = [one for one in in_scenes().values() if is_result(one) and (one[RUN], one[TARGET]) == (run, target)]
    for one in sorted(same, key=lambda one: (one.matrix_world.translation - obj.matrix_world.translation).length):
        found.setdefault(piece_of(one), one)
    return [one for piece, one in found.items() if piece != piece_of(obj)]


def find_by_uid(session_uid: int) -> bpy.types.Object | None:
    return next((obj for obj in bpy.data.objects if obj.session_uid == session_uid), None)


def piece_of(obj: bpy.types.Object) -> Piece:
    """Which of its target's results it is."""
    from ...shared.img23d_protocol.results import Piece, ResultKind

    kind, part = obj.get(KIND), obj.get(PART)
    known = next((one for one in ResultKind if one == kind), ResultKind.MESH)
    return Piece(kind=known, part=part if type(part) is int else None)


def is_tagged(obj: bpy.types.Object, job_id: str, index: int, piece: Piece) -> bool:
    return (obj.get(RUN), obj.get(TARGET)) == (job_id, index) and piece_of(obj) == piece


def find_tagged(job_id: str, likely_names: list[str]) -> dict[tuple[int, Piece], bpy.types.Object]:
    """A run's objects in a file that was saved with them, by the indices of their targets. A copy made by the artist has
    the same tags: the target's name decides, else the first one is taken.
    """
    found: dict[tuple[int, Piece], list[bpy.types.Object]] = {}
    for obj in in_scenes().values():
        if obj.get(RUN) == job_id and type(obj.get(TARGET)) is int and 0 <= obj[TARGET] < len(likely_names):
            found.setdefault((obj[TARGET], piece_of(obj)), []).append(obj)
    return {(index, piece): _most_likely(several, likely_names[index], piece) for (index, piece), several in found.items()}


def in_scenes() -> dict[int, bpy.types.Object]:
    """All objects that some scene shows or hides, by their session ids; asking each for its scenes takes far longer."""
    return {obj.session_uid: obj for scene in bpy.data.scenes for obj in scene.objects}


def _most_likely(objects: list[bpy.types.Object], name: str, piece: Piece) -> bpy.types.Object:
    from ...core.jobs import beside_name

    return next((obj for obj in objects if obj.name in (name, beside_name(name, piece))), objects[0])
