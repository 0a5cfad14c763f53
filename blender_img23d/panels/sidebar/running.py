"""While a job runs: how far it is, what it does, how long it still takes, and how to stop it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_iface as _

from ...app.durations import about
from ...app.owner import Extension
from ...core.states import SessionState
from ...core.tally import tally
from ..widgets.steady_rows import Said, draw_gap, draw_slot, guarded_row
from ..widgets.text import LINE
from .queue import draw_last

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...core.jobs import Job

# By the values of messages.Stage
_STAGES = {"edit": "Cleaning", "locate": "Searching", "matte": "Cutting out", "shape": "Shaping", "split": "Splitting", "paint": "Painting"}
_NUMBERED = {
    "edit": "Cleaning {number} of {count}",
    "matte": "Cutting out {number} of {count}",
    "shape": "Shaping {number} of {count}",
    "split": "Splitting {number} of {count}",
    "paint": "Painting {number} of {count}",
}
_LINES = 3


def draw_running(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, said: Sequence[Said] = ()) -> None:
    """As high as what stands in its place before and after the job; each thing has its own bar under Results."""
    job = owner.session.active
    if job is None:
        return
    draw_gap(layout, 3.0 - _LINES * LINE)  # together as high as the five lines before the job, in `status`
    draw_slot(layout, context, [*_unanswered(owner), *said, *_steps(owner, job)], lines=_LINES)
    layout.progress(factor=owner.running.left.percent / 100, text=progress_text(owner, job))
    place = guarded_row(layout, context, owner, "status", ("cancel", job.id, owner.session.unanswered > 0)).split(factor=0.5, align=True)
    several = job.is_generation and len(job.unfinished) > 1
    text = "Cancel All" if several else "Cancel"
    text = "Cancel This Run" if owner.applier.queue.waiting else text  # what waits goes on
    place.operator("img23d.cancel", text=text, icon="CANCEL")
    if owner.session.unanswered:
        place.operator("img23d.end_backend", text="End the Backend")
    else:
        draw_last(place, context, owner)


def progress_text(owner: Extension, job: Job) -> str:
    """`45%, about 20 s left`."""
    if owner.session.state is SessionState.STARTING:
        return _("Starting...")
    if owner.session.state is SessionState.CANCELLING:
        return _("Waiting for the job before to stop...")
    percent, told = owner.running.left.percent, owner.running.left.told
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


def _bare_stage_text(owner: Extension) -> str:
    """`Shaping`, as the backend notes it; empty before anything is known."""
    return _STAGES[owner.running.now.stage] if owner.running.now is not None else ""


def _unanswered(owner: Extension) -> list[Said]:
    """Nothing while the backend answers. A model's library may make it wait, so that nothing worse is said of it."""
    if not owner.session.unanswered:
        return []
    text = _("The backend has not answered for {seconds} s. It may be busy: wait for it, or end it and press Generate again.")
    return [Said(text=text.format(seconds=owner.session.unanswered), icon="ERROR")]


def _steps(owner: Extension, job: Job) -> list[Said]:
    """The stage, how many are made so far, and what is being done."""
    stage = stage_text(owner)
    lines = [stage, tally_text(job), owner.applier.retexturer.progress]
    lines += [job.note] if job.note not in (stage, _bare_stage_text(owner)) else []
    return [Said(text=line) for line in lines if line]


def tally_text(job: Job) -> str:
    """`3 made, 26 failed, of 30`; empty while there is nothing to count."""
    count = tally(job)
    if count.count < 2 or not (count.made or count.failed):
        return ""
    if count.failed:
        return _("{made} made, {failed} failed, of {count}").format(made=count.made, failed=count.failed, count=count.count)
    return _("{made} of {count} made").format(made=count.made, count=count.count)
