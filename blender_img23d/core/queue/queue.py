"""The queue of jobs, their order, and the steps of the one that runs: the one mechanism for everything that a button can begin."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING

from ...shared.img23d_protocol import ErrorCode, Img23DError
from ...shared.img23d_protocol.errors import bad_request
from ...shared.img23d_protocol.messages import Cancelled, Failed, Finished, Unwrap
from .queued_jobs import QueuedJob

if TYPE_CHECKING:
    from ..jobs import Job

MOST_WAITING = 100
DOUBLE_CLICK = 0.5  # seconds between two presses that were meant as one, and for which a list that has moved takes no press
_SETBACKS_KEPT = 20
# What the next one would meet as well: it waits until the artist has seen to it.
_STOPS_ALL = {ErrorCode.BACKEND_START, ErrorCode.VERSION_MISMATCH, ErrorCode.DISK_FULL, ErrorCode.FOLDER_UNWRITABLE}


class StepState(Enum):
    WAITING = auto()
    RUNNING = auto()
    LAID_OUT = auto()  # of a mesh: waits to be painted with what its modifiers make of the layout
    DONE = auto()
    FAILED = auto()
    DROPPED = auto()  # a cancel ended it

    @property
    def is_over(self) -> bool:
        return self in (StepState.DONE, StepState.FAILED, StepState.DROPPED)


@dataclass(kw_only=True)
class QueueStep:
    """One part of the job that runs: a mesh, or all that a photo shows."""

    index: int
    name: str  # of the mesh, else empty
    state: StepState = StepState.WAITING
    job: Job | None = None  # the newest
    sentence: str = ""  # why it failed

    @property
    def is_done(self) -> bool:
        return self.state is StepState.DONE

    @property
    def is_dropped(self) -> bool:
        return self.state is StepState.DROPPED


@dataclass(frozen=True, kw_only=True)
class Setback:
    """A job of the queue that was not begun, or failed: why, and all that it takes to try it again."""

    job: QueuedJob
    sentence: str
    run: str = ""  # the id of the run that failed, empty where there was none


class Queue:
    """Main thread only."""

    def __init__(self, keep: Callable[[Sequence[QueuedJob]], None] = lambda jobs: None, clock: Callable[[], float] = time.monotonic) -> None:
        """`keep` is called with all that a restart must not lose, after each change."""
        self.waiting: list[QueuedJob] = []
        self.setbacks: list[Setback] = []
        self.steps: list[QueueStep] = []  # of the job that runs, or ran last
        self.running: QueuedJob | None = None  # or ran last
        self.hold = ""  # a sentence that says why those that are held do not go on
        self.trouble = ""  # a sentence about the keeping
        self.version = 0  # another number, and there is something new to draw
        self.slots = 0  # lines that the list takes: it shrinks only when it is cleared or a run begins without it: the mouse may be over it
        self._keep = keep
        self._clock = clock
        self._held: set[str] = set()
        self._has_company = False  # something waited beside the job that runs, so that its failure may scroll by
        self._pressed: tuple[QueuedJob, float] | None = None
        self._moved = -DOUBLE_CLICK  # when the list last moved by itself

    # --- what the artist does ---------------------------------------------------------------------------------------

    def press(self, job: QueuedJob) -> bool:
        """False where it is the second press of a double click: the first one has done it."""
        before, self._pressed = self._pressed, (job, self._clock())
        return before is None or not before[0].is_like(job) or self._clock() - before[1] > DOUBLE_CLICK

    def pressed(self) -> None:
        """What the last press did is done: the time of a double click counts from now."""
        if self._pressed is not None:
            self._pressed = (self._pressed[0], self._clock())

    def add(self, job: QueuedJob) -> None:
        """At the end. Raises Img23DError(BAD_REQUEST) where too many wait."""
        if len(self.waiting) >= MOST_WAITING:
            raise bad_request(f"{MOST_WAITING} jobs are waiting already: wait for some of them to finish, or remove some.")
        self.waiting.append(job)
        self._has_company = True
        self._changed()

    def hold_on(self, jobs: Sequence[QueuedJob], why: str) -> None:
        """Those of a Blender that is gone: before the others, and only begun when the artist says so."""
        known = {job.id for job in self.waiting}
        new = [job for job in jobs if job.id not in known]
        if new:
            self.waiting[:0] = new
            self._held.update(job.id for job in new)
            self.hold = why
            self._changed()

    def go_on(self) -> None:
        self._held.clear()
        self.hold = ""
        self._changed()

    def move(self, job_id: str, by: int) -> None:
        """Up (`by` = -1) or down (1) among those that wait."""
        index = self._index(job_id)
        if index is not None and 0 <= index + by < len(self.waiting):
            self.waiting.insert(index + by, self.waiting.pop(index))
            self._changed()

    def remove(self, job_id: str) -> None:
        index = self._index(job_id)
        if index is not None:
            del self.waiting[index]
            self._changed()

    def clear(self) -> None:
        """The list goes with what is in it."""
        self.waiting.clear()
        self.slots = 0
        self._changed()

    def stop(self) -> None:
        """What was not begun of the running job stays as it is; those that wait are not touched."""
        for step in self.steps:
            if not step.state.is_over:
                step.state = StepState.DROPPED
        self._changed()

    def try_again(self, setback: Setback) -> None:
        """At the end of the queue, in a new folder."""
        self.dismiss(setback)
        self.add(setback.job.in_new_folder())

    def dismiss(self, setback: Setback) -> None:
        if setback in self.setbacks:
            self.setbacks.remove(setback)
            self._changed()

    def follow(self, file_key: str, file: str) -> None:
        """The file that is open under `file_key` was saved, perhaps under another name: what was asked for in it belongs there."""
        moved = [_moved_to(job, file) if job.where.file_key == file_key else job for job in self.waiting]
        if self.running is not None and self.running.where.file_key == file_key:
            self.running = _moved_to(self.running, file)
        if moved != self.waiting:
            self.waiting = moved
            self._changed()

    # --- what is known ----------------------------------------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        return any(not step.state.is_over for step in self.steps)

    @property
    def due(self) -> list[QueuedJob]:
        """Those that wait for nothing but their turn."""
        return [job for job in self.waiting if job.id not in self._held]

    @property
    def is_settling(self) -> bool:
        """The list has moved by itself a moment ago: a press now was meant for what stood there before."""
        return self._clock() - self._moved < DOUBLE_CLICK

    def is_held(self, job: QueuedJob) -> bool:
        return job.id in self._held

    def setback(self, job_id: str) -> Setback | None:
        return next((setback for setback in self.setbacks if setback.job.id == job_id), None)

    def step_of(self, job: Job) -> QueueStep | None:
        return next((step for step in self.steps if step.job is job), None)

    def next_step(self) -> QueueStep | None:
        """None while one of them is being worked on, too."""
        if any(step.state is StepState.RUNNING for step in self.steps):
            return None
        return next((step for step in self.steps if not step.state.is_over), None)

    # --- what becomes of them ---------------------------------------------------------------------------------------

    def begin(self, job: QueuedJob) -> None:
        """Its steps are to be begun one after the other."""
        if job in self.waiting:
            self.waiting.remove(job)
            self._moved = self._clock()
            self._has_company = True
        else:
            self._has_company, self.slots = bool(self.due), 0
        self.running = job
        names = job.names if job.meshes else ("",)
        self.steps = [QueueStep(index=index, name=name) for index, name in enumerate(names)]
        self._changed()

    def ran(self, step: QueueStep, job: Job) -> None:
        step.job, step.state = job, StepState.RUNNING
        self._changed()

    def fail(self, step: QueueStep, sentence: str, *, is_told: bool = False) -> None:
        """`is_told`: the artist reads the sentence elsewhere."""
        step.state, step.sentence = StepState.FAILED, sentence
        if self._has_company and self.running is not None and not is_told:
            run = step.job.id if step.job is not None else ""
            self._set_back(Setback(job=self._part(step), sentence=sentence, run=run))
        self._changed()

    def refuse(self, step: QueueStep, error: Img23DError) -> None:
        """It could not be begun. Where the others could not either, all of them wait, this one as the first."""
        if error.code not in {*_STOPS_ALL, ErrorCode.BUSY}:
            self.fail(step, error.sentence)
            return
        if step.state is not StepState.WAITING:  # something of it is there already
            self.fail(step, error.sentence)
        self.put_back()
        if error.code in _STOPS_ALL:
            self.hold_all(error.sentence)

    def forget(self) -> None:
        """The job that was to run is refused as a whole."""
        self.running, self.steps = None, []
        self._changed()

    def put_back(self) -> None:
        """What was not begun of the running job waits again, as the first."""
        rest = self._rest()
        self.steps = [step for step in self.steps if step.state is not StepState.WAITING]
        if rest is not None:
            self.waiting.insert(0, rest)
        self._changed()

    def hold_all(self, why: str) -> None:
        """Nothing of the kind can work at present, so that all would fail one after the other."""
        if self.waiting:
            self._held.update(job.id for job in self.waiting)
            self.hold = why
            self._changed()

    def on_end(self, job: Job, last: Finished | Cancelled | Failed, *, failure: str = "") -> None:
        """A run has ended. `failure` says why its result could not be used."""
        step = self.step_of(job)
        if step is None or step.state is not StepState.RUNNING:
            return
        match last:
            case Cancelled():
                self.stop()
            case Failed():
                self.fail(step, last.sentence)
                if last.code in _STOPS_ALL:
                    self.hold_all(last.sentence)
            case Finished() if isinstance(job.request, Unwrap):
                step.state = StepState.LAID_OUT
            case Finished() if failure:
                self.fail(step, failure)
            case Finished():
                step.state = StepState.DONE
        self._changed()

    # --- steps ------------------------------------------------------------------------------------------------------

    def _index(self, job_id: str) -> int | None:
        return next((index for index, job in enumerate(self.waiting) if job.id == job_id), None)

    def _part(self, step: QueueStep) -> QueuedJob:
        """Of the running job; with an id of its own where there are other parts."""
        assert self.running is not None, "it is a step of the running job"
        part = self.running.only((step.index,))
        return replace(part, id=f"{part.id}-{step.index}") if len(self.steps) > 1 else part

    def _rest(self) -> QueuedJob | None:
        left = tuple(step.index for step in self.steps if step.state is StepState.WAITING)
        return self.running.only(left) if left and self.running is not None else None

    def _set_back(self, setback: Setback) -> None:
        self.setbacks = [*self.setbacks, setback][-_SETBACKS_KEPT:]

    def _changed(self) -> None:
        self.version += 1
        self.slots = max(self.slots, len(self.waiting))
        self._held &= {job.id for job in self.waiting}
        self.hold = self.hold if self._held else ""
        rest = self._rest()
        self._keep([*([rest] if rest is not None and rest.meshes else []), *self.waiting])


def _moved_to(job: QueuedJob, file: str) -> QueuedJob:
    return replace(job, where=replace(job.where, file=file))
