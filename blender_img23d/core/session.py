"""The state machine between the artist's wishes and one backend. `tick` drives it; it has no thread and never waits."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from ..shared.img23d_protocol import PROTOCOL_VERSION, ErrorCode, Img23DError
from ..shared.img23d_protocol.messages import (
    Cancel,
    Cancelled,
    Diagnosed,
    DeviceInfo,
    EngineInfo,
    Failed,
    Finished,
    FromBackend,
    Hello,
    Inspect,
    Log,
    Message,
    Notice,
    Status,
    Unload,
    Unloaded,
    WeightsInfo,
)
from .deadlines import CANCEL_SECONDS, HELLO_SECONDS, IDLE_SECONDS, silence_limit
from .jobs import Job, Request, new_job
from .known_errors import Explanation, explain
from .link import BackendLink, LinkClosed
from .patience import Patience
from .states import JobState, SessionState

log = logging.getLogger(__name__)

JOBS_KEPT = 50


@dataclass(frozen=True, kw_only=True)
class Update:
    """Something the scene or the panel must apply.

    `message` is one of Located, CutoutReady, MeshReady, PreviewReady, Arranged, UvReady, PaintReady, TargetFailed,
    TargetCancelled, Diagnosed, and as the last of a job exactly one of Finished, Cancelled, Failed. The job's own fields are already up to date.
    """

    job: Job
    message: FromBackend


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
        self.devices: tuple[DeviceInfo, ...] = ()
        self.weights: tuple[WeightsInfo, ...] = ()
        self.jobs: list[Job] = []  # newest first, at most JOBS_KEPT
        self.active: Job | None = None  # the job that is waiting, running or being cancelled
        self.notice = ""  # a sentence about the backend itself, such as how much memory was given back
        self._make_link = make_link
        self._link: BackendLink | None = None
        self._leaving: BackendLink | None = None  # asked to end by `shutdown`, perhaps not gone yet
        self._idle_seconds = idle_seconds
        self._waited = Patience(clock)  # since the last change of state, or the last word in a running job
        self._may_unload = False
        self._updates: list[Update] = []

    # --- what the artist does ---------------------------------------------------------------------------------------

    def submit(self, request: Request, file_key: str = "", *, instead_of: Job | None = None) -> Job:
        """Starts the backend if need be. Raises Img23DError(BUSY), or (BACKEND_START) where it cannot be started.

        The job takes the place in the list of `instead_of`, which it goes on with, and keeps what was noted there.
        """
        if self.active is not None:
            raise Img23DError(ErrorCode.BUSY, "A job is running already: wait for it to finish, or cancel it.")
        self._take_in()  # a backend that died since the last tick must not get the job
        if self._link is None:
            self._start_link()
        job = self._remember(new_job(request, file_key=file_key, now=time.time()), instead_of)
        if self.state is SessionState.READY:
            self._run(job)
        return job

    def cancel(self) -> None:
        """Cancels the active job, if there is one; the Cancelled update comes from a later `tick`."""
        job = self.active
        if job is None:
            return
        if job.state is JobState.WAITING:
            self._end(job, JobState.CANCELLED, Cancelled(job=job.id))
        elif job.state is JobState.RUNNING and self._link is not None:
            job.state = JobState.CANCELLING
            self._enter(SessionState.CANCELLING)
            self._link.send(Cancel(job=job.id))

    def unload(self) -> None:
        """Asks an idle backend to give its memory back. Raises Img23DError(BUSY) while a job runs."""
        if self.active is not None:
            raise Img23DError(ErrorCode.BUSY, "Memory can be freed when the job is finished or cancelled.")
        if self._link is not None and self.state is SessionState.READY:
            self._may_unload = False
            self._link.send(Unload())

    def inspect(self) -> None:
        """Asks what this machine has: `engines`, `devices` and `weights` follow. Starts the backend if need be.

        Raises Img23DError(BACKEND_START).
        """
        if self._link is None:
            self._start_link()  # a new backend says so unasked
        else:
            self._link.send(Inspect())

    def shutdown(self, *, at_once: bool = False) -> None:
        """Ends the backend; an active job is cancelled. The session can be used again.

        `at_once` is for what must not meet it any more, such as a change of the files that it runs on.
        """
        if self._link is not None:
            self._leaving = self._link
            self._leaving.close()
        if at_once and self._leaving is not None:
            self._leaving.kill()
            self._leaving = None
        self._forget_link()
        if self.active is not None:
            self._end(self.active, JobState.CANCELLED, Cancelled(job=self.active.id))

    def tick(self) -> tuple[Update, ...]:
        """Takes in what has arrived, looks at the deadlines, and says what there is to apply. Call it often."""
        self._waited.look()
        self._take_in()
        self._check_deadline()
        updates, self._updates = tuple(self._updates), []
        return updates

    # --- what the backend says --------------------------------------------------------------------------------------

    def _take_in(self) -> None:
        link = self._link
        for item in link.receive() if link is not None else ():
            if self._link is not link:  # ended by the message before
                return
            if self.state is SessionState.BUSY:
                self._waited.restart()
            self._take(item)

    def _take(self, item: Message | LinkClosed) -> None:
        job = self._addressee(item)
        match item:
            case LinkClosed():
                self._on_closed(item)
            case Hello():
                self._on_hello(item)
            case Unloaded():
                self.notice = f"The backend gave back {item.freed / 1e6:.0f} MB of memory." if item.freed else ""
            case Status():
                self.engines, self.devices, self.weights = item.engines, item.devices, item.weights
            case Log():
                log.log(logging.getLevelNamesMapping().get(item.level.upper(), logging.INFO), "backend: %s", item.text)
            case Notice() if job is None:
                self.notice = item.sentence
            case _ if job is None:
                log.debug("dropped, since it belongs to no running job: %s", type(item).__name__)
            case Diagnosed():  # a backend says no more than that
                job.take(item)
                self._announce(job, item)
                self._end(job, JobState.DONE, Finished(job=job.id, made=0, failed=0, seconds=0.0))
            case Finished():
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

    def _addressee(self, item: Message | LinkClosed) -> Job | None:
        """The running job that a message is about; None for all other messages, late ones of older jobs included."""
        is_running = self.state in (SessionState.BUSY, SessionState.CANCELLING)
        if is_running and self.active is not None and getattr(item, "job", None) == self.active.id:
            return self.active
        return None

    def _on_hello(self, hello: Hello) -> None:
        if self.state is not SessionState.STARTING:
            return
        if hello.protocol != PROTOCOL_VERSION:
            detail = f"extension {PROTOCOL_VERSION}, backend {hello.protocol} ({hello.backend})"
            self._give_up(explain(ErrorCode.VERSION_MISMATCH), detail)
            return
        self.hello = hello
        self.engines = hello.engines
        self._enter(SessionState.READY)
        if self.active is not None:
            self._run(self.active)

    def _on_closed(self, end: LinkClosed) -> None:
        reason = explain(end, starting=self.state is SessionState.STARTING)
        log.warning("%s Its last words: %s", reason.sentence, end.tail or "none")
        self._give_up(reason, end.tail)

    def _check_deadline(self) -> None:
        match self.state:
            case SessionState.STARTING if self._waited.is_over(HELLO_SECONDS):
                self._give_up(explain(ErrorCode.BACKEND_START), f"no hello within {HELLO_SECONDS:.0f} s")
            case SessionState.BUSY if self._waited.is_over(limit := silence_limit(self.active.request)):
                self._give_up(explain(ErrorCode.BACKEND_SILENT), f"nothing heard for {limit:.0f} s")
            case SessionState.CANCELLING if self._waited.is_over(CANCEL_SECONDS):
                self._give_up(explain(ErrorCode.BACKEND_SILENT), f"cancel not answered within {CANCEL_SECONDS:.0f} s")
            case SessionState.READY if self._may_unload and self._has_idled():
                self.unload()

    def _has_idled(self) -> bool:
        limit = self._idle_seconds()
        return limit > 0 and self._waited.is_over(limit)

    # --- steps ------------------------------------------------------------------------------------------------------

    def _start_link(self) -> None:
        if self._leaving is not None:  # there is never more than one backend
            self._leaving.kill()
            self._leaving = None
        link = self._make_link()
        link.start()
        self._link = link
        self.notice = ""
        self._enter(SessionState.STARTING)

    def _remember(self, job: Job, instead_of: Job | None) -> Job:
        self.active = job
        if instead_of in self.jobs:
            self.jobs.remove(instead_of)
            job.add_notes(*instead_of.notes)
        self.jobs.insert(0, job)
        del self.jobs[JOBS_KEPT:]
        return job

    def _run(self, job: Job) -> None:
        assert self._link is not None
        job.state = JobState.RUNNING
        self._may_unload = True
        self._enter(SessionState.BUSY)
        self._link.send(job.request)

    def _give_up(self, reason: Explanation, detail: str) -> None:
        """The backend is gone or of no use: it is ended, and so is its job, with what is finished so far."""
        link, state = self._link, self.state
        self._forget_link()
        if link is not None:
            link.kill()
        job = self.active
        if job is None:
            self.notice = reason.sentence
        elif state is SessionState.CANCELLING:
            self._end(job, JobState.CANCELLED, Cancelled(job=job.id))
        else:
            failure = Failed(job=job.id, code=reason.code, sentence=reason.sentence, detail=detail)
            job.on_failed(failure, action=reason.action)
            self._end(job, JobState.FAILED, failure)

    def _forget_link(self) -> None:
        self._link = None
        self.hello = None
        self._enter(SessionState.OFF)

    def _end(self, job: Job, state: JobState, last: Finished | Cancelled | Failed) -> None:
        job.end(state, now=time.time())
        self.active = None
        if self.state in (SessionState.BUSY, SessionState.CANCELLING):
            self._enter(SessionState.READY)
        self._announce(job, last)

    def _enter(self, state: SessionState) -> None:
        self.state = state
        self._waited.restart()

    def _announce(self, job: Job, message: FromBackend) -> None:
        self._updates.append(Update(job=job, message=message))
