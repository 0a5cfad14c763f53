"""The result list's lines: Blender's list widget wants a collection, so the job's targets are mirrored into one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

if TYPE_CHECKING:
    from ..core.jobs import Job


def show_job(window_manager: bpy.types.WindowManager, job: Job) -> None:
    state = window_manager.img23d
    state.job = job.id
    state.active_row = 0


def sync_rows(window_manager: bpy.types.WindowManager, job: Job | None) -> bool:
    """True when a line was added or taken away."""
    rows = window_manager.img23d.rows
    wanted = len(job.targets) if job is not None else 0
    if len(rows) == wanted:
        return False
    while len(rows) > wanted:
        rows.remove(len(rows) - 1)
    while len(rows) < wanted:
        row = rows.add()
        row.index = len(rows) - 1
    return True


def point_at_failure(window_manager: bpy.types.WindowManager, job: Job) -> None:
    """When a run ends, the first line that failed is the one whose sentence is read below the list."""
    failed = next((index for index, target in enumerate(job.targets) if target.error), None)
    if failed is not None and failed < len(window_manager.img23d.rows):
        window_manager.img23d.active_row = failed
