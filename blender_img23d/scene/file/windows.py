"""In which window the scene can be changed now, and if it cannot, why not in words for the artist."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager

import bpy
from bpy.app.translations import pgettext_rpt as _

from ...shared.img23d_protocol.values import Value

TAB = "Img23D"
_TRIES = 20  # ticks
_MODES = {
    "EDIT": "Edit Mode",
    "SCULPT": "Sculpt Mode",
    "POSE": "Pose Mode",
    "VERTEX_PAINT": "Vertex Paint",
    "WEIGHT_PAINT": "Weight Paint",
    "TEXTURE_PAINT": "Texture Paint",
    "PARTICLE_EDIT": "Particle Edit",
}


class Workplace(Value):
    """Used at once, within one tick, and never kept."""

    window: bpy.types.Window | None  # None in a Blender without any
    scene: bpy.types.Scene
    view_layer: bpy.types.ViewLayer
    is_shown: bool

    def context(self, **more: object) -> AbstractContextManager:
        """`with workplace.context():` makes operators work here."""
        members = dict(more)
        if self.window is not None:
            members["window"] = self.window
        return bpy.context.temp_override(**members)


def workplace_of(scene: bpy.types.Scene) -> Workplace:
    """The window that shows the scene. Where none does, operators must not be run: Blender 4.5 crashes when the context's
    scene is not the window's."""
    for window in bpy.context.window_manager.windows:
        if window.scene == scene:
            return Workplace(window=window, scene=scene, view_layer=window.view_layer, is_shown=True)
    is_shown = bpy.context.window is None and bpy.context.scene == scene
    view_layer = bpy.context.view_layer if is_shown else scene.view_layers[0]
    return Workplace(window=None, scene=scene, view_layer=view_layer, is_shown=is_shown)


def workplace_of_object(obj: bpy.types.Object) -> Workplace:
    """Where the object is shown, if it is shown anywhere."""
    places = [workplace_of(scene) for scene in obj.users_scene]
    return next((place for place in places if place.is_shown), places[0])


def why_not_now(place: Workplace) -> str:
    """A sentence where objects must not be added or changed at this moment, else an empty one."""
    if not place.is_shown:
        return _("Waits until the scene “{name}” is shown again.").format(name=place.scene.name)
    active = place.view_layer.objects.active
    if active is not None and active.mode != "OBJECT":
        mode = next((label for key, label in _MODES.items() if active.mode.startswith(key)), "the present mode")
        return _("Waits until you leave {mode}.").format(mode=_(mode))
    if bpy.app.is_job_running("RENDER") or bpy.app.is_job_running("OBJECT_BAKE"):
        return "Waits until the render is done."
    if any(_is_transforming(window) for window in bpy.context.window_manager.windows):
        return "Waits until you have let go of what you are moving."
    return ""


def _is_transforming(window: bpy.types.Window) -> bool:
    return any(operator.bl_idname.startswith("TRANSFORM_OT_") for operator in getattr(window, "modal_operators", ()))


def redraw_sidebars() -> None:
    """The tab lies in the sidebar of 3D viewports and of Image Editors; nothing else shows what the extension does."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()
            elif area.ui_type == "IMAGE_EDITOR":
                area.tag_redraw()  # the boxes over the photo as well


class TabOpener:
    """Opens sidebars at our tab. Keeps addresses of areas only, which are compared and never followed."""

    def __init__(self) -> None:
        self._wanted: dict[int, int] = {}  # tries that are left, by area

    def want(self, area: bpy.types.Area) -> None:
        """Of a 3D viewport or an Image Editor. A sidebar has no tabs before it was drawn, so that comes later."""
        area.spaces.active.show_region_ui = True
        self._wanted[area.as_pointer()] = _TRIES

    def update(self) -> None:
        """Called by the pump."""
        if not self._wanted:
            return
        areas = [area for window in bpy.context.window_manager.windows for area in window.screen.areas]
        self._wanted = {area.as_pointer(): left - 1 for area in areas if (left := self._wanted.get(area.as_pointer(), 0)) > 0 and not _show_tab(area)}


def _show_tab(area: bpy.types.Area) -> bool:
    for region in area.regions:
        if region.type == "UI":
            with contextlib.suppress(TypeError, AttributeError):  # not drawn yet, or too low to have tabs
                region.active_panel_category = TAB
            return getattr(region, "active_panel_category", "") == TAB
    return True


class StatusBar:
    """One text in the status bars of all windows; Blender keeps it with a workspace, and shows it again when that is shown again."""

    def __init__(self) -> None:
        self._told: tuple[str, tuple[int, ...]] = ("", ())  # the text, and the workspaces that showed it

    def show(self, text: str) -> None:
        """An empty text gives the status bar back to Blender. A workspace that is not shown any more loses it, too."""
        shown = _shown_workspaces() if text or self._told[0] else []
        told = (text, tuple(workspace.session_uid for _window, workspace in shown))
        if not shown or told == self._told:
            return
        self._told = told
        for workspace in bpy.data.workspaces:
            if workspace.session_uid not in told[1]:
                _set_status(shown[0][0], workspace, "")
        for window, workspace in shown:
            _set_status(window, workspace, text)


def _shown_workspaces() -> list[tuple[bpy.types.Window, bpy.types.WorkSpace]]:
    return [(window, window.workspace) for window in bpy.context.window_manager.windows]


def _set_status(window: bpy.types.Window, workspace: bpy.types.WorkSpace, text: str) -> None:
    """Blender takes the context's workspace whatever it is called on, and draws the status bar of the context's window anew."""
    with bpy.context.temp_override(window=window):  # two, since a window brings its own workspace
        with bpy.context.temp_override(workspace=workspace):
            workspace.status_text_set(text or None)


def push_undo(place: Workplace, message: str) -> None:
    with place.context():
        if bpy.ops.ed.undo_push.poll():
            bpy.ops.ed.undo_push(message=message)
