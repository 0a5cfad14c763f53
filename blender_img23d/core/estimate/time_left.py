"""How far the running job is and how long it still takes: past runs' times, corrected by the pace of this one."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from ...shared.img23d_protocol.messages import Stage
from ..jobs import Job
from ..rounding import rounded
from ..states import JobState
from .run_statistics import GUESS, Pace

_TRUST = 0.25  # of the expected time: what past runs say counts as much as that much of this one
_FIRST_SHARE, _FIRST_SECONDS = 0.05, 3.0  # before that a pace is chance
_CALM = 0.15  # of what is left: in that time two thirds of a surprise are told
_LEAST_CALM = 1.0  # seconds
_LATE = 0.5  # of the job: before that a first stage that was quick says nothing of the others
_MOST = 99  # percent of a job that is not over
_SLACK = 3.0  # times as slow as until now is still believed of what is left, so that nobody reads "98%, about 5 min left" after one


@dataclass(frozen=True, kw_only=True)
class StageNow:
    """What the job does: the `number`th of `count` targets, both 0 where all are looked for at once."""

    stage: Stage
    number: int = 0
    count: int = 0


class TimeLeft:
    """Looks at one job at a time. `clock` counts seconds and never goes back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.fraction = 0.0  # of the whole job, never falling while it runs
        self.told: int | None = None  # seconds, rounded as a person would say it; None while nobody can tell
        self._clock = clock
        self._job: Job | None = None
        self._seconds: float | None = None
        self._begun = self._seen = 0.0
        self._spent: dict[str, float] = {}  # by stage

    def update(self, job: Job | None, past: Pace | None = None) -> None:
        """To be called again and again while a job is there; `past` is what runs like it took."""
        now = self._clock()
        if job is not self._job:
            self._leave()
            self._job, self._begun, self._seen = job, now, now
        if job is None or job.is_over:
            return
        passed, self._seen = max(now - self._seen, 0.0), now
        if job.state is JobState.WAITING:
            self._begun = now
            return
        if job.stage is not None:
            self._spent[job.stage] = self._spent.get(job.stage, 0.0) + passed
        total, done = (past or GUESS).amount(job)
        elapsed = now - self._begun
        self.fraction = max(self.fraction, done / total if total > 0 else 0.0)
        self._tell(_left(total, done, elapsed, is_known=past is not None), passed, _longest(self.fraction, elapsed))

    @property
    def percent(self) -> int:
        """For a job that is not over: 100 is said by its end alone."""
        return min(int(self.fraction * 100), _MOST)

    def _leave(self) -> None:
        """What a finished job took stays with it, for the next ones."""
        job = self._job
        if job is not None and job.state is JobState.DONE and not job.stage_seconds:
            job.stage_seconds = {stage: round(seconds, 3) for stage, seconds in self._spent.items()}
        self._seconds = self.told = None
        self.fraction, self._spent = 0.0, {}

    def _tell(self, left: float | None, passed: float, longest: float) -> None:
        """Counts down with the clock, and goes to a new estimate gently; never more than `longest`."""
        if left is None:
            return
        if self._seconds is None:
            self._seconds = left
        else:
            counted = max(self._seconds - passed, 0.0)
            calm = max(_CALM * self._seconds, _LEAST_CALM)
            self._seconds = counted + (left - counted) * (1.0 - math.exp(-passed / calm))
        self._seconds = min(self._seconds, longest)
        said = rounded(self._seconds)
        if self.told is None or said < self.told or said > rounded(1.2 * self.told):
            self.told = said


def _longest(fraction: float, elapsed: float) -> float:
    """Seconds that may be left beside that fraction without the two contradicting each other."""
    return _SLACK * elapsed * (1.0 - fraction) / fraction if fraction >= _LATE else math.inf


def stage_now(job: Job) -> StageNow | None:
    """None before anything is known."""
    if job.stage is None:
        return None
    left = [target for target in job.targets if not (target.error or target.is_cancelled)]
    if not job.stage.is_for_each or not left:
        return StageNow(stage=job.stage)
    order = list(Stage)
    later = order[order.index(job.stage) + 1 :]
    done = sum(target.stage in later or (target.stage == job.stage and target.fraction >= 1.0) for target in left)
    return StageNow(stage=job.stage, number=min(done + 1, len(left)), count=len(left))


def _left(total: float, done: float, elapsed: float, *, is_known: bool) -> float | None:
    if is_known:
        trusted = _TRUST * total
        return (total - done) * (trusted + elapsed) / (trusted + done)
    if done < _FIRST_SHARE * total or elapsed < _FIRST_SECONDS:
        return None
    return (total - done) * elapsed / done
