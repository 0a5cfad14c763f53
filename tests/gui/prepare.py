"""Run by a Blender with a window (`blender --python tests/gui/prepare.py`): installs the zip, then only watches.

IMG23D_ZIP is the zip, IMG23D_SHOTS a folder. Once a second the file `state` in it says what the scene holds, one fact a
line, for `person.sh` to wait for; everything else is done by mouse and keyboard. IMG23D_TINY_MODELS, where it is set, is
taken as the folder of the models.
"""

import os
import sys
from pathlib import Path

import bpy

STATE = Path(os.environ["IMG23D_SHOTS"]) / "state"
CORE = "bl_ext.user_default.img23d.core.app"


def prepare() -> None:
    bpy.ops.extensions.package_install_files(
        "EXEC_DEFAULT", filepath=os.environ["IMG23D_ZIP"], repo="user_default", enable_on_install=True
    )
    preferences = bpy.context.preferences.addons[CORE.removesuffix(".core.app")].preferences
    preferences.models_folder = os.environ.get("IMG23D_TINY_MODELS", "")
    bpy.app.timers.register(watch, first_interval=1.0, persistent=True)


def watch() -> float:
    fresh = STATE.with_suffix(".new")
    fresh.write_text("\n".join(facts()) + "\n", encoding="utf-8")
    fresh.replace(STATE)
    return 1.0


def facts() -> list[str]:
    owner = sys.modules[CORE].current()
    scene = bpy.context.window_manager.windows[0].scene
    objects = [obj for obj in scene.objects if obj.type == "MESH"]
    jobs = owner.session.jobs
    lines = [f"jobs {len(jobs)}", f"objects {len(objects)}", f"photo {Path(scene.img23d.photo).name}"]
    lines.append(f"engine {scene.img23d.engine}")
    lines.append("busy" if owner.pump.is_busy else "idle")
    lines += [f"last job {jobs[0].state}"] if jobs else []
    for obj in objects:
        kinds = "".join(f", {modifier.type}" for modifier in obj.modifiers)
        lines.append(f"object {obj.name}: {_look(obj)}")
        lines.append(f"mesh {obj.name}: {len(obj.data.vertices)} vertices, {len(obj.data.polygons)} faces{kinds}")
    return lines


def _look(obj: bpy.types.Object) -> str:
    materials = {obj.material_slots[face.material_index].name for face in obj.data.polygons if obj.material_slots}
    shown = {_image(bpy.data.materials[name]) for name in materials if name}
    return "textured" if shown and None not in shown else "plain"


def _image(material: bpy.types.Material) -> str | None:
    return next((node.image.name for node in material.node_tree.nodes if node.type == "TEX_IMAGE" and node.image), None)


bpy.context.preferences.view.show_splash = False
bpy.app.timers.register(prepare, first_interval=1.0)
