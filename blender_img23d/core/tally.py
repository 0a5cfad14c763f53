"""How many of a job's things were made, and whether a message is about what is on screen now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..shared.img23d_protocol.values import Value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .jobs import Job


class Tally(Value):
    """`made` are finished and there; `failed` and `stopped` are not, and nothing more will come of them."""

    count: int
    made: int
    failed: int
    stopped: int

    @property
    def has_all(self) -> bool:
        return self.made == self.count


def tally(job: Job) -> Tally:
    """Of the things as far as they are known by now."""
    failed = sum(bool(target.error) for target in job.targets)
    stopped = sum(target.is_cancelled and not target.error for target in job.targets)
    made = sum(
        not job.is_unfinished(index) and not target.error and not target.is_cancelled and bool(target.main or target.textured)
        for index, target in enumerate(job.targets)
    )
    return Tally(count=len(job.targets), made=made, failed=failed, stopped=stopped)


def cleaned_picture(jobs: Iterable[Job], photo: str) -> str:
    """The path of the picture that the newest of the jobs which only clean has made of `photo`, empty where that is another one, or failed."""
    newest = next((job for job in jobs if job.is_edit), None)
    return newest.edited if newest is not None and newest.is_over and newest.picture == photo else ""


def is_about(job: Job, photo: str) -> bool:
    """Whether what this job says is about the photo that is chosen now; `photo` is an absolute path, empty for none.

    What has no picture, and a re-texture, which has one of its own, is about no photo and therefore always current.
    """
    return job.is_retexture or not job.picture or job.picture == photo
