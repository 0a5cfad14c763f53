"""What the panel draws of the running job besides the job itself: the time that is left, and the newest picture."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ..core.estimate.run_statistics import Pace, alike, pace_of_all
from ..core.estimate.time_left import StageNow, TimeLeft, stage_now
from ..shared.img23d_protocol.messages import CutoutReady, PaintReady, PictureReady, PreviewReady, ResultReady

if TYPE_CHECKING:
    from ..core.jobs import Job
    from ..core.session.session import Session
    from ..core.session.updates import Update
    from .thumbnails import Thumbnails


class Running:
    """Main thread only."""

    def __init__(self, session: Session, thumbnails: Thumbnails) -> None:
        self.look_seconds = 0.3  # between two looks at all the targets, of which there may be hundreds
        self.left = TimeLeft()
        self.now: StageNow | None = None
        self.picture = ""  # of what is worked on: a preview or else the cut-out, once it can be shown
        self._newest = self._outdated = ""
        self._session = session
        self._thumbnails = thumbnails
        self._job: Job | None = None
        self._pace: Pace | None = None  # of runs like it
        self._previews: dict[int, str] = {}  # by target
        self._next_look = 0.0  # of time.monotonic

    def add(self, update: Update) -> None:
        """A picture that took the place of another one leaves no thumbnail behind: a run can send hundreds."""
        match update.message:
            case PreviewReady(target=target, file=file):
                path = update.job.file(file)
                before = self._previews.get(target, "")
                if before == self.picture:
                    self._outdated = before  # shown until the new one can be
                else:
                    self._thumbnails.drop(before)
                self._previews[target] = self._newest = path
            case CutoutReady(file=file) | PictureReady(file=file):
                self._newest = update.job.file(file)
            case ResultReady() | PaintReady():
                self._next_look = 0.0  # what is made is not to be expected any more

    def step(self) -> None:
        wanted = self._worked_on(self._session.active) or self._newest
        if wanted != self.picture and self._thumbnails.icon(wanted):
            self.picture = wanted
            self._thumbnails.drop(self._outdated)
            self._outdated = ""
        job, now = self._session.active, time.monotonic()
        if job is not self._job:
            self._begin(job)
        elif now < self._next_look:
            return
        self._next_look = now + self.look_seconds
        self.left.update(job, self._pace)
        self.now = stage_now(job) if job is not None else None

    def _worked_on(self, job: Job | None) -> str:
        """The picture of the thing that the job said last that it works on, empty where there is none yet."""
        target = job.target(job.at) if job is not None else None
        return "" if target is None else self._previews.get(job.at, "") or target.cutout

    def _begin(self, job: Job | None) -> None:
        self._job, self.picture, self._newest, self._pace = job, "", "", None
        self._previews = {}
        if job is not None and job.is_generation:
            runs, _ = alike(job.making, [one for one in self._session.jobs if one.machine == job.machine])
            self._pace = pace_of_all(runs)
