"""What an operator returns for a job: at once with a window, at its end in background mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_rpt as _

from ..core.states import JobState
from ..shared.img23d_protocol import Img23DError
from .jobs.result_rows import show_job, sync_rows

if TYPE_CHECKING:
    from ..core.jobs import Job, JobTarget
    from ..core.queue.queued_jobs import QueuedJob
    from .owner import Extension


def press(operator: bpy.types.Operator, context: bpy.types.Context, owner: Extension, job: QueuedJob) -> set[str]:
    """What the operator returns: the job begins now, or waits where another one runs."""
    queue = owner.applier.queue
    try:
        run = owner.applier.runner.press(job)
    except Img23DError as error:
        return owner.refuse(operator, error)
    if run is not None:
        return follow_retexture(operator, owner) if run.is_retexture else follow(operator, context, owner, run)
    owner.refusal = ""
    owner.in_use.is_due = owner.pump.is_stale = True
    owner.pump.wake()
    if job in queue.waiting:
        operator.report({"INFO"}, _("It begins when its turn comes: {count} waiting.").format(count=len(queue.waiting)))
    return {"FINISHED"}


def follow(operator: bpy.types.Operator, context: bpy.types.Context, owner: Extension, job: Job) -> set[str]:
    """Show the job's list and let the pump do the rest; in background mode wait and report how it ended."""
    owner.refusal = ""
    owner.in_use.is_due = True
    if not job.is_pick:  # what is used for a photo is meant for it
        context.scene.img23d.named_photo = context.scene.img23d.photo
    if job.is_generation or job.is_retexture:
        show_job(context.window_manager, job)
        sync_rows(context.window_manager, job)
    if not must_wait():
        owner.pump.wake()
        return {"FINISHED"}
    owner.pump.run_to_end(job)
    return _report(operator, owner, job)


def follow_setup(operator: bpy.types.Operator, owner: Extension) -> set[str]:
    """Let the pump do the rest; in background mode wait and report how it ended."""
    owner.refusal = ""
    if not must_wait():
        owner.pump.wake()
        return {"FINISHED"}
    owner.pump.run_setup_to_end()
    job = owner.setup.job
    if owner.setup.failure:
        operator.report({"ERROR"}, f"{owner.setup.failure} {owner.setup.action}".rstrip())
    return {"FINISHED"} if job is not None and job.state is JobState.DONE else {"CANCELLED"}


def follow_remeshing(operator: bpy.types.Operator, owner: Extension, told: list[str]) -> set[str]:
    """As `follow`; `told` are the sentences about meshes that stay as they are, as they come."""
    owner.refusal = ""
    if not must_wait():
        owner.pump.wake()
        return {"FINISHED"}
    owner.pump.run_until_idle()
    for sentence in told:
        operator.report({"WARNING"}, sentence)
    if owner.applier.remesher.done:
        operator.report({"INFO"}, owner.applier.remesher.done)
    return {"FINISHED"}


def follow_retexture(operator: bpy.types.Operator, owner: Extension) -> set[str]:
    """As `follow`, for all the meshes of a press."""
    owner.refusal = ""
    owner.in_use.is_due = True
    if not must_wait():
        owner.pump.wake()
        return {"FINISHED"}
    steps = owner.applier.queue.steps
    owner.pump.run_to_end(owner.session.jobs[0])
    failures = [f"“{step.name}”: {step.sentence}" if len(steps) > 1 else step.sentence for step in steps if step.sentence]
    failures += [owner.applier.waiting] if owner.applier.waiting else []
    if any(step.is_dropped for step in steps):
        failures.append("The job was cancelled.")
    is_error = not any(step.is_done for step in steps)
    for sentence in failures:
        operator.report({"ERROR"} if is_error else {"WARNING"}, sentence)
    return {"CANCELLED"} if is_error else {"FINISHED"}


def follow_cut(operator: bpy.types.Operator, owner: Extension, job: Job | None) -> set[str]:
    """As `follow`, for a cut: done already, or when the job has made the lids."""
    owner.refusal = ""
    owner.pump.is_stale = True
    owner.pump.wake()
    if job is None or not must_wait():
        return {"FINISHED"}
    owner.pump.run_to_end(job)
    failure = job.error or owner.applier.failures.get((job.id, 0), "") or owner.applier.waiting
    if failure:
        operator.report({"ERROR"}, failure)
    return {"CANCELLED"} if failure else {"FINISHED"}


def _was_found(job: Job, target: JobTarget) -> bool:
    return job.is_search and target.box is not None


def must_wait() -> bool:
    """No timer fires in background mode, and a script expects the result when the operator returns."""
    return bpy.app.background


def _report(operator: bpy.types.Operator, owner: Extension, job: Job) -> set[str]:
    failures = [target.error for target in job.targets if target.error]
    failures += [sentence for (job_id, _target), sentence in owner.applier.failures.items() if job_id == job.id]
    has_result = (
        job.regions is not None
        or job.division is not None
        or (job.is_edit and bool(job.edited))
        or any(target.main is not None or _was_found(job, target) for target in job.targets)
    )
    if job.error:
        failures.insert(0, job.error)
    if owner.applier.waiting:
        failures.append(owner.applier.waiting)
    if job.state is JobState.CANCELLED:
        failures.append("The job was cancelled.")
    is_error = job.state is not JobState.DONE or not has_result
    for sentence in dict.fromkeys(failures):
        operator.report({"ERROR"} if is_error else {"WARNING"}, sentence)
    return {"CANCELLED"} if is_error else {"FINISHED"}
