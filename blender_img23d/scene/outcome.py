"""What an operator returns for a job: at once with a window, at its end in background mode."""

from __future__ import annotations

import bpy

from ..core.jobs import Job, JobState
from .owner import Extension
from .result_rows import show_job, sync_rows


def follow(operator: bpy.types.Operator, context: bpy.types.Context, owner: Extension, job: Job) -> set[str]:
    """Show the job's list and let the pump do the rest; in background mode wait and report how it ended."""
    owner.refusal = ""
    show_job(context.window_manager, job)
    sync_rows(context.window_manager, job)
    if not bpy.app.background:
        owner.pump.wake()
        return {"FINISHED"}
    owner.pump.run_to_end(job)
    return _report(operator, owner, job)


def _report(operator: bpy.types.Operator, owner: Extension, job: Job) -> set[str]:
    failures = [target.error for target in job.targets if target.error]
    failures += [sentence for (job_id, _), sentence in owner.applier.failures.items() if job_id == job.id]
    made = sum(1 for target in job.targets if target.mesh) or bool(job.texture)
    if job.error:
        failures.insert(0, job.error)
    if job.state is JobState.CANCELLED:
        failures.append("The job was cancelled.")
    is_error = job.state is not JobState.DONE or not made or bool(job.texture and failures)
    for sentence in dict.fromkeys(failures):
        operator.report({"ERROR"} if is_error else {"WARNING"}, sentence)
    return {"CANCELLED"} if is_error else {"FINISHED"}
