"""The picture that an object was made from, where this extension made it."""

from __future__ import annotations

from pathlib import Path

import bpy

from ..file.tags import PHOTO, RUN_FOLDER, TARGET


def has_own_picture(obj: bpy.types.Object) -> bool:
    """For `draw`: says nothing about whether the file is still there."""
    return bool(obj.get(PHOTO))


def own_picture(obj: bpy.types.Object) -> str:
    """Its cut-out where that is still in the run's folder, since the photo shows other things, too; else the photo."""
    return _cutout(obj) or str(obj.get(PHOTO, ""))


def _cutout(obj: bpy.types.Object) -> str:
    """What the run's record names; empty where the record or the file is gone."""
    from ...core.runs.history import read_run  # late: Blender's start must not wait for it

    job, index = read_run(Path(str(obj.get(RUN_FOLDER, "")))), obj.get(TARGET)
    target = job.target(index) if job is not None and type(index) is int else None
    return target.cutout if target is not None else ""
