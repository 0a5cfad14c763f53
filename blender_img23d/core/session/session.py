"""The state machine between requests and one backend. `tick` drives it; it has no thread and never waits."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from ...shared.img23d_protocol import PROTOCOL_VERSION, ErrorCode, Img23DError
from ...shared.img23d_protocol.messages import (  # fmt: skip
    Cancel,
    Cancelled,
    DeviceInfo,
    Diagnosed,
    EngineInfo,
    EnginePace,
    Failed,
    Finished,
    FromBackend,
    Hello,
    Inspect,
    Log,
    Notice,
    Ping,
    Pong,
    SetupRequest,
    Status,
    TargetCancelled,
    Unload,
    Unloaded,
    WeightsInfo,
)
from ..job_list import JOBS_KEPT as JOBS_KEPT
from ..job_list import remember
from ..jobs import Job, Request, new_job
from ..requests import check_sendable
from ..states import JobState, SessionState
from .backend import Backend
from .deadlines import IDLE_SECONDS, Heartbeat, broken_deadline
from .known_errors import Explanation, explain
from .link import BackendLink, LinkClosed
from .stopwatch import Stopwatch
from .updates import Update

log = logging.getLogger(__name__)

_FREED = "{size:.1f} GB of memory are free for Blender and other programs again."
_LITTLE = "Little memory was held, and it is free now."
_WORTH_SAYING = 500_000_000  # bytes: what a model holds; less is of no use to an artist who needs room


class Session:
    """Exactly one backend, started on demand, and one job at a time."""

    def __init__(
        self,
        make_link: Callable[[], BackendLink],
        clock: Callable[[], float] = time.monotonic,
        idle_seconds: Callable[[], float] = lambda: IDLE_SECONDS,
    ) -> None:
        """After `idle_seconds()` without a job the backend is asked to give its memory back; 0 means never."""
        self.state = SessionState.OFF
        self.hello: Hello | None = None  # of the running backend
        # Of the last backend that said so, kept when it ends
        self.engines: tuple[EngineInfo, ...] = ()
        self.splitters: tuple[EngineInfo, ...] = ()  # what splits things into parts
        self.devices: tuple[DeviceInfo, ...] = ()
        self.cards: tuple[DeviceInfo, ...] = ()  # seen by the system, not tried
        self.weights: tuple[WeightsInfo, ...] = ()
        self.paces: tuple[EnginePace, ...] = ()  # of another machine's own jobs
        self.machine = ""  # the key of the other machine that works; empty where this one does
        self.jobs: list[Job] = []  # newest first, at most JOBS_KEPT
        self.active: Job | None = None  # the job that is waiting or running, or a set-up that is being cancelled
        self.notice = ""  # a sentence about the backend itself, such as how much memory was given back
        self._make_link = make_link
        self._backend = Backend(lambda: self._make_link())
        self._idle_seconds = idle_seconds
        self._waited = Stopwatch(clock)  # since the last change of state, or the last word in a running job
        self._heartbeat = Heartbeat(clock)
        self._dropped = ""  # the cancelled job that the backend is still busy with
        self.holds_models = False  # a job has run in this backend, and it was not asked to give memory back since
        self._is_unload_asked = False  # by the artist, who gets an answer in any case
        self._updates: list[Update] = []

    # --- what the artist does ---------------------------------------------------------------------------------------

    def submit(self, request: Request, file_key: str = "", *, instead_of: Job | None = None) -> Job:
        """Starts the backend if need be. Raises Img23DError: BUSY, BAD_REQUEST for what cannot be sent, BACKEND_START.

        The job takes the place in the list of `instead_of`, which it goes on with, and keeps what was noted there.
        """
        if self.active is not None:
            raise Img23DError(ErrorCode.BUSY, "A job is running already: wait for it to finish, or cancel it.")
        check_sendable(request)
        self._take_in()  # a backend that died since the last tick must not get the job
        if not self._backend.is_there:
            self._start()
        job = self.active = new_job(request, file_key=file_key, now=time.time(), machine=self.machine)
        remember(self.jobs, job, instead_of=instead_of)
        if self.state is SessionState.READY:
            self._run(job)
        return job

    def cancel(self) -> None:
        """Ends the active job, if there is one, with what was announced before; its Cancelled update comes from `tick`.

        The backend may need a while to leave it: a job that is submitted meanwhile waits for that. Only a set-up, which
        changes files, is over when its backend says so.
        """
        self._take_in()  # what has arrived by now counts as finished before
        job = self.active
        if job is not None and job.state is JobState.WAITING:
            self._end(job, JobState.CANCELLED, Cancelled(job=job.id))
        elif job is not None and job.state is JobState.RUNNING:
            self._backend.send(Cancel(job=job.id))
            if isinstance(job.request, SetupRequest):
                job.state = JobState.CANCELLING
            else:
                self._dropped = job.id
                self._end(job, JobState.CANCELLED, Cancelled(job=job.id))
            self._enter(SessionState.CANCELLING)

    def cancel_target(self, job: Job, index: int) -> None:
        """The others go on; of the last one that is left to be made, the whole job is cancelled."""
        self._take_in()
        left = job.unfinished if job is self.active else []
        if left == [index] or (index in left and not job.is_generation):
            self.cancel()
        elif index in left:
            self._take(TargetCancelled(job=job.id, target=index), job)
            if job.state is JobState.RUNNING:
                self._backend.send(Cancel(job=job.id, target=index))

    @property
    def unanswered(self) -> int:
        """For how many seconds a backend that works on a job has said nothing, not even when asked; 0 while that is not long."""
        return self._heartbeat.silent_seconds if self.state is SessionState.BUSY else 0

    def end_unanswering(self) -> None:
        """Ends the backend now, and the active job with what is finished so far."""
        self._give_up(explain(ErrorCode.BACKEND_SILENT), f"ended by the artist after {self.unanswered} s")

    def unload(self, *, is_asked: bool = True) -> None:
        """Asks the backend to give its memory back when it is idle. Raises Img23DError(BUSY) while a job runs.

        What comes of it is said where the artist has asked for it, or where it is worth saying.
        """
        if self.active is not None:
            raise Img23DError(ErrorCode.BUSY, "Memory can be freed when the job is finished or cancelled.")
        if self.state in (SessionState.READY, SessionState.CANCELLING):
            self.holds_models = False
            self._is_unload_asked = is_asked
            self._backend.send(Unload())
        elif is_asked:
            self.notice = _LITTLE

    def inspect(self) -> None:
        """Asks what this machine has: `engines`, `devices` and `weights` follow. Starts the backend if need be.

        Raises Img23DError(BACKEND_START).
        """
        if self._backend.is_there:
            self._backend.send(Inspect())
        else:
            self._start()  # a new one says so unasked

    def shutdown(self, *, at_once: bool = False) -> None:
        """Ends the backend; an active job is cancelled. The session can be used again.

        `at_once` is for what must not meet it any more, such as a change of the files that it runs on.
        """
        self._backend.leave(at_once=at_once)
        self._forget()
        if self.active is not None:
            self._end(self.active, JobState.CANCELLED, Cancelled(job=self.active.id))

    def move(self, machine: str) -> None:
        """Work on another machine, or on this one again, from the next backend on: what is known of the one before is forgotten.

        Raises Img23DError(BUSY).
        """
        if self.active is not None:
            raise Img23DError(ErrorCode.BUSY, "A job is running: wait for it to finish, or cancel it")
        self.shutdown()
        self.machine, self.notice = machine, ""
        self.engines, self.splitters, self.devices, self.cards, self.weights, self.paces = (), (), (), (), (), ()

    def tick(self) -> tuple[Update, ...]:
        """Takes in what has arrived, looks at the deadlines, and says what there is to apply. Call it often."""
        self._waited.tick()
        self._heartbeat.tick()
        self._take_in()
        if self.state is SessionState.BUSY and self._heartbeat.must_ping():
            self._backend.send(Ping())
        self._check_deadline()
        updates, self._updates = tuple(self._updates), []
        return updates

    # --- what the backend says --------------------------------------------------------------------------------------

    def _take_in(self) -> None:
        for item in self._backend.receive():
            self._heartbeat.on_message()
            if self.state is SessionState.BUSY and not isinstance(item, Pong):
                self._waited.restart()
            self._take(item, self._addressee(item))

    def _take(self, item: FromBackend | LinkClosed, job: Job | None) -> None:
        """`job` is the one that the message is about, None where that is not the running one."""
        match item:
            case LinkClosed():
                self._give_up(explain(item, starting=self.state is SessionState.STARTING), item.tail)
            case Hello():
                self._on_hello(item)
            case Unloaded():
                little = _LITTLE if self._is_unload_asked else ""
                self.notice = _FREED.format(size=item.freed / 1e9) if item.freed >= _WORTH_SAYING else little
                self._is_unload_asked = False
            case Status():
                self.engines, self.splitters, self.devices = item.engines, item.splitters, item.devices
                self.weights, self.cards, self.paces = item.weights, item.cards, item.paces
            case Log():
                log.log(logging.getLevelNamesMapping().get(item.level.upper(), logging.INFO), "backend: %s", item.text)
            case Finished() | Cancelled() | Failed() | Diagnosed() if job is None and item.job == self._dropped:
                self._on_left(item)
            case Notice() if job is None and item.job != self._dropped:
                self.notice = item.sentence
            case _ if job is None or job.has_dropped(getattr(item, "target", -1)):
                log.debug("dropped, since nobody waits for it any more: %s", type(item).__name__)
            case Diagnosed():  # a backend says no more than that
                job.take(item)
                self._announce(job, item)
                self._end(job, JobState.DONE, Finished(job=job.id, made=0, failed=0, seconds=0.0))
            case Finished():
                job.on_finished(item)
                self._end(job, JobState.DONE, item)
            case Cancelled():
                self._end(job, JobState.CANCELLED, item)
            case Failed():
                job.on_failed(item)
                self._end(job, JobState.FAILED, item)
                if item.code == ErrorCode.DEVICE_LOST:  # nothing can be computed in that process any more
                    self.shutdown(at_once=True)
            case _ if job.take(item):
                self._announce(job, item)

    def _addressee(self, item: FromBackend | LinkClosed) -> Job | None:
        """The running job that a message is about; None for all other messages, late ones of older jobs included."""
        job = self.active
        if job is None or job.state is JobState.WAITING:
            return None
        return job if getattr(item, "job", None) == job.id else None

    def _on_left(self, last: Finished | Cancelled | Failed | Diagnosed) -> None:
        """The backend is done with a job that was cancelled."""
        if isinstance(last, Failed) and last.code == ErrorCode.DEVICE_LOST:
            self._give_up(explain(ErrorCode.DEVICE_LOST), last.detail)
        else:
            self._be_ready()

    def _on_hello(self, hello: Hello) -> None:
        if self.state is not SessionState.STARTING:
            return
        if hello.protocol != PROTOCOL_VERSION:
            detail = f"extension {PROTOCOL_VERSION}, backend {hello.protocol} ({hello.backend})"
            self._give_up(explain(ErrorCode.VERSION_MISMATCH), detail)
            return
        self.hello = hello
        self.engines, self.splitters = hello.engines, hello.splitters
        self._be_ready()

    def _check_deadline(self) -> None:
        broken = broken_deadline(self.state, self.active, self._waited)
        if broken is not None:
            self._give_up(explain(broken.code), broken.detail)
        elif self.state is SessionState.READY and self.holds_models:
            if 0 < (limit := self._idle_seconds()) and self._waited.is_over(limit):
                self.unload(is_asked=False)

    # --- steps ------------------------------------------------------------------------------------------------------

    def _start(self) -> None:
        self._backend.start()
        self.notice = ""
        self._enter(SessionState.STARTING)

    def _be_ready(self) -> None:
        """For the job that waits, if there is one."""
        self._dropped = ""
        self._enter(SessionState.READY)
        if self.active is not None:
            self._run(self.active)

    def _run(self, job: Job) -> None:
        job.state = JobState.RUNNING
        self.holds_models = True
        self._enter(SessionState.BUSY)
        self._heartbeat.on_message()
        self._backend.send(job.request)
        for index, target in enumerate(job.targets):
            if target.is_cancelled:  # while it waited
                self._backend.send(Cancel(job=job.id, target=index))

    def _run_anew(self, job: Job) -> None:
        """The backend was ended over the job before: a new one takes this one."""
        try:
            self._start()
        except Img23DError as error:
            self._fail(job, explain(error), error.detail)

    def _give_up(self, reason: Explanation, detail: str) -> None:
        """The backend is gone or of no use: it is ended, and so is its job, with what is finished so far."""
        log.warning("%s Its last words: %s", reason.sentence, detail or "none")
        was_cancelling = self.state is SessionState.CANCELLING
        self._backend.kill()
        self._forget()
        job = self.active
        if job is None:
            self.notice = "" if was_cancelling else reason.sentence
        elif not was_cancelling:
            self._fail(job, reason, detail)
        elif job.state is JobState.WAITING:
            self._run_anew(job)
        else:
            self._end(job, JobState.CANCELLED, Cancelled(job=job.id))

    def _fail(self, job: Job, reason: Explanation, detail: str) -> None:
        failure = Failed(job=job.id, code=reason.code, sentence=reason.sentence, detail=detail)
        job.on_failed(failure, action=reason.action)
        self._end(job, JobState.FAILED, failure)

    def _forget(self) -> None:
        self.hello, self._dropped, self.holds_models = None, "", False
        self._enter(SessionState.OFF)

    def _end(self, job: Job, state: JobState, last: Finished | Cancelled | Failed) -> None:
        was_sent = job.state is not JobState.WAITING
        job.end(state, now=time.time())
        self.active = None
        if was_sent and self._backend.is_there:
            self._enter(SessionState.READY)
        self._announce(job, last)

    def _enter(self, state: SessionState) -> None:
        self.state = state
        self._waited.restart()

    def _announce(self, job: Job, message: FromBackend) -> None:
        self._updates.append(Update(job=job, message=message))
