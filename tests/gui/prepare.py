"""Run by Blender with a window: installs the zip, empties the scene and opens the Img23D tab; the rest is the driver's.

IMG23D_ZIP is the zip, IMG23D_SHOTS a folder; the file `ready` appears there when the driver may begin, and `done` when a
run is over and its objects are in view.
"""

import os
import sys
from pathlib import Path

import bpy

SHOTS = Path(os.environ["IMG23D_SHOTS"])
MODULE = "bl_ext.user_default.img23d"


def prepare() -> None:
    bpy.context.preferences.view.show_splash = False
    bpy.ops.extensions.package_install_files(
        "EXEC_DEFAULT", filepath=os.environ["IMG23D_ZIP"], repo="user_default", enable_on_install=True
    )
    for obj in list(bpy.data.objects):
        bpy.data.objects.remove(obj)
    _viewport().spaces.active.show_region_ui = True
    bpy.app.timers.register(open_tab, first_interval=1.0)


def open_tab() -> None:
    area = _viewport()
    next(region for region in area.regions if region.type == "UI").active_panel_category = "Img23D"
    area.tag_redraw()
    bpy.context.window_manager.windows[0].scene.img23d.photo = os.environ["IMG23D_PHOTO"]
    (SHOTS / "ready").touch()
    bpy.app.timers.register(watch, first_interval=1.0)


def watch() -> float | None:
    owner = sys.modules[f"{MODULE}.core.app"].current()
    if not owner.session.jobs or owner.pump.is_busy:
        return 0.5
    window, area = bpy.context.window_manager.windows[0], _viewport()
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.view3d.view_selected()
    (SHOTS / "done").touch()
    return None


def _viewport() -> bpy.types.Area:
    screen = bpy.context.window_manager.windows[0].screen
    return next(area for area in screen.areas if area.type == "VIEW_3D")


bpy.app.timers.register(prepare, first_interval=1.0)
