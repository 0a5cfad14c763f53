"""The list of jobs that the panel can go back to."""

from __future__ import annotations

from .jobs import Job

JOBS_KEPT = 50


def remember(jobs: list[Job], job: Job, *, instead_of: Job | None = None) -> None:
    """Newest first, at most JOBS_KEPT; in the place of the one that it goes on with, whose notes it keeps."""
    if instead_of in jobs:
        jobs.remove(instead_of)
        job.add_notes(*instead_of.notes)
    jobs.insert(0, job)
    del jobs[JOBS_KEPT:]
