"""A pool of backends: each does one job of the queue after the other, and is started again when it dies.

Whoever submits a job hears everything that is said about it, in the words of the contract, and as the last of it exactly one of Finished,
Cancelled and Failed, unless the pool is closed before: such a job was not done, and may be submitted to the next pool.
"""

from __future__ import annotations

import dataclasses
import logging
import queue
import threading
import time
import typing
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import (
    Cancel,
    Cancelled,
    Diagnose,
    Failed,
    Finished,
    FromBackend,
    Generate,
    Hello,
    Locate,
    Notice,
    Paint,
    Pick,
    Status,
    ToBackend,
    Unwrap,
)

from .backend import Backend, Ended
from .recipe import Place

log = logging.getLogger(__name__)

JobRequest = Generate | Locate | Pick | Unwrap | Paint
# The same by what makes them one, so that a later version's are among them: a name and a folder, and an end with one of LAST_WORDS
JOB_KINDS: tuple[type, ...] = tuple(
    kind for kind in typing.get_args(ToBackend) if {"job", "run_folder"} <= {one.name for one in dataclasses.fields(kind)} and kind is not Diagnose
)


class Starter(Protocol):
    """How a backend is started, such as a `Recipe`."""

    def start(self, place: Place, log: Path, /) -> Backend:
        """Raises Img23DError(BACKEND_START)."""
        ...


Listen = Callable[[FromBackend], None]  # called by the worker's thread; must not wait

LAST_WORDS = (Finished, Cancelled, Failed)
TRIES = 2  # a job that ends its backend as often is not tried again
CANCEL_SECONDS = 5.0  # then a backend that goes on is ended
SILENCE_SECONDS = 600.0  # longer than any step between two reports
_PAUSES = (0.0, 1.0, 5.0, 30.0)  # seconds before a backend is started again that did not start

_RESTARTED = "The backend ended in the middle of it, and begins again."


class WorkerState(StrEnum):
    """Of one worker."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    BROKEN = "broken"  # did not start; it is tried again
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True)
class WorkerView:
    """A worker as it is now; `job` is the one that it does."""

    place: str
    state: WorkerState
    pid: int = 0
    job: str = ""
    hello: Hello | None = None
    status: Status | None = None
    problem: str = ""


WarmUp = Callable[[WorkerView], JobRequest | None]


@dataclass(kw_only=True)
class _Ticket:
    request: JobRequest
    listen: Listen
    tries: int = 0
    is_cancelled: bool = False
    inbox: queue.SimpleQueue[object] | None = None  # of the worker that does it


@dataclass(frozen=True, kw_only=True)
class _CancelAsked:
    target: int = -1


@dataclass(kw_only=True)
class _Worker:
    place: Place
    log_path: Path
    state: WorkerState = WorkerState.STARTING
    process: Backend | None = None
    ticket: _Ticket | None = None
    problem: str = ""
    is_warm: bool = False
    thread: threading.Thread = field(default_factory=threading.Thread)


class WorkerPool:
    """Every method may be called from any thread, and none but `close` waits."""

    def __init__(self, recipe: Starter, places: Sequence[Place], log_folder: Path, *, warm_up: WarmUp = lambda view: None) -> None:
        """`warm_up` makes what each new backend does before its first job, of which nobody hears."""
        self._recipe = recipe
        self._warm_up = warm_up
        self._changed = threading.Condition()
        self._waiting: deque[_Ticket] = deque()
        self._tickets: dict[str, _Ticket] = {}  # by job, until the last word
        self._is_closing = False
        self._workers = [_Worker(place=place, log_path=log_folder / f"worker-{number}.log") for number, place in enumerate(places)]

    def start(self) -> None:
        for number, worker in enumerate(self._workers):
            worker.thread = threading.Thread(target=self._run, args=(worker,), name=f"worker-{number}", daemon=True)
            worker.thread.start()

    def submit(self, request: JobRequest, listen: Listen) -> None:
        """Put a job at the end of the queue. `request.job` is its name, of which no other unfinished job may be."""
        with self._changed:
            if request.job in self._tickets:
                raise ValueError(f"there is a job {request.job} already")
            self._tickets[request.job] = ticket = _Ticket(request=request, listen=listen)
            self._waiting.append(ticket)
            self._changed.notify()

    def cancel(self, job: str, target: int = -1) -> bool:
        """The whole job, or one of its targets. False where there is no such job (any more)."""
        with self._changed:
            ticket = self._tickets.get(job)
            if ticket is None:
                return False
            if ticket.inbox is not None:
                ticket.inbox.put(_CancelAsked(target=target))
                return True
            if target >= 0:
                return False  # before it is located nothing has a number
            self._waiting.remove(ticket)
            del self._tickets[job]
        _tell(ticket, Cancelled(job=job))
        return True

    @property
    def waiting(self) -> int:
        """Jobs that no worker has begun."""
        return len(self._waiting)

    def position(self, job: str) -> int:
        """How many jobs come before it; -1 where it does not wait."""
        with self._changed:
            return next((number for number, ticket in enumerate(self._waiting) if ticket.request.job == job), -1)

    @property
    def is_ready(self) -> bool:
        """Whether a worker has warmed up."""
        return any(worker.is_warm for worker in self._workers)

    def views(self) -> tuple[WorkerView, ...]:
        return tuple(_view(worker) for worker in self._workers)

    def close(self, seconds: float = 0.0) -> None:
        """Begin nothing more, let what runs go on for so many seconds, and end every process."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        end = time.monotonic() + seconds
        started = [worker for worker in self._workers if worker.thread.ident is not None]
        for worker in started:
            worker.thread.join(max(0.0, end - time.monotonic()))
        for worker in started:
            process = worker.process
            if process is not None and worker.thread.is_alive():
                process.kill()
            worker.thread.join()

    # --- a worker's thread ------------------------------------------------------------------------------------------

    def _run(self, worker: _Worker) -> None:
        failures = 0
        while not self._is_closing:
            if worker.process is None:
                failures = 0 if self._start(worker) else failures + 1
                if failures:
                    self._pause(worker, failures)
                continue
            ticket = self._next(worker)
            if ticket is not None:
                self._do(worker, ticket)
        if worker.process is not None:
            worker.process.end()
        worker.state = WorkerState.ENDED

    def _start(self, worker: _Worker) -> bool:
        worker.state = WorkerState.STARTING
        try:
            worker.process = self._recipe.start(worker.place, worker.log_path)
            worker.process.greet()
            self._warm(worker)
        except Img23DError as error:
            log.warning("worker on %s: %s\n%s", worker.place.label, error.sentence, error.detail)
            self._drop(worker)
            worker.state, worker.problem = WorkerState.BROKEN, error.sentence
            return False
        worker.state, worker.problem, worker.is_warm = WorkerState.IDLE, "", True
        return True

    def _pause(self, worker: _Worker, failures: int) -> None:
        """Let nobody wait for a backend that does not start: what another worker does not take fails."""
        with self._changed:
            is_hopeless = failures >= TRIES and all(one.state is WorkerState.BROKEN for one in self._workers)
            given_up = list(self._waiting) if is_hopeless else []
            for ticket in given_up:
                self._waiting.remove(ticket)
                del self._tickets[ticket.request.job]
            pause = _PAUSES[min(failures, len(_PAUSES) - 1)]
        for ticket in given_up:
            _tell(ticket, Failed(job=ticket.request.job, code=ErrorCode.BACKEND_START, sentence=worker.problem))
        with self._changed:
            self._changed.wait_for(lambda: self._is_closing, pause)

    def _warm(self, worker: _Worker) -> None:
        """Raises Img23DError(BACKEND_START) where the backend does not outlive it; a job that fails is no obstacle."""
        assert worker.process is not None
        request = self._warm_up(_view(worker))
        if request is None:
            return
        worker.process.send(request)
        while True:
            item = worker.process.receive(SILENCE_SECONDS)
            if isinstance(item, LAST_WORDS) and item.job == request.job:
                return
            if item is None or isinstance(item, Ended) or self._is_closing:
                raise Img23DError(ErrorCode.BACKEND_START, "A backend did not outlive its first job.", worker.process.tail())

    def _next(self, worker: _Worker) -> _Ticket | None:
        """The next job, None where the process has died or the pool is closed."""
        assert worker.process is not None
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closing, 1.0)
            if not worker.process.is_alive:
                self._drop(worker)
                return None
            if self._is_closing or not self._waiting:
                return None
            if not worker.process.is_quiet():
                return None
            ticket = self._waiting.popleft()
            ticket.inbox, worker.ticket, worker.state = worker.process.inbox, ticket, WorkerState.BUSY
            return ticket

    def _do(self, worker: _Worker, ticket: _Ticket) -> None:
        assert worker.process is not None
        ticket.tries += 1
        worker.process.send(ticket.request)
        last = self._listen(worker.process, ticket)
        with self._changed:
            ticket.inbox, worker.ticket, worker.state = None, None, WorkerState.IDLE
            if last is None or (isinstance(last, Failed) and last.code == ErrorCode.DEVICE_LOST):
                self._drop(worker)  # also where only a new process can use the card again
            if last is None and self._is_closing:
                return
            is_again = last is None and ticket.tries < TRIES and not ticket.is_cancelled
            if is_again:
                self._waiting.appendleft(ticket)
                self._changed.notify()
            else:
                del self._tickets[ticket.request.job]
        job = ticket.request.job
        if is_again:
            _tell(ticket, Notice(job=job, sentence=_RESTARTED))
        elif last is None and ticket.is_cancelled:
            _tell(ticket, Cancelled(job=job))
        else:
            _tell(ticket, last or Failed(job=job, code=ErrorCode.BACKEND_DIED, sentence="The backend ended in the middle of it, more than once."))

    def _listen(self, process: Backend, ticket: _Ticket) -> FromBackend | None:
        """Pass on what is said until the last word, which is returned; None where the process died or had to be ended."""
        cancelled_at = 0.0
        while True:
            item = process.receive(CANCEL_SECONDS - (time.monotonic() - cancelled_at) if cancelled_at else SILENCE_SECONDS)
            match item:
                case None:
                    log.warning("worker %d is ended: it does not answer", process.pid)
                    return None
                case Ended():
                    log.warning("worker %d has ended with status %s\n%s", process.pid, item.code, item.tail)
                    return None
                case _CancelAsked():
                    if item.target < 0 and not cancelled_at:
                        cancelled_at, ticket.is_cancelled = time.monotonic(), True
                    process.send(Cancel(job=ticket.request.job, target=item.target))
                case _ if getattr(item, "job", None) == ticket.request.job:
                    if isinstance(item, LAST_WORDS):
                        return item
                    _tell(ticket, item)  # pyright: ignore[reportArgumentType]  # a message with a job: the inbox has no other ones

    def _drop(self, worker: _Worker) -> None:
        if worker.process is not None:
            worker.process.kill()
            worker.process = None


def _tell(ticket: _Ticket, message: FromBackend) -> None:
    try:
        ticket.listen(message)
    except Exception:  # the listener's fault, which must not end the worker
        log.exception("job %s: %s could not be told", ticket.request.job, type(message).__name__)


def _view(worker: _Worker) -> WorkerView:
    process, ticket = worker.process, worker.ticket
    return WorkerView(
        place=f"{worker.place.label} on {process.machine}" if process is not None and process.machine else worker.place.label,
        state=worker.state,
        pid=process.pid if process is not None else 0,
        job=ticket.request.job if ticket is not None else "",
        hello=process.hello if process is not None else None,
        status=process.status if process is not None else None,
        problem=worker.problem,
    )
