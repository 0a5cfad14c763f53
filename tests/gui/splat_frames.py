"""Run by a Blender with a window (`blender --python tests/gui/splat_frames.py`): how long splats take to come in, to turn, to be saved and rendered.

IMG23D_ZIP is the extension, which is installed if it is not there; IMG23D_SHOTS the folder for the answer `splats.json` and the
renders; IMG23D_SPLATS how many splats; IMG23D_QUITS ends Blender afterwards. The answer is written anew after each part, the last with
`"done": true`.
"""

import importlib
import json
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import bpy
from mathutils import Quaternion

sys.path.append(str(Path(__file__).resolve().parents[2] / "devtools" / "in_blender"))
from known_splats import write_splats

OUT = Path(os.environ["IMG23D_SHOTS"])
COUNT = int(os.environ.get("IMG23D_SPLATS", "200000"))
PACKAGE = "bl_ext.user_default.img23d"
IMPORTS = 5
TURNS = 12  # frames of a quarter turn
LEAST = 3  # frames, however long they take
SECONDS = 30.0  # for one row of frames
LEAST_SETTLING, MOST_SETTLING = 20.0, 240.0  # seconds
WIDE, HIGH, SAMPLES = 480, 360, 4  # of the renders

told: dict[str, object] = {"done": False}


def measure() -> None:
    told.update(blender=bpy.app.version_string, splats=COUNT, screen=_screen())
    _install()
    path = write_splats(OUT / "splats.ply", COUNT)
    tell("import_seconds", [_imported(path) for _ in range(IMPORTS)])
    obj = bpy.context.object
    area = next(area for area in bpy.context.window.screen.areas if area.type == "VIEW_3D")
    with bpy.context.temp_override(area=area, region=next(one for one in area.regions if one.type == "WINDOW")):
        bpy.ops.view3d.view_selected()
    for shading in ("SOLID", "MATERIAL"):
        area.spaces.active.shading.type = shading
        for share in (100.0, 10.0):
            _show(obj, share)
            settle()
            tell(f"frame_seconds_{shading.lower()}_{share:.0f}", orbit(area))
        obj.hide_set(True)
        settle()
        tell(f"frame_seconds_{shading.lower()}_0", orbit(area))
        obj.hide_set(False)
    area.spaces.active.shading.type = "SOLID"
    blend = OUT / "splats.blend"
    tell("save_seconds", seconds(lambda: bpy.ops.wm.save_as_mainfile(filepath=str(blend), compress=False)))
    tell("blend_bytes", blend.stat().st_size)
    tell("ply_bytes", path.stat().st_size)
    _camera(obj)
    for engine in ("BLENDER_EEVEE" if bpy.app.version >= (5, 0, 0) else "BLENDER_EEVEE_NEXT", "CYCLES"):
        tell(f"render_seconds_{engine.lower()}", seconds(lambda engine=engine: render(engine)))
    tell("done", True)


def _imported(path: Path) -> float:
    """Seconds, into a file without anything else."""
    for obj in list(bpy.data.objects):
        bpy.data.objects.remove(obj)
    bpy.ops.outliner.orphans_purge(do_recursive=True)
    return seconds(lambda: bpy.ops.img23d.import_splats("EXEC_DEFAULT", filepath=str(path)))


def orbit(area: bpy.types.Area) -> list[float]:
    """Seconds of each frame of a quarter turn; fewer where they take long."""
    view, frames, begun = area.spaces.active.region_3d, [], time.perf_counter()
    start = view.view_rotation.copy()
    for turn in range(TURNS):
        view.view_rotation = Quaternion((0.0, 0.0, 1.0), math.pi / 2 * turn / TURNS) @ start
        frames.append(seconds(redraw))
        if len(frames) >= LEAST and time.perf_counter() - begun > SECONDS:
            break
    view.view_rotation = start
    return frames


def settle() -> None:
    """Draws until instances are made and shaders are compiled, which happens beside the drawing: what has no shader yet is not drawn."""
    begun, frames = time.perf_counter(), [seconds(redraw)]
    while (waited := time.perf_counter() - begun) < MOST_SETTLING:
        time.sleep(0.5)
        frames.append(seconds(redraw))
        if waited > LEAST_SETTLING and not bpy.app.is_job_running("SHADER_COMPILATION") and max(frames[-3:]) < 1.5 * min(frames[-3:]):
            return


def redraw() -> None:
    bpy.ops.wm.redraw_timer(type="DRAW_WIN_SWAP", iterations=1)


def render(engine: str) -> None:
    scene = bpy.context.scene
    scene.render.engine = engine
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = WIDE, HIGH, 100
    scene.eevee.taa_render_samples = scene.cycles.samples = SAMPLES
    scene.render.filepath = str(OUT / f"{engine.lower()}.png")
    bpy.ops.render.render(write_still=True)


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def tell(name: str, value: object) -> None:
    told[name] = value
    (OUT / "splats.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _install() -> None:
    if PACKAGE not in bpy.context.preferences.addons:
        bpy.ops.extensions.package_install_files(filepath=os.environ["IMG23D_ZIP"], repo="user_default", enable_on_install=True)


def _show(obj: bpy.types.Object, share: float) -> None:
    """In the viewport, in percent."""
    nodes = importlib.import_module(f"{PACKAGE}.scene.splats.geometry_nodes")
    nodes.give(obj.modifiers[0], nodes.VIEWPORT, share)
    obj.update_tag()


def _camera(obj: bpy.types.Object) -> None:
    scene = bpy.context.scene
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.location, camera.rotation_euler = (obj.location.x, obj.location.y - 4.0, obj.location.z), (math.pi / 2, 0.0, 0.0)
    scene.collection.objects.link(camera)
    scene.camera = camera


def _screen() -> str:
    window = bpy.context.window_manager.windows[0]
    return f"{window.width} x {window.height}"


def _begin() -> None:
    window = bpy.context.window_manager.windows[0]
    with bpy.context.temp_override(window=window, screen=window.screen):
        try:
            measure()
        except Exception as error:
            tell("failed", repr(error))
            tell("done", True)
            raise
        finally:
            if "IMG23D_QUITS" in os.environ:
                bpy.ops.wm.quit_blender()


bpy.context.preferences.view.show_splash = False
bpy.app.timers.register(_begin, first_interval=3.0)
