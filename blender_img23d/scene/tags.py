"""The custom properties that say what made an object, and how an object is found again by them, never by its name."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import bpy

if TYPE_CHECKING:  # the panels know the tags, and Blender's start waits for what they import
    from ..core.jobs import Job

RUN = "img23d_run"  # the job's id
TARGET = "img23d_target"  # index within the job
PHOTO = "img23d_photo"
RUN_FOLDER = "img23d_run_folder"


def tag_result(obj: bpy.types.Object, job: Job, index: int) -> None:
    """Write down what made this object."""
    request = job.request  # a Generate
    target = job.targets[index]
    obj[RUN] = job.id
    obj[TARGET] = index
    obj[PHOTO] = request.photo
    obj["img23d_name"] = target.name
    if target.box is not None:
        obj["img23d_box"] = [target.box.left, target.box.top, target.box.right, target.box.bottom]
    obj["img23d_seed"] = request.seed
    obj["img23d_engine"] = request.engine
    obj["img23d_settings"] = json.dumps(asdict(request.settings), sort_keys=True)
    obj[RUN_FOLDER] = request.run_folder


def is_result(obj: bpy.types.Object) -> bool:
    return RUN in obj


def find_result(job_id: str, index: int, session_uid: int, likely_name: str) -> bpy.types.Object | None:
    """The object placed for a target. A copy made by the artist has the same tags; the original's session id decides."""
    likely = bpy.data.objects.get(likely_name)
    obj = likely if likely is not None and likely.session_uid == session_uid else find_by_uid(session_uid)
    return obj if obj is not None and obj.get(RUN) == job_id and obj.get(TARGET) == index else None


def find_by_uid(session_uid: int) -> bpy.types.Object | None:
    return next((obj for obj in bpy.data.objects if obj.session_uid == session_uid), None)
