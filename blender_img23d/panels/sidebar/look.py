"""Below the status: while a run goes on, its things with their bars; when it is done, the two buttons that change the viewport to show it,
where the viewport does not show them yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ...app.owner import Extension, newest_listed
from ...scene.placement.result_status import Standing
from ...scene.placement.seen_as_photo import is_seen_as_photo
from ..widgets.steady_rows import guarded_row

if TYPE_CHECKING:  # Blender's start waits for what panels import
    from ...core.jobs import Job

_MOST = 2  # lines
_BESIDE = 2  # things in a line
_PHOTO = ("img23d.use_photo_camera", "See It as in the Photo", "OUTLINER_OB_CAMERA")
_TEXTURES = ("img23d.show_textures", "Show the Textures", "SHADING_TEXTURE")
_SPLATS = ("img23d.show_textures", "Show the Splats", "SHADING_TEXTURE")


def draw_look(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension) -> None:
    """Always as high as both of them, so that nothing below moves when one comes or goes."""
    place, active, looks = layout.column(align=True), owner.session.active, _looks(context, owner)
    for number, (operator, text, icon, is_on) in enumerate(looks):
        guarded_row(place, context, owner, f"look {number}", operator).operator(operator, text=text, icon=icon, depress=is_on)
    has_things = active is not None and active.is_generation and len(active.targets) > 1
    for number in range(len(looks), _MOST):
        row = guarded_row(place, context, owner, f"look {number}", None)
        if has_things:
            _draw_things(row, context, owner, active, range(number * _BESIDE, (number + 1) * _BESIDE))
        else:
            row.label(text="")


def _draw_things(row: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, job: Job, places: range) -> None:
    """Side by side, each with its bar and its X. A thing never changes its place: one that is finished makes room for a later one.

    All of them stand under Results.
    """
    left, halves = job.unfinished, row.split(factor=1 / _BESIDE, align=True)  # as wide without a neighbour as with one
    for place in places:
        cell = halves.row(align=True)
        thing = next((index for index in left if index % (_MOST * _BESIDE) == place), None)
        if thing is not None:
            _draw_thing(cell, context, owner, job, thing, f"thing {place}")
        else:
            guarded_row(cell, context, owner, f"thing {place}", None).label(text="")


def _draw_thing(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, job: Job, index: int, place: str) -> None:
    target = job.targets[index]
    layout.progress(factor=target.progress(job.stages), text=target.name)
    button = guarded_row(layout, context, owner, place, (job.id, index)).operator("img23d.cancel_target", text="", icon="X")
    button.job, button.index = job.id, index


def _looks(context: bpy.types.Context, owner: Extension) -> list[tuple[str, str, str, bool]]:
    """Nothing to begin with while a job runs, or where nothing of the newest run is in the scene."""
    view = context.space_data
    if view is None or view.type != "VIEW_3D":
        return []
    job = newest_listed(owner)
    is_made = job is not None and not job.is_past and job.is_over and _is_there(job, owner)
    is_seen = is_seen_as_photo(context.screen, context.area)
    is_offered = is_seen or (is_made and job.arranged is not None and context.scene.img23d.layout == "PHOTO")
    looks = [(*_PHOTO, is_seen)] if is_offered else []
    if is_made and view.shading.type == "SOLID":
        has_splats = any(target.splats for target in job.targets)
        if has_splats or _hides_texture(job, view.shading.color_type):
            looks.append((*(_SPLATS if has_splats else _TEXTURES), False))
    return looks


def _is_there(job: Job, owner: Extension) -> bool:
    """Something of it is in the scene: of a re-texture, the picture on its mesh."""
    return bool(job.texture) and not job.error if job.is_retexture else Standing.IN_SCENE in owner.standings.values()


def _hides_texture(job: Job, colours: str) -> bool:
    """Solid shading shows every picture by the mesh's active UV map, which stays the artist's beside a new one."""
    return bool(job.is_retexture and job.uv) or (colours != "TEXTURE" and any(target.textured for target in job.targets))
