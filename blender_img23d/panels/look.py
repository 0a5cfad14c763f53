"""When a run is done: the two looks at it that an artist wants next, where the viewport does not show them yet."""

from __future__ import annotations

import bpy

from ..scene.owner import Extension
from ..scene.standing import Standing
from .slots import live

_MOST = 2
_PHOTO = ("img23d.use_photo_camera", "See It as in the Photo", "OUTLINER_OB_CAMERA")
_TEXTURES = ("img23d.show_textures", "Show the Textures", "SHADING_TEXTURE")


def draw_look(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension) -> None:
    """Always as high as both of them, so that nothing below moves when one comes or goes."""
    place, looks = layout.column(align=True), _looks(context, owner)
    for number, (operator, text, icon) in enumerate(looks):
        live(place, context, owner, f"look {number}", operator).operator(operator, text=text, icon=icon)
    for number in range(len(looks), _MOST):
        live(place, context, owner, f"look {number}", None).label(text="")


def _looks(context: bpy.types.Context, owner: Extension) -> list[tuple[str, str, str]]:
    """None while a job runs, or where nothing of the newest run is in the scene."""
    job = next((job for job in owner.session.jobs if job.is_generation), None)
    if job is None or job.is_past or not job.is_over or Standing.IN_SCENE not in owner.standings.values():
        return []
    view = context.space_data
    if view is None or view.type != "VIEW_3D":
        return []
    is_seen_so = view.region_3d.view_perspective == "CAMERA"
    looks = [_PHOTO] if job.arranged is not None and context.scene.img23d.layout == "PHOTO" and not is_seen_so else []
    shows_colours = view.shading.type == "SOLID" and view.shading.color_type != "TEXTURE"
    return [*looks, _TEXTURES] if shows_colours and any(target.textured for target in job.targets) else looks
