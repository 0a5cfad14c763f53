"""The runs of this session and of earlier ones."""

from __future__ import annotations

import time
from datetime import date
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_iface as _

from ...app.jobs.result_rows import run_title
from ...app.owner import Extension, extension_or_none, shown_job
from ...core.states import JobState
from ..widgets.steady_rows import Said, draw_slot

if TYPE_CHECKING:
    from ...core.jobs import Job
    from ...properties.window import Img23DRunRow

_LINES = 4  # of what is said of the chosen one
_ICONS = {JobState.DONE: "CHECKMARK", JobState.CANCELLED: "X", JobState.FAILED: "ERROR"}


def draw_item(context: bpy.types.Context, layout: bpy.types.UILayout, item: Img23DRunRow) -> None:
    owner = extension_or_none()
    job = owner.job(item.job) if owner is not None else None
    if job is None:
        return
    split = layout.split(factor=0.55, align=True)
    _draw_name(split, owner, job)
    row = split.row(align=True)
    row.label(text=when(job.started, time.time()), translate=False)
    row.label(text="", icon=_ICONS[job.state])


def _draw_name(layout: bpy.types.UILayout, owner: Extension, job: Job) -> None:
    text = run_title(job)
    thumbnail = owner.thumbnails.icon(owner.history.picture(job))
    if thumbnail:
        layout.label(text=text, icon_value=thumbnail, translate=False)
    else:
        layout.label(text=text, icon="TEXTURE" if job.is_retexture else "MESH_DATA", translate=False)


def when(started: float, now: float) -> str:
    """`Today 14:05`, `Yesterday 09:12`, `2026-03-12`, as short as the sidebar is narrow; wall times in seconds since 1970."""
    clock = time.strftime("%H:%M", time.localtime(started))
    days = (date.fromtimestamp(now) - date.fromtimestamp(started)).days
    if days == 0:
        return _("Today {time}").format(time=clock)
    if days == 1:
        return _("Yesterday {time}").format(time=clock)
    return date.fromtimestamp(started).isoformat()


def draw_header(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    """Drawn also where the panel is closed, and the Results above it show the newest run of an earlier session."""
    owner = extension_or_none()
    if owner is not None:
        owner.history.want()


def draw(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    owner, column = extension_or_none(), panel.layout.column()
    runs = owner.history.runs if owner is not None else []
    if owner is None or not runs:
        is_loading = owner is not None and owner.history.is_loading
        column.label(text="Looking for runs..." if is_loading else "There is no run yet.")
        return
    state = context.window_manager.img23d
    column.template_list("IMG23D_UL_runs", "", state, "runs", state, "active_run", item_dyntip_propname="tip", rows=6, maxrows=6, sort_lock=True)
    job = shown_job(owner, context)
    if job in runs:
        _draw_buttons(column, context, job)


def _draw_buttons(layout: bpy.types.UILayout, context: bpy.types.Context, job: Job) -> None:
    """Below the name as a whole, which the list's tooltips have as well."""
    said = [Said(text=run_title(job), icon="IMAGE_DATA"), Said(text="Its results are listed under Results.", icon="INFO")]
    draw_slot(layout, context, said, lines=_LINES)
    buttons = layout.column(align=True)
    _button(buttons, "img23d.reuse_run", "Use Photo, Names and Settings", "LOOP_BACK", job)
    if job.is_generation:
        _button(buttons, "img23d.import_run", "Import All", "IMPORT", job)
    row = layout.row(align=True)
    row.operator("img23d.open_run_folder", text="Open Folder", icon="FILE_FOLDER")
    _button(row, "img23d.delete_run", "Delete...", "TRASH", job)


def _button(layout: bpy.types.UILayout, operator: str, text: str, icon: str, job: Job) -> None:
    layout.operator(operator, text=text, icon=icon).job = job.id
