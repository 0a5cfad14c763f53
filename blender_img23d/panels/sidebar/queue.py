"""The queued jobs, and those that failed."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_iface as _

from ...app.owner import Extension, extension_or_none
from ..widgets.steady_rows import Said, draw_slot, guarded_row

if TYPE_CHECKING:  # Blender's start waits for what panels import
    from collections.abc import Hashable

    from ...core.queue.queue import Queue, Setback
    from ...core.queue.queued_jobs import QueuedJob
    from ...scene.file.file_state import FileState

_ROWS = 6  # at once
_LINES, _SAID = 2, 2  # of a row, and of what there is to say of all of them
_ICONS = {"generate": "MESH_MONKEY", "again": "FILE_REFRESH", "retexture": "TEXTURE", "split": "MOD_EXPLODE"}  # by the values of queued_jobs.Kind
_BUTTONS = 70  # pixels at scale 1 that the buttons of a row take


def is_shown(context: bpy.types.Context) -> bool:
    owner = extension_or_none()
    queue = owner.applier.queue if owner is not None else None
    return queue is not None and bool(queue.slots or queue.setbacks or queue.trouble)


def draw(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    owner = extension_or_none()
    if owner is None:
        return
    queue, column = owner.applier.queue, panel.layout.column()
    draw_slot(column, context, _said(queue), lines=_SAID)
    rows = _rows(queue)
    for number in range(rows):
        _draw_row(column, context, owner, queue, number)
    more = len(queue.waiting) + len(queue.setbacks) - rows
    column.label(text=_("{count} more").format(count=more) if more > 0 else "", translate=False)
    buttons = column.row(align=True)
    buttons.operator("img23d.queue_go_on", text="Go On", icon="PLAY")
    buttons.operator("img23d.queue_clear", text="Remove All", icon="X")


def draw_last(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension) -> None:
    """For the tab's top: how many wait, and an X for the one that was asked for last."""
    waiting = owner.applier.queue.waiting
    row = layout.row(align=True)
    row.label(text=_("{count} waiting").format(count=len(waiting)) if waiting else "", translate=False)
    last = waiting[-1].id if waiting else None
    place = guarded_row(row, context, owner, "last waiting", last)
    if last is not None:
        place.operator("img23d.queue_remove", text="", icon="X").job = last


def _said(queue: Queue) -> list[Said]:
    if queue.hold or queue.trouble:
        return [Said(text=text, icon=icon) for text, icon in ((queue.hold, "PAUSE"), (queue.trouble, "ERROR")) if text]
    count = len(queue.waiting)
    return [Said(text=_("Waiting ({count})").format(count=count) if count else _("Nothing waits any more"), icon="SORTTIME")]


def _rows(queue: Queue) -> int:
    """As many as ever waited in this list, and one for what ran then and may fail."""
    return min(max(queue.slots + 1 if queue.slots else 0, len(queue.waiting) + len(queue.setbacks)), _ROWS)


def _draw_row(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, queue: Queue, number: int) -> None:
    """Those that wait, then what could not be made, in the order in which it was tried."""
    later = number - len(queue.waiting)
    setback = queue.setbacks[later] if 0 <= later < len(queue.setbacks) else None
    row = layout.row(align=True)
    if later < 0:
        _draw_job(row, context, owner, queue, number)
    elif setback is not None:
        _draw_setback(row, context, owner, setback, number)
    else:
        draw_slot(row, context, (), lines=_LINES)
        _live(row, context, owner, number, None)


def _live(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, number: int, shown: Hashable) -> bpy.types.UILayout:
    return guarded_row(layout, context, owner, f"waiting {number}", shown)


def _draw_job(row: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, queue: Queue, index: int) -> None:
    """Two lines: what is to be made, and of what."""
    job = queue.waiting[index]
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
    buttons = _live(row, context, owner, index, job.id)
    _draw_buttons(buttons, job, is_first=index == 0, is_last=index == len(queue.waiting) - 1)


def _draw_buttons(layout: bpy.types.UILayout, job: QueuedJob, *, is_first: bool, is_last: bool) -> None:
    """All three in every row, so that none takes another's place."""
    for step, icon, is_end in ((-1, "TRIA_UP", is_first), (1, "TRIA_DOWN", is_last)):
        cell = layout.row(align=True)
        cell.enabled = not is_end
        button = cell.operator("img23d.queue_move", text="", icon=icon)
        button.job, button.step = job.id, step
    layout.operator("img23d.queue_remove", text="", icon="X").job = job.id


def _draw_setback(row: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, setback: Setback, number: int) -> None:
    """As high as a job."""
    text = f"{title_of(setback.job)}: {_(setback.sentence)}"
    draw_slot(row, context, [Said(text=text, icon="ERROR")], lines=_LINES, taken=_BUTTONS)
    buttons = _live(row, context, owner, number, ("set back", setback.job.id))
    buttons.operator("img23d.queue_try_again", text="", icon="FILE_REFRESH").job = setback.job.id
    buttons.operator("img23d.queue_dismiss", text="", icon="X").job = setback.job.id


def title_of(job: QueuedJob) -> str:
    """What is to be made: the things by their names, or the meshes."""
    if not job.names:
        names = ", ".join(PurePath(picture.path).name for picture in job.pictures[:1])
        return _("{photo}: the whole picture").format(photo=names) if names else _("The whole picture")
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
