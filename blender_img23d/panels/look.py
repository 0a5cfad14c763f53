"""When a run is done: the two looks at it that an artist wants next, where the viewport does not show them yet."""

from __future__ import annotations

import bpy

from ..core.jobs import Job
from ..scene.owner import Extension, newest_listed
from ..scene.seen_as_photo import is_seen_as_photo
from ..scene.standing import Standing


def draw_look(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension) -> None:
    """Nothing while a job runs, or where nothing of the newest run is in the scene."""
    view = context.space_data
    if view is None or view.type != "VIEW_3D":
        return
    job = newest_listed(owner)
    is_made = job is not None and not job.is_past and job.is_over and _is_there(job, owner)
    is_seen = is_seen_as_photo(context.screen, context.area)
    column = layout.column(align=True)
    if is_seen or (is_made and job.arranged is not None and context.scene.img23d.layout == "PHOTO"):
        column.operator("img23d.use_photo_camera", text="See It as in the Photo", icon="OUTLINER_OB_CAMERA", depress=is_seen)
    if is_made and view.shading.type == "SOLID" and _hides_texture(job, view.shading.color_type):
        column.operator("img23d.show_textures", text="Show the Textures", icon="SHADING_TEXTURE")


def _is_there(job: Job, owner: Extension) -> bool:
    """Something of it is in the scene: of a re-texture, the picture on its mesh."""
    return bool(job.texture) and not job.error if job.is_retexture else Standing.IN_SCENE in owner.standings.values()


def _hides_texture(job: Job, colours: str) -> bool:
    """Solid shading shows every picture by the mesh's active UV map, which stays the artist's beside a new one."""
    return bool(job.is_retexture and job.uv) or (colours != "TEXTURE" and any(target.textured for target in job.targets))
