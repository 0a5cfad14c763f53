"""While a job runs: how far it is, how long it still takes, what it looks like, and each thing with its own bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_iface as _

from ..core.states import SessionState
from ..properties import Img23DSceneSettings
from ..scene.durations import about
from ..scene.owner import Extension
from .text import draw_sentence

if TYPE_CHECKING:
    from ..core.jobs import Job, TargetState

# By the values of messages.Stage
_STAGES = {"locate": "Searching", "matte": "Cutting out", "shape": "Shaping", "paint": "Painting"}
_NUMBERED = {
    "matte": "Cutting out {number} of {count}",
    "shape": "Shaping {number} of {count}",
    "paint": "Painting {number} of {count}",
}
_ROWS = 6  # at once; with two hundred things the ones that are worked on


def draw_running(
    layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, values: Img23DSceneSettings
) -> None:
    """Nothing where no job is there."""
    job = owner.session.active
    if job is None:
        return
    layout.progress(factor=owner.running.left.fraction, text=progress_text(owner, job))
    layout.label(text=stage_text(owner), translate=False)
    left = len(job.unfinished)
    if job.is_generation:  # a search lists its things below
        _draw_targets(layout, owner, job, left)
    text = "Cancel All" if job.is_generation and left > 1 else "Cancel"
    text = "Cancel This Run" if owner.applier.queue.waiting else text  # what waits goes on
    layout.operator("img23d.cancel", text=text, icon="CANCEL")
    _draw_unanswered(layout, context, owner)
    _draw_step(layout, context, owner, job)  # below the buttons, which must not move under the mouse
    _draw_picture(layout, owner)


def progress_text(owner: Extension, job: Job) -> str:
    """`45%, about 20 s left`."""
    if owner.session.state is SessionState.STARTING:
        return _("Starting...")
    if owner.session.state is SessionState.CANCELLING:
        return _("Waiting for the job before to stop...")
    percent, told = round(owner.running.left.fraction * 100), owner.running.left.told
    if told is None:
        return _("{percent}%, estimating...").format(percent=percent)
    return _("{percent}%, {time} left").format(percent=percent, time=about(told))


def stage_text(owner: Extension) -> str:
    """`Shaping 2 of 5`; empty before anything is known."""
    now = owner.running.now
    if now is None:
        return ""
    if now.count < 2:
        return _(_STAGES[now.stage])
    return _(_NUMBERED[now.stage]).format(number=now.number, count=now.count)


def _draw_unanswered(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension) -> None:
    """Nothing while the backend answers. A model's library may make it wait, so that nothing worse is said of it."""
    seconds = owner.session.unanswered
    if seconds:
        text = _("The backend has not answered for {seconds} s. It may be busy: wait for it, or end it and press Generate again.")
        draw_sentence(layout, context, text.format(seconds=seconds), icon="ERROR")
        layout.operator("img23d.end_backend", text="End the Backend", icon="QUIT")


def _draw_step(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, job: Job) -> None:
    if owner.applier.retexturer.progress:
        draw_sentence(layout, context, owner.applier.retexturer.progress)
    if job.note and job.note != stage_text(owner):
        row = layout.row()
        row.active = False
        draw_sentence(row, context, job.note)


def _draw_picture(layout: bpy.types.UILayout, owner: Extension) -> None:
    icon = owner.thumbnails.icon(owner.running.picture)
    if icon:
        layout.template_icon(icon_value=icon, scale=6.0)


def _draw_targets(layout: bpy.types.UILayout, owner: Extension, job: Job, left: int) -> None:
    column = layout.column(align=True)
    first = _first_row(job)
    for index in range(first, min(first + _ROWS, len(job.targets))):
        _draw_target(column.row(align=True), owner, job, index)
    if len(job.targets) > _ROWS:
        done = len(job.targets) - left
        column.label(text=_("{done} of {count} finished").format(done=done, count=len(job.targets)), translate=False)


def _draw_target(row: bpy.types.UILayout, owner: Extension, job: Job, index: int) -> None:
    target = job.targets[index]
    split = row.split(factor=0.45, align=True)
    icon = owner.thumbnails.icon(target.preview or target.cutout)
    if icon:
        split.label(text=target.name, icon_value=icon, translate=False)
    else:
        split.label(text=target.name, icon="OBJECT_DATA", translate=False)
    state = split.row(align=True)
    if target.error:
        state.label(text="Failed", icon="ERROR")
    elif target.is_cancelled:
        state.label(text="Cancelled", icon="X")
    elif not job.is_unfinished(index):
        state.label(text="Finished", icon="CHECKMARK")
    else:
        state.progress(factor=target.progress, text=_(_doing(target)))
        if job.is_generation:
            button = state.operator("img23d.cancel_target", text="", icon="X")
            button.job, button.index = job.id, index


def _doing(target: TargetState) -> str:
    """Stages go over all targets in turn, so one that has finished a stage waits for the others."""
    return "Waiting" if _is_between(target) else _STAGES[target.stage]


def _is_between(target: TargetState) -> bool:
    return target.stage is None or target.fraction >= 1.0


def _first_row(job: Job) -> int:
    """One above the first that is being worked on, as far as there are rows to fill."""
    busy = next((index for index, target in enumerate(job.targets) if not _is_between(target) and not target.is_cancelled), 0)
    return max(min(busy - 1, len(job.targets) - _ROWS), 0)
