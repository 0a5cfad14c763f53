"""The result list: one line a target, and below it what there is to know about the chosen one."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_iface as _

from ...app.owner import Extension, extension_or_none, has_listed, listed_jobs, shown_job
from ...core.states import JobState
from ...core.tally import tally
from ...properties import Img23DResultRow, Img23DSceneSettings
from ...scene.placement.result_status import IMPORTABLE, Standing
from ..sidebar.status import is_at_top
from ..widgets.steady_rows import Said, draw_gap, draw_slot, guarded_row

if TYPE_CHECKING:
    from ...core.jobs import Job, JobTarget

_ENDED = {
    JobState.DONE: ("CHECKMARK", "Finished"),
    JobState.CANCELLED: ("X", "Cancelled"),
    JobState.FAILED: ("ERROR", "Failed"),
}
_RUNNING = ("TIME", "Being made")
_INTERRUPTED = ("X", "Interrupted")
_ROWS, _ORIGIN, _NOTES, _DETAILS = 5, 2, 3, 5  # lines that are always there
_PICTURE = 5.0  # height in buttons
_STAGES = {"edit": "Cleaning", "locate": "Searching", "matte": "Cutting out", "shape": "Shaping", "split": "Splitting", "paint": "Painting"}


def draw_item(context: bpy.types.Context, layout: bpy.types.UILayout, item: Img23DResultRow) -> None:
    owner = extension_or_none()
    job = shown_job(owner, context) if owner else None
    target = job.target(item.index) if job else None
    if target is None:
        return
    row = layout.row(align=True)
    is_wide = job.is_unfinished(item.index)  # a bar needs room, what is finished gives it to the name
    split = row.split(factor=0.55, align=True) if is_wide else row.row(align=True)
    thumbnail = owner.thumbnails.icon(target.preview or target.cutout)
    if thumbnail:
        split.label(text=target.name, icon_value=thumbnail, translate=False)
    else:
        split.label(text=target.name, icon="OBJECT_DATA", translate=False)
    state = split.row(align=True)
    if not is_wide:
        state.alignment = "RIGHT"
    _draw_state(state, context, owner, job, target, item.index)


def _draw_state(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, job: Job, target: JobTarget, index: int) -> None:
    """The X of one that is made, and what takes its place, cannot be pressed before they could be seen."""
    state = _state(owner, job, target, index)
    if state == "bar":
        layout.progress(factor=target.progress(job.stages), text=_doing(target))
    buttons = guarded_row(layout, context, owner, f"result {index}", (job.id, state))
    match state:
        case "bar":
            _result_button(buttons, "img23d.cancel_target", "", "X", job, index)
        case "failed":
            layout.label(text="Failed", icon="ERROR")
        case "stopped":
            layout.label(text="Stopped", icon="X")
        case Standing():
            _draw_result_buttons(buttons, layout, job, state, index)
        case _:
            layout.label(text=_ENDED[job.state][1] if job.is_over else "Finished")


def _state(owner: Extension, job: Job, target: JobTarget, index: int) -> str | Standing:
    if target.error or (job.id, index) in owner.applier.failures:
        return "failed"
    if target.is_cancelled and target.main is None:
        return "stopped"
    if job.is_unfinished(index):
        return "bar"
    standing = owner.standings.get(index, Standing.NOTHING)
    return standing if job.is_generation and (job.is_over or standing is Standing.IN_SCENE) else "over"


def _doing(target: JobTarget) -> str:
    """Stages go over all targets in turn, so one that has finished a stage waits for the others."""
    return _("Waiting") if target.fraction >= 1.0 else _(_STAGES.get(target.stage, "Waiting"))


def _draw_result_buttons(buttons: bpy.types.UILayout, layout: bpy.types.UILayout, job: Job, standing: Standing, index: int) -> None:
    match standing:
        case Standing.NOTHING | Standing.ON_ITS_WAY if job.targets[index].main is not None:
            layout.label(text="Ready", icon="TIME")  # `NOTHING`: the scene was not looked through yet
        case Standing.NOTHING:
            layout.label(text="Not made")
        case Standing.IN_SCENE:
            if job.targets[index].main.is_mesh and job.is_over:
                button = buttons.operator("img23d.make_parts", text="", icon="MOD_EXPLODE")
                button.run, button.index = job.id, index
            _result_button(buttons, "img23d.show_result", "", "RESTRICT_SELECT_OFF", job, index)
        case Standing.READY | Standing.GONE | Standing.PARTLY | Standing.EDITED:
            _result_button(buttons, "img23d.import_result", "Import", "IMPORT", job, index)


def _result_button(layout: bpy.types.UILayout, operator: str, text: str, icon: str, job: Job, index: int) -> None:
    button = layout.operator(operator, text=text, icon=icon)
    button.job, button.index = job.id, index


def is_shown(context: bpy.types.Context) -> bool:
    return has_listed()


def draw(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    owner = extension_or_none()
    job = shown_job(owner, context) if owner else None
    if job is None:
        return
    column = panel.layout.column()
    _draw_heading(column, context, owner, job)
    state = context.window_manager.img23d
    column.template_list("IMG23D_UL_results", "", state, "rows", state, "active_row", rows=_ROWS, maxrows=_ROWS, sort_lock=True)
    _draw_import(column, context, owner, job)
    draw_slot(column, context, _notes(owner, job, context.scene.img23d), lines=_NOTES)
    _draw_details(column, context, owner, job, state.active_row)


def _draw_heading(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, job: Job) -> None:
    jobs = listed_jobs(owner)
    row = guarded_row(layout, context, owner, "browse", len(jobs))  # also for one run, so that another one moves nothing
    older, newer = row.row(align=True), row.row(align=True)
    older.operator("img23d.browse_runs", text="", icon="TRIA_LEFT").step = 1
    newer.alignment = "CENTER"
    newer.label(text=_("Run {number} of {count}").format(number=len(jobs) - jobs.index(job), count=len(jobs)))
    row.operator("img23d.browse_runs", text="", icon="TRIA_RIGHT").step = -1
    origin = _origin(job).format(photo=PurePath(job.picture).name) if job.picture else ""
    draw_slot(layout, context, [Said(text=origin, icon="IMAGE_DATA")] if origin else [], lines=_ORIGIN)
    _draw_end(layout, job)
    if not job.is_generation:
        layout.label(text="")  # a re-texture is as high as a run that makes objects: what is below was just pressed
    else:
        row = layout.row(align=True)
        row.label(text=_("Seed {seed}").format(seed=job.request.seed))
        guarded_row(row, context, owner, "seed", job.id).operator("img23d.use_seed", text="Use Again", icon="LOOP_BACK").seed = job.request.seed


def _draw_import(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, job: Job) -> None:
    if not job.is_generation:
        layout.label(text="")
        return
    row = guarded_row(layout, context, owner, "import run", job.id).row()
    row.enabled = job.is_over and sum(standing in IMPORTABLE for standing in owner.standings.values()) > 1
    row.operator("img23d.import_run", text="Import All", icon="IMPORT").job = job.id


def _origin(job: Job) -> str:
    if job.is_retexture:
        return _("Re-texture with {photo}")
    return _("Search in {photo}") if job.is_search else _("From {photo}")


def _draw_end(layout: bpy.types.UILayout, job: Job) -> None:
    """ "Finished" only where everything is there."""
    count = tally(job)
    icon, text = _INTERRUPTED if job.was_interrupted else _ENDED.get(job.state, _RUNNING)
    if job.state is JobState.DONE and count.has_all:
        text = _("Finished in {seconds:.1f} s").format(seconds=job.seconds)
    elif job.state is JobState.DONE and not job.was_interrupted:
        text = _("{made} of {count} made in {seconds:.1f} s").format(made=count.made, count=count.count, seconds=job.seconds)
        icon = "ERROR" if count.failed else icon
    layout.label(text=text, icon=icon)


def _notes(owner: Extension, job: Job, values: Img23DSceneSettings) -> list[Said]:
    """What there is to know about the run as a whole."""
    said = [Said(text=job.error, icon="ERROR")] if job.error and not is_at_top(owner, job, values) else []
    count = tally(job)
    if job.is_over and count.failed and count.count > 1:
        text = _("{failed} of {count} could not be made: click a line to read why.")
        said.append(Said(text=text.format(failed=count.failed, count=count.count), icon="ERROR"))
    return said + [Said(text=note, icon="INFO") for note in job.notes]


def _draw_details(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, job: Job, index: int) -> None:
    target = job.target(index)  # none before the things of a run are known
    box = layout.box()
    thumbnail = owner.thumbnails.icon(target.preview or target.cutout) if target is not None else 0
    if thumbnail:
        box.template_icon(icon_value=thumbnail, scale=_PICTURE)
    else:
        draw_gap(box, _PICTURE)
    draw_slot(box, context, _about(owner, job, index) if target is not None else (), lines=_DETAILS, in_box=True)


def _about(owner: Extension, job: Job, index: int) -> list[Said]:
    """Name and size, then what went wrong or what there is to know."""
    target = job.targets[index]
    said = [Said(text=", ".join([target.object_name or target.name, *_counts(target)]))]
    error = owner.applier.failures.get((job.id, index), "") or target.error
    if error:
        return [*said, Said(text=error, icon="ERROR")]
    if target.is_cancelled:
        said.append(Said(text="You stopped this one; what was finished before stays.", icon="INFO"))
    standing = owner.standings.get(index, Standing.NOTHING)
    if job.is_over and not owner.applier.is_busy and standing.value.strip():
        said.append(Said(text=standing.value, icon="INFO"))
    said += [Said(text=note, icon="INFO") for note in target.notes]
    if target.note and not job.is_over and target.note not in target.notes:
        said.append(Said(text=target.note, icon="TIME"))
    return said


def _counts(target: JobTarget) -> list[str]:
    counts = ((_("{count} faces"), target.faces), (_("{count} splats"), target.splats))
    return [text.format(count=f"{count:,}") for text, count in counts if count]
