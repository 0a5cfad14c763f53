"""When a run is done: the two looks at it that an artist wants next, where the viewport does not show them yet."""

from __future__ import annotations

import bpy

from ..scene.owner import Extension
from ..scene.standing import Standing


def draw_look(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension) -> None:
    """Nothing while a job runs, or where nothing of the newest run is in the scene."""
    job = next((job for job in owner.session.jobs if job.is_generation), None)
    if job is None or job.is_past or not job.is_over or Standing.IN_SCENE not in owner.standings.values():
        return
    view = context.space_data
    if view is None or view.type != "VIEW_3D":
        return
    column = layout.column(align=True)
    if job.arranged is not None and context.scene.img23d.layout == "PHOTO" and view.region_3d.view_perspective != "CAMERA":
        column.operator("img23d.use_photo_camera", text="See It as in the Photo", icon="OUTLINER_OB_CAMERA")
    shows_colours = view.shading.type == "SOLID" and view.shading.color_type != "TEXTURE"
    if shows_colours and any(target.textured for target in job.targets):
        column.operator("img23d.show_textures", text="Show the Textures", icon="SHADING_TEXTURE")


