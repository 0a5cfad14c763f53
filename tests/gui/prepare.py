"""Run by a Blender with a window (`blender --python tests/gui/prepare.py`): only watches.

IMG23D_SHOTS is a folder. Once a second the file `state` in it says what the scene holds, one fact a line, for `person.py`
to wait for; everything is done by mouse and keyboard. IMG23D_TINY_MODELS, where it is set, is taken as the folder of the
models as soon as the extension is there, and IMG23D_CHOSEN_PYTHON as the Python of the AI models. Where IMG23D_KEEPS_CONSOLE is set, what Blender says goes to the file `console`.
"""

import math
import os
import sys
from pathlib import Path

import bpy
from bpy_extras.view3d_utils import location_3d_to_region_2d
from mathutils import Vector

STATE = Path(os.environ["IMG23D_SHOTS"]) / "state"
PACKAGE = "bl_ext.user_default.img23d"


RENDERS = {"done": 0, "stopped": 0}


def watch() -> float:
    fresh = STATE.with_suffix(".new")
    fresh.write_text("\n".join(facts()) + "\n", encoding="utf-8")
    fresh.replace(STATE)
    return 0.5


def facts() -> list[str]:
    window = bpy.context.window_manager.windows[0]
    scene = window.scene
    objects = [obj for obj in scene.objects if obj.type == "MESH"]
    lines = ["older than 5.0"] if bpy.app.version < (5, 0, 0) else []
    lines += [f"objects {len(objects)}", f"file {Path(bpy.data.filepath).name}"]
    lines += [f"area {area.type}" for area in window.screen.areas]
    viewports = (area.spaces.active.shading for area in window.screen.areas if area.type == "VIEW_3D")
    lines += [f"shading {shading.type} {shading.color_type}" for shading in viewports]
    lines.append(f"scene's camera {scene.camera.name if scene.camera else ''}")
    lines += [f"viewport shows {_shown(area, scene)}" for area in window.screen.areas if area.type == "VIEW_3D"]
    lines += [f"in view {', '.join(obj.name for obj in objects if _is_in_view(obj, area))}" for area in window.screen.areas if area.type == "VIEW_3D"]
    for obj in objects:
        kinds = "".join(f", {modifier.type}" for modifier in obj.modifiers)
        lines.append(f"object {obj.name}: {_look(obj)}")
        lines += [f"splats {obj.name}: {len(obj.data.vertices)}"] if _is_splats(obj) else []
        lines.append(f"mesh {obj.name}: {len(obj.data.vertices)} vertices, {len(obj.data.polygons)} faces{kinds}")
        lines.append(f"size {obj.name}: {', '.join(f'{value:.3f}' for value in obj.dimensions)}")
        lines.append(f"scale {obj.name}: {max(obj.scale):.3f}")
        lines += [f"quads {obj.name}"] if sum(len(face.vertices) == 4 for face in obj.data.polygons[:200]) > 100 else []
        lines.append(f"place {obj.name}: {', '.join(f'{value:.2f}' for value in obj.matrix_world.translation)}")
    lines += [f"camera {obj.name}" for obj in scene.objects if obj.type == "CAMERA"]
    lines += [f"windows {len(bpy.context.window_manager.windows)}", f"renders {RENDERS['done']}", f"renders stopped {RENDERS['stopped']}"]
    lines.append(f"render size {scene.render.resolution_percentage}")
    lines += ["rendering"] if bpy.app.is_job_running("RENDER") else []
    lines.append(f"unsound {', '.join(sorted(_unsound(objects)))}")
    return lines + (_about_the_extension(scene) if f"{PACKAGE}.core.session.app" in sys.modules else [])


def _is_splats(obj: bpy.types.Object) -> bool:
    return "splat_scale" in obj.data.attributes


def _unsound(objects: list[bpy.types.Object]) -> set[str]:
    """What lacks a part, or is in no scene."""
    in_scenes = {obj for scene in bpy.data.scenes for obj in scene.objects}
    names = {obj.name for obj in bpy.data.objects if obj.users and obj not in in_scenes}
    for obj in objects:
        mesh = obj.data
        corners = [0] * len(mesh.loops)
        mesh.loops.foreach_get("vertex_index", corners)
        has_faces = bool(mesh.polygons) or _is_splats(obj)
        has_all = mesh.vertices and has_faces and set(corners) <= set(range(len(mesh.vertices)))
        if not has_all or not all(math.isfinite(value) for corner in obj.bound_box for value in corner):
            names.add(obj.name)
    names |= {image.name for image in bpy.data.images if image.type == "IMAGE" and image.users and 0 in image.size}
    return names


def _is_in_view(obj: bpy.types.Object, area: bpy.types.Area) -> bool:
    """The middle of its bounding box is drawn in the part of the viewport that the sidebar leaves free."""
    region = next(one for one in area.regions if one.type == "WINDOW")
    sidebar = next(one for one in area.regions if one.type == "UI")
    middle = obj.matrix_world @ (sum((Vector(corner) for corner in obj.bound_box), Vector()) / 8)
    at = location_3d_to_region_2d(region, area.spaces.active.region_3d, middle)
    wide = region.width - (sidebar.width if sidebar.width > 1 else 0)
    return at is not None and 0 <= at.x < wide and 0 <= at.y < region.height


def _shown(area: bpy.types.Area, scene: bpy.types.Scene) -> str:
    """The meshes that it shows, and through what."""
    space = area.spaces.active
    shown = [obj.name for obj in scene.objects if obj.type == "MESH" and (space.local_view is None or obj.local_view_get(space))]
    camera = space.camera.name if space.use_local_camera and space.camera else "the scene's"
    through = f" through {camera}" if space.region_3d.view_perspective == "CAMERA" else ""
    return f"{', '.join(sorted(shown))}{through}"


def _about_the_extension(scene: bpy.types.Scene) -> list[str]:
    _use_tiny_models()
    values = scene.img23d
    lines = [
        "installed",
        f"active {bpy.context.view_layer.objects.active.name if bpy.context.view_layer.objects.active else ''}",
        f"photo {Path(values.photo).name}",
        f"names {values.names}",
        f"engine {values.engine}",
        f"faces {values.faces}",
        f"result {values.result}",
        f"variants {bpy.context.window_manager.img23d.again_variants}",
    ]
    lines += _parts(scene)
    lines += [f"target {row.name}: {_row(row)}" for row in values.targets]
    lines += [f"kind {row.name}: {row.shape}" for row in values.targets]
    lines += [
        f"side {row.name}: {side} {Path(path).name}" for row in values.targets for side in ("left", "back", "right") if (path := getattr(row, f"{side}_photo"))
    ]
    owner = sys.modules[f"{PACKAGE}.core.session.app"].installed()
    if owner is None:
        return [*lines, "idle"]
    lines += ["the photo lies over a viewport"] if owner.popup.number else []
    jobs = owner.session.jobs
    lines.append(f"ready {' '.join(engine.id for engine in owner.session.engines if engine.ready)}")
    lines += ["setting up"] if owner.setup.is_running else []
    lines += ["busy" if owner.pump.is_busy else "idle", f"jobs {len(jobs)}", f"waiting {len(owner.applier.queue.waiting)}"]
    waiting = " ".join(job.id for job in owner.applier.queue.waiting)
    lines += [f"waits {waiting}", f"mesh tools {owner.applier.remesher.progress or owner.applier.remesher.done}"]
    lines += _machines(owner)
    lines += [f"cut out {sum(bool(t.cutout) for t in jobs[0].targets)}"] if jobs else []
    lines += [f"note {note}" for note in (jobs[0].notes if jobs else ())]
    lines += [f"last job {jobs[0].state}", f"stopped {sum(t.is_cancelled for t in jobs[0].targets)}"] if jobs else []
    lines += [f"shaped {sum(t.main is not None for t in jobs[0].targets)}"] if jobs else []
    return lines


def _machines(owner: object) -> list[str]:
    """The one that does the work, how it is reached, and what came of the test of its connection. No token."""
    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    machine = preferences.chosen_machine
    if machine is None:
        return ["machine this one"]
    tested = owner.tested.get(machine.key)
    lines = [f"machine {machine.name}", f"address {machine.address}", f"letters of the token {len(machine.token)}"]
    lines += [f"devices {len(owner.session.devices)}"] if owner.session.machine else []
    return [*lines, f"tested {'good' if tested.is_good else 'bad' if tested.is_over else 'asking'}"] if tested is not None else lines


def _parts(scene: bpy.types.Scene) -> list[str]:
    """The lists of parts, what is selected in them, what was cut, and how far it is pulled apart."""
    lines = [f"splitter {scene.img23d.splitter}", f"mask {' '.join('painted' if row.strokes else 'empty' for row in scene.img23d.mask_parts)}"]
    for obj in scene.objects:
        rows = obj.img23d_parts.rows
        lines += [f"parts {obj.name}: {', '.join(row.name for row in rows)}"] if rows else []
        lines += [f"marked {obj.name}: {sum(row.is_marked for row in rows)}"] if rows else []
        lines += [f"part {obj.name}"] if "img23d_part_of" in obj else []
        lines += [f"hidden {obj.name}"] if obj.hide_viewport else []
        lines += [f"exploded {obj['explode']:.2f}"] if "explode" in obj else []
    return lines


def _use_tiny_models() -> None:
    folder = os.environ.get("IMG23D_TINY_MODELS", "")
    addon = bpy.context.preferences.addons.get(PACKAGE)
    if folder and addon is not None and not addon.preferences.models_folder:
        addon.preferences.models_folder = folder
    python = os.environ.get("IMG23D_CHOSEN_PYTHON", "")
    if python and addon is not None and not addon.preferences.chosen_python:
        addon.preferences.chosen_python = python


def _row(row: bpy.types.PropertyGroup) -> str:
    if not row.has_box:
        return "not found"
    return ("picked" if row.has_point else "drawn" if row.is_drawn else "found") + ("" if row.use else ", off") + (", brushed" if row.strokes else "")


def _look(obj: bpy.types.Object) -> str:
    materials = {obj.material_slots[face.material_index].name for face in obj.data.polygons if obj.material_slots}
    shown = {_image(bpy.data.materials[name]) for name in materials if name}
    return "textured" if shown and None not in shown else "plain"


def _image(material: bpy.types.Material) -> str | None:
    return next((node.image.name for node in material.node_tree.nodes if node.type == "TEX_IMAGE" and node.image), None)


@bpy.app.handlers.persistent
def on_rendered(*_of: object) -> None:
    RENDERS["done"] += 1


@bpy.app.handlers.persistent
def on_render_stopped(*_of: object) -> None:
    RENDERS["stopped"] += 1


if "IMG23D_KEEPS_CONSOLE" in os.environ:
    console = os.open(STATE.with_name("console"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(console, stream)
    print("prepare: watching", file=sys.stderr, flush=True)
view = bpy.context.preferences.view
view.show_splash = False
# There may be no window manager to close a second window with.
view.filebrowser_display_type = "SCREEN"
if hasattr(view, "preferences_display_type"):  # since 5.0
    view.preferences_display_type = "SCREEN"
bpy.app.timers.register(watch, first_interval=1.0, persistent=True)
bpy.app.handlers.render_complete.append(on_rendered)
bpy.app.handlers.render_cancel.append(on_render_stopped)
