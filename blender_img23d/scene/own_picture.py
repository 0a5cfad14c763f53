"""The picture that an object was made from, where this extension made it."""

from __future__ import annotations

import json
from pathlib import Path

import bpy

from .tags import PHOTO, RUN_FOLDER, TARGET


def has_own_picture(obj: bpy.types.Object) -> bool:
    """For `draw`: says nothing about whether the file is still there."""
    return bool(obj.get(PHOTO))


def own_picture(obj: bpy.types.Object) -> str:
    """Its cut-out where that is still in the run's folder, since the photo shows other things, too; else the photo."""
    return _cutout(obj) or str(obj.get(PHOTO, ""))


def _cutout(obj: bpy.types.Object) -> str:
    """What the run's record names; empty where the record or the file is gone."""
    folder = Path(str(obj.get(RUN_FOLDER, "")))
    try:
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        path = folder / record["targets"][int(obj[TARGET])]["files"]["cutout"]
        return str(path) if path.is_file() else ""
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        return ""
