"""A Blender that works: finds, generates, keeps a preset, saves its file, again and again. One JSON line after each turn.

python working_blender.py RUNS_FOLDER PHOTO BLEND TURNS         BLENDER_USER_RESOURCES has the installed extension
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import in_blender


def main(base: str, photo: str, blend: str, turns: str) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    in_blender.begin()
    import bpy

    bpy.context.preferences.addons[in_blender.PACKAGE].preferences.runs_folder = base
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for turn in range(int(turns)):
        print(json.dumps(_turn(photo, blend, turn)), file=answers, flush=True)


def _turn(photo: str, blend: str, turn: int) -> dict[str, object]:
    import bpy
    from conftest import quick_settings

    values = quick_settings()
    values.photo, values.names, values.texture_size = photo, "red ball, blue ball", "1024"
    assert bpy.ops.img23d.find_targets() == {"FINISHED"}
    found = [row.cutout for row in values.targets]
    before = len(bpy.data.objects)
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    bpy.ops.img23d.add_preset(name=f"{Path(blend).stem} {turn}")
    with contextlib.suppress(RuntimeError):  # Blender itself refuses one of two that save their preferences at one moment
        bpy.ops.wm.save_userpref()
    bpy.ops.wm.save_as_mainfile(filepath=blend)
    job = in_blender.owner().session.jobs[0]
    return {
        "run": job.request.run_folder,
        "objects": len(bpy.data.objects) - before,
        "cutouts": found,
        "there": all(path and Path(path).is_file() for path in found),
        "error": job.error,
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
