"""The result list's lines: Blender's list widget wants a collection, so the job's targets are mirrored into one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

import bpy

if TYPE_CHECKING:
    from ...core.jobs import Job


def show_job(window_manager: bpy.types.WindowManager, job: Job) -> None:
    state = window_manager.img23d
    state.job = job.id
    state.active_row = 0


def show_next(window_manager: bpy.types.WindowManager, jobs: Sequence[Job]) -> None:
    """The newest job's list, unless the artist is looking at an older one's."""
    listed = [job for job in jobs if job.is_generation or job.is_retexture]
    if listed and window_manager.img23d.job not in [job.id for job in listed[2:]]:
        show_job(window_manager, listed[0])


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


def sync_runs(window_manager: bpy.types.WindowManager, runs: Sequence[Job], shown: Job | None) -> bool:
    """Mirrors the past runs into their list, the shown one chosen. True when something has changed."""
    state, ids = window_manager.img23d, [job.id for job in runs]
    has_changed = [row.job for row in state.runs] != ids
    if has_changed:
        state.active_run = -1  # for as long as the lines change
        state.runs.clear()
        for job in runs:
            row = state.runs.add()
            row.job, row.tip = job.id, run_title(job)
    chosen = ids.index(shown.id) if shown is not None and shown.id in ids else -1
    if state.active_run != chosen:
        state.active_run, has_changed = chosen, True
    return has_changed


def run_title(job: Job) -> str:
    """`coffee.png`, or `3 × coffee.png` where several things were made."""
    name = PurePath(job.picture).name or PurePath(job.request.run_folder).name
    return f"{len(job.targets)} × {name}" if len(job.targets) > 1 else name


def point_at_failure(window_manager: bpy.types.WindowManager, job: Job) -> None:
    """When a run ends, the first line that failed is the one whose sentence is read below the list."""
    if window_manager.img23d.job not in ("", job.id):
        return
    failed = next((index for index, target in enumerate(job.targets) if target.error), None)
    if failed is not None and failed < len(window_manager.img23d.rows):
        window_manager.img23d.active_row = failed
