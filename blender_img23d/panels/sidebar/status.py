"""The status below Generate: what to expect, what is wrong, or how far the running job is.

What is said stands at its bottom, beside the button that helps: Generate's tooltip covers the top.

It is always as high, so that a message replaces a message and nothing below it moves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_iface as _

from ...app.owner import Extension
from ...core.tally import is_about, tally
from ...properties import Img23DSceneSettings
from ...scene.file.folders import absolute
from ...shared.img23d_protocol import ErrorCode
from ...shared.img23d_protocol.options.settings import BUILT_IN
from ..widgets.fixes import draw_fix
from ..widgets.steady_rows import Said, draw_slot, guarded_row
from .forecast import fix_before, said_before
from .queue import draw_last
from .running import draw_running

if TYPE_CHECKING:
    from ...core.jobs import Job

_LINES = 5


def draw_status(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, values: Img23DSceneSettings) -> None:
    owner.forecaster.want()
    column = layout.column(align=True)
    if owner.session.active is not None:
        draw_running(column, context, owner, messages(owner, values))
        return
    lack = _engine_lack(owner, values)
    said = [*messages(owner, values), *lack, *said_before(owner, values)]
    draw_slot(column, context, said or [_next_step(values)], lines=_LINES, at_bottom=True)
    _draw_button(column, context, owner, values, has_lack=bool(lack))


def _draw_button(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, values: Img23DSceneSettings, *, has_lack: bool) -> None:
    """The one that helps, or its empty place; beside it what waits while nothing runs."""
    fix = fix_before(owner, values)
    downloads = has_lack and fix is None and owner.models.view.lacks_painter and not owner.setup.is_running
    line = layout.split(factor=0.5, align=True) if owner.applier.queue.waiting else layout
    row = guarded_row(line, context, owner, "status", "painter" if downloads else fix)
    if downloads:
        row.operator("img23d.setup", text="Download the Painter", icon="IMPORT").engine = values.engine
    elif fix is not None:
        draw_fix(row, fix)
    else:
        row.label(text="")
    if owner.applier.queue.waiting:
        draw_last(line, context, owner)


def _next_step(values: Img23DSceneSettings) -> Said:
    """Where there is nothing else to say."""
    if not values.photo:
        return Said(text="Choose a photo, name what you want of it, and press Generate.", icon="INFO")
    return Said(text="Generate makes textured objects of it. Find shows first what they will be.", icon="INFO")


def _engine_lack(owner: Extension, values: Img23DSceneSettings) -> list[Said]:
    """Before there is a photo to make a forecast for, which then says it."""
    if values.photo or values.engine == BUILT_IN.id:
        return []
    chosen = next((engine for engine in owner.session.engines if engine.id == values.engine), None)
    if chosen is not None and not chosen.ready:
        return [Said(text=chosen.note, icon="ERROR")]
    if values.texture and owner.models.view.lacks_painter:
        return [Said(text="The painter is not downloaded: until it is, the photo is projected.", icon="INFO")]
    return []


def messages(owner: Extension, values: Img23DSceneSettings) -> list[Said]:
    """What the artist must know now, the most urgent first; nothing about a photo that is no longer the chosen one."""
    said = [Said(text=owner.refusal, icon="ERROR")] if owner.refusal else []
    if owner.applier.waiting:
        said.append(Said(text=owner.applier.waiting, icon="PAUSE"))
    newest = owner.session.jobs[0] if owner.session.jobs else None
    is_beside = newest is not None and newest.is_pick and newest.code == ErrorCode.NO_REGION  # it is said beside the photo
    is_beside |= newest is not None and any(setback.run == newest.id for setback in owner.applier.queue.setbacks)  # or with the queue
    if newest is not None and newest.error and not is_beside and is_at_top(owner, newest, values):
        said.append(Said(text=f"{_(newest.error)} {_(newest.action)}".rstrip(), icon="ERROR"))
    said += _failed(owner, newest, values)
    return [*said, Said(text=owner.session.notice, icon="INFO")] if owner.session.notice else said


def _failed(owner: Extension, newest: Job | None, values: Img23DSceneSettings) -> list[Said]:
    """Of a run that is over: its list may be far below."""
    if newest is None or newest.error or not newest.is_over or not newest.is_generation or not is_at_top(owner, newest, values):
        return []
    count = tally(newest)
    text = _("{failed} of {count} could not be made: Results below says why.")
    return [Said(text=text.format(failed=count.failed, count=count.count), icon="ERROR")] if count.failed else []


def is_at_top(owner: Extension, job: Job, values: Img23DSceneSettings) -> bool:
    """Whether this job's error is said here, since the list below may be closed."""
    return bool(owner.session.jobs) and job is owner.session.jobs[0] and not job.is_past and is_about(job, absolute(values.photo))
