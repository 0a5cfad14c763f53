"""The result list: one line a target, and below it what there is to know about the chosen one."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_iface as _

from ..core.states import JobState
from ..properties import Img23DResultRow
from ..scene.owner import Extension, extension_or_none, listed_jobs, newest_listed, shown_job
from ..scene.standing import Standing
from .help_link import HasHelp
from .text import draw_sentence

if TYPE_CHECKING:
    from ..core.jobs import Job, TargetState

_ENDED = {
    JobState.DONE: ("CHECKMARK", "Finished"),
    JobState.CANCELLED: ("X", "Cancelled"),
    JobState.FAILED: ("ERROR", "Failed"),
}
_INTERRUPTED = ("X", "Interrupted")
_IMPORTABLE = (Standing.READY, Standing.GONE, Standing.EDITED)
_STAGES = {"locate": "Searching", "matte": "Cutting out", "shape": "Shaping", "paint": "Painting"}


class IMG23D_UL_results(bpy.types.UIList):
    bl_idname = "IMG23D_UL_results"

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: bpy.types.AnyType,
        item: Img23DResultRow,
        icon: int,
        active_data: bpy.types.AnyType,
        active_property: str,
        index: int = 0,
        flt_flag: int = 0,
    ) -> None:
        owner = extension_or_none()
        job = shown_job(owner, context) if owner else None
        target = job.target(item.index) if job else None
        if target is None:
            return
        row = layout.row(align=True)
        split = row.split(factor=0.55, align=True)
        thumbnail = owner.thumbnails.icon(target.preview or target.cutout)
        if thumbnail:
            split.label(text=target.name, icon_value=thumbnail, translate=False)
        else:
            split.label(text=target.name, icon="OBJECT_DATA", translate=False)
        _draw_state(split.row(align=True), owner, job, target, item.index)


def _draw_state(layout: bpy.types.UILayout, owner: Extension, job: Job, target: TargetState, index: int) -> None:
    if target.error or (job.id, index) in owner.applier.failures:
        layout.label(text="Failed", icon="ERROR")
    elif target.is_cancelled and not target.mesh:
        layout.label(text="Stopped", icon="X")
    elif job.is_unfinished(index):
        layout.progress(factor=target.progress, text=_doing(target))
        _result_button(layout, "img23d.cancel_target", "", "X", job, index)
    elif job.is_generation and (job.is_over or owner.standings.get(index) is Standing.IN_SCENE):
        _draw_result_buttons(layout, owner, job, index)
    else:
        layout.label(text=_ENDED[job.state][1] if job.is_over else "Finished")


def _doing(target: TargetState) -> str:
    """Stages go over all targets in turn, so one that has finished a stage waits for the others."""
    return _("Waiting") if target.fraction >= 1.0 else _(_STAGES.get(target.stage, "Waiting"))


def _draw_result_buttons(layout: bpy.types.UILayout, owner: Extension, job: Job, index: int) -> None:
    match owner.standings.get(index, Standing.NOTHING):
        case Standing.NOTHING:
            layout.label(text="Not made")
        case Standing.IN_SCENE:
            _result_button(layout, "img23d.show_result", "Show", "RESTRICT_SELECT_OFF", job, index)
        case Standing.READY | Standing.GONE | Standing.EDITED:
            _result_button(layout, "img23d.import_result", "Import", "IMPORT", job, index)


def _result_button(layout: bpy.types.UILayout, operator: str, text: str, icon: str, job: Job, index: int) -> None:
    button = layout.operator(operator, text=text, icon=icon)
    button.job, button.index = job.id, index


class IMG23D_PT_results(HasHelp, bpy.types.Panel):
    bl_idname = "IMG23D_PT_results"
    bl_label = "Results"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Img23D"
    bl_parent_id = "IMG23D_PT_main"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        owner = extension_or_none()
        return owner is not None and newest_listed(owner) is not None

    def draw(self, context: bpy.types.Context) -> None:
        owner = extension_or_none()
        job = shown_job(owner, context) if owner else None
        if job is None:
            return
        column = self.layout.column()
        _draw_heading(column, context, owner, job)
        _draw_job_messages(column, context, job, is_newest=job is owner.session.jobs[0])
        if job.targets:
            state = context.window_manager.img23d
            rows = min(max(len(job.targets), 2), 8)
            column.template_list(
                "IMG23D_UL_results", "", state, "rows", state, "active_row", rows=rows, maxrows=rows, sort_lock=True
            )
            _draw_details(column, context, owner, job, state.active_row)


def _draw_heading(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, job: Job) -> None:
    jobs = listed_jobs(owner)
    if len(jobs) > 1:
        row = layout.row(align=True)
        older, newer = row.row(align=True), row.row(align=True)
        older.operator("img23d.browse_runs", text="", icon="TRIA_LEFT").step = 1
        newer.alignment = "CENTER"
        newer.label(text=_("Run {number} of {count}").format(number=len(jobs) - jobs.index(job), count=len(jobs)))
        row.operator("img23d.browse_runs", text="", icon="TRIA_RIGHT").step = -1
    if job.picture:
        draw_sentence(layout, context, _origin(job).format(photo=PurePath(job.picture).name), icon="IMAGE_DATA")
    if job.is_over:
        _draw_end(layout, job)
    if job.is_generation:
        row = layout.row(align=True)
        row.label(text=_("Seed {seed}").format(seed=job.request.seed))
        row.operator("img23d.use_seed", text="Use Again", icon="LOOP_BACK").seed = job.request.seed
    if job.is_over and sum(standing in _IMPORTABLE for standing in owner.standings.values()) > 1:
        layout.operator("img23d.import_run", text="Import All", icon="IMPORT").job = job.id


def _origin(job: Job) -> str:
    if job.is_retexture:
        return _("Re-texture with {photo}")
    return _("Search in {photo}") if job.is_search else _("From {photo}")


def _draw_end(layout: bpy.types.UILayout, job: Job) -> None:
    icon, text = _INTERRUPTED if job.was_interrupted else _ENDED[job.state]
    if job.state is JobState.DONE:
        text = _("Finished in {seconds:.1f} s").format(seconds=job.seconds)
    layout.label(text=text, icon=icon)


def _draw_job_messages(layout: bpy.types.UILayout, context: bpy.types.Context, job: Job, *, is_newest: bool) -> None:
    for note in job.notes:
        draw_sentence(layout, context, note, icon="INFO")
    if job.error and (job.is_past or not is_newest):  # the newest one's of this session stands at the top of the tab
        draw_sentence(layout, context, job.error, icon="ERROR")
    failed = sum(1 for target in job.targets if target.error) if job.is_over else 0
    if failed and len(job.targets) > 1:
        text = _("{failed} of {count} could not be made: click a line to read why.")
        draw_sentence(layout, context, text.format(failed=failed, count=len(job.targets)), icon="ERROR")


def _draw_details(
    layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, job: Job, index: int
) -> None:
    target = job.target(index)
    if target is None:
        return
    box = layout.box()
    thumbnail = owner.thumbnails.icon(target.preview or target.cutout)
    if thumbnail:
        box.template_icon(icon_value=thumbnail, scale=5.0)
    name = target.object_name or target.name
    text = _("{name}, {faces} faces").format(name=name, faces=f"{target.faces:,}") if target.faces else name
    draw_sentence(box, context, text, in_box=True)
    error = owner.applier.failures.get((job.id, index), "") or target.error
    if error:
        draw_sentence(box, context, error, icon="ERROR", in_box=True)
        return
    if target.is_cancelled:
        draw_sentence(box, context, "You stopped this one; what was finished before stays.", icon="INFO", in_box=True)
    standing = owner.standings.get(index, Standing.NOTHING)
    if job.is_over and not owner.applier.is_busy and standing.value.strip():
        draw_sentence(box, context, standing.value, icon="INFO", in_box=True)
    for note in target.notes:
        draw_sentence(box, context, note, icon="INFO", in_box=True)
    if target.note and not job.is_over and target.note not in target.notes:
        draw_sentence(box, context, target.note, icon="TIME", in_box=True)


CLASSES = (IMG23D_UL_results, IMG23D_PT_results)
