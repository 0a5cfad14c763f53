"""Backend processes of this machine, one job each at a time; one that is lost is replaced."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Cancel, Failed, FromBackend, Hello, Ping

from .backend_process import BackendProcess, Ended
from .pool import LAST_WORDS, JobRequest, Told

log = logging.getLogger(__name__)

Take = Callable[[FromBackend | Ended], None]
StartProcess = Callable[[int, Take], BackendProcess]  # the worker's number, and who takes its messages

MOST_FALSE_STARTS = 3  # in a row: processes that end before they say a word
SILENT_SECONDS = 60.0  # of a worker with a job, before it is asked whether it is there
_LOOK_SECONDS = 1.0
DEAF_SECONDS = 30.0  # for the answer, which comes at once whatever is being computed


@dataclass(kw_only=True)
class _Worker:
    number: int
    process: BackendProcess | None = None
    job: str = ""
    heard: float = 0.0  # of time.monotonic
    asked: float = 0.0  # 0: it is not waited for an answer
    false_starts: int = field(default=0)


class ProcessPool:
    """A `Pool` of so many processes, all of which are started at once."""

    def __init__(self, size: int, start: StartProcess, *, silent_seconds: float = SILENT_SECONDS, deaf_seconds: float = DEAF_SECONDS) -> None:
        """Raises Img23DError(BACKEND_START)."""
        self._start_process = start
        self._silent_seconds, self._deaf_seconds = silent_seconds, deaf_seconds
        self._said: queue.SimpleQueue[tuple[_Worker, BackendProcess, FromBackend | Ended]] = queue.SimpleQueue()
        self._workers = [_Worker(number=number) for number in range(size)]
        self._next_look = 0.0  # of time.monotonic
        self._changing = threading.Lock()  # the workers' jobs
        for worker in self._workers:
            self._start(worker)

    @property
    def capacity(self) -> int:
        return len(self._workers)

    @property
    def pids(self) -> list[int]:
        return [worker.process.pid for worker in self._workers if worker.process is not None]

    def submit(self, request: JobRequest) -> None:
        with self._changing:
            worker = next((one for one in self._workers if not one.job), None)
            if worker is None or worker.process is None:
                raise RuntimeError("every worker has a job")
            worker.job, worker.heard, worker.asked = request.job, time.monotonic(), 0.0
            process = worker.process
        process.send(request)

    def cancel(self, job: str, target: int = -1) -> None:
        with self._changing:
            processes = [one.process for one in self._workers if one.job == job and one.process is not None]
        for process in processes:
            process.send(Cancel(job=job, target=target))

    def take(self, seconds: float) -> Told | None:
        deadline = time.monotonic() + seconds
        while True:
            self._watch_when_due()
            try:
                worker, process, said = self._said.get(timeout=max(0.0, min(_LOOK_SECONDS, deadline - time.monotonic())))
            except queue.Empty:
                if time.monotonic() >= deadline:
                    return None
                continue
            told = self._heard(worker, process, said) if process is worker.process else None
            if told is not None:
                return told

    def close(self) -> None:
        processes = [worker.process for worker in self._workers if worker.process is not None]
        closing = [threading.Thread(target=process.close, name="closing") for process in processes]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()

    # --- one worker -------------------------------------------------------------------------------------------------

    def _start(self, worker: _Worker) -> None:
        """Its messages carry the process that sent them: what an older one of the same worker said last is not heard."""
        started: list[BackendProcess] = []
        is_known = threading.Event()

        def take(said: FromBackend | Ended) -> None:
            is_known.wait()
            self._said.put((worker, started[0], said))

        process = self._start_process(worker.number, take)
        started.append(process)
        worker.process = process
        is_known.set()

    def _heard(self, worker: _Worker, process: BackendProcess, said: FromBackend | Ended) -> Told | None:
        worker.heard, worker.asked = time.monotonic(), 0.0
        if isinstance(said, Ended):
            return self._lost(worker, said)
        if isinstance(said, Hello):
            worker.false_starts = 0
        job = getattr(said, "job", "")
        if not job or job != worker.job:
            return None
        if isinstance(said, Failed) and said.code == ErrorCode.DEVICE_LOST:
            process.kill()  # only a new process can use the card again
            self._start(worker)
        if isinstance(said, LAST_WORDS):
            with self._changing:
                worker.job = ""
        return Told(job=job, message=said)

    def _lost(self, worker: _Worker, ended: Ended) -> Told | None:
        log.warning("worker %d ended with %d: %s", worker.number, ended.code, ended.tail[-500:])
        worker.false_starts += 1
        if worker.false_starts > MOST_FALSE_STARTS:
            raise Img23DError(ErrorCode.BACKEND_START, "The worker processes end as soon as they are started.", ended.tail)
        self._start(worker)
        with self._changing:
            job, worker.job = worker.job, ""
        sentence = "The worker that made it ended in the middle."
        return Told(job=job, message=Failed(job=job, code=ErrorCode.BACKEND_DIED, sentence=sentence, detail=ended.tail)) if job else None

    def _watch_when_due(self) -> None:
        """A worker that is stuck so that it does not even answer is ended, and then replaced."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + _LOOK_SECONDS
        for worker in self._workers:
            if worker.process is None or not worker.job:
                continue
            if worker.asked and now - worker.asked > self._deaf_seconds:
                log.warning("worker %d does not answer", worker.number)
                worker.process.kill()
            elif not worker.asked and now - worker.heard > self._silent_seconds:
                worker.asked = now
                worker.process.send(Ping())
