"""What waits for its turn, and what could not be made of it."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_iface as _

from ..scene.file_state import FileState
from ..scene.owner import Extension
from .slots import live
from .text import draw_sentence

if TYPE_CHECKING:  # Blender's start waits for what panels import
    from ..core.queue import Queue, Setback
    from ..core.queued_jobs import QueuedJob

_ROWS = 6  # at once
_ICONS = {"generate": "MESH_MONKEY", "again": "FILE_REFRESH", "retexture": "TEXTURE"}  # by the values of queued_jobs.Kind
_BUTTONS = 70  # pixels at scale 1 that the buttons of a row take


def draw_queue(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension) -> None:
    """Nothing where nothing waits."""
    queue = owner.applier.queue
    if queue.slots:
        _draw_waiting(layout.box().column(), context, owner, queue)


def draw_setbacks(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension) -> None:
    """What could not be made of it, in the order in which it was tried."""
    queue = owner.applier.queue
    if queue.trouble:
        draw_sentence(layout, context, queue.trouble, icon="ERROR")
    for number, setback in enumerate(queue.setbacks):
        _draw_setback(layout, context, owner, setback, number)


def _draw_waiting(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, queue: Queue) -> None:
    """As high as the list was when the artist last did something with it, although it grows shorter by itself."""
    count = len(queue.waiting)
    row = layout.row()
    text = _("Waiting ({count})").format(count=count) if count else _("Nothing waits any more")
    row.label(text=text, icon="SORTTIME", translate=False)
    row.operator("img23d.queue_clear", text="Remove All" if count else "", icon="X")
    for index in range(min(queue.slots, _ROWS)):
        if index < count:
            _draw_job(layout, owner, queue, index)
        else:
            _draw_empty(layout)
    if queue.slots > _ROWS:
        more = count - _ROWS
        layout.label(text=_("{count} more").format(count=more) if more > 0 else "", translate=False)
    if queue.hold:
        draw_sentence(layout, context, queue.hold, icon="PAUSE", in_box=True)
        layout.operator("img23d.queue_go_on", text="Go On", icon="PLAY")


def _draw_empty(layout: bpy.types.UILayout) -> None:
    """As high as a job."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    column.label(text="")
    column.label(text="")


def _draw_job(layout: bpy.types.UILayout, owner: Extension, queue: Queue, index: int) -> None:
    """Two lines: what is to be made, and of what."""
    job = queue.waiting[index]
    row = layout.row(align=True)
    text = row.column(align=True)
    text.scale_y = 0.8
    icon = owner.thumbnails.icon(job.pictures[0].path) if job.pictures else 0
    if icon:
        text.label(text=title_of(job), icon_value=icon, translate=False)
    else:
        text.label(text=title_of(job), icon=_ICONS[job.kind], translate=False)
    below = text.row()
    below.active = False
    below.label(text=origin_of(job, owner.applier.files), icon="BLANK1", translate=False)
    _draw_buttons(row.row(align=True), job, is_first=index == 0, is_last=index == len(queue.waiting) - 1)


def _draw_buttons(layout: bpy.types.UILayout, job: QueuedJob, *, is_first: bool, is_last: bool) -> None:
    """All three in every row, so that none takes another's place."""
    for step, icon, is_end in ((-1, "TRIA_UP", is_first), (1, "TRIA_DOWN", is_last)):
        cell = layout.row(align=True)
        cell.enabled = not is_end
        button = cell.operator("img23d.queue_move", text="", icon=icon)
        button.job, button.step = job.id, step
    layout.operator("img23d.queue_remove", text="", icon="X").job = job.id


def _draw_setback(
    layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, setback: Setback, number: int
) -> None:
    row = layout.row(align=True)
    text = f"{title_of(setback.job)}: {_(setback.sentence)}"
    draw_sentence(row.column(), context, text, icon="ERROR", taken=_BUTTONS)
    buttons = live(row, context, owner, f"setback {number}", setback.job.id)
    buttons.operator("img23d.queue_try_again", text="", icon="FILE_REFRESH").job = setback.job.id
    buttons.operator("img23d.queue_dismiss", text="", icon="X").job = setback.job.id


def title_of(job: QueuedJob) -> str:
    """What is to be made: the things by their names, or the meshes."""
    if not job.names:
        return _("The whole picture")
    if job.kind == "retexture":
        text = _("Re-texture {name}") if len(job.names) == 1 else _("Re-texture {count} Meshes")
        return text.format(name=job.names[0], count=len(job.names))
    names = ", ".join(job.names)
    return _("{name} again").format(name=names) if job.kind == "again" else names


def origin_of(job: QueuedJob, files: FileState) -> str:
    """The picture, and the file of Blender that it was asked for in where that is not the one that is open."""
    names, where = ", ".join(PurePath(picture.path).name for picture in job.pictures), job.where
    if where.file_key == files.key or (where.file and where.file == bpy.data.filepath):
        return names
    if not where.file:
        return _("{photo}, in a file that is not open").format(photo=names)
    return _("{photo}, in {file}").format(photo=names, file=PurePath(where.file).name)
