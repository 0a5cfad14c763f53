"""The jobs of the server: accepted, waiting, running, finished, and what is said of each, for whoever listens now or later."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import statistics
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from img23d_protocol import ErrorCode, Img23DError, encode
from img23d_protocol.machines import sentences
from img23d_protocol.messages import Accepted, Cancelled, EnginePace, Failed, Finished, FromBackend, Generate, Located, Notice, Progress

from ..workers.pool import LAST_WORDS, JobRequest, WorkerPool
from .job_files import JobFolder, JobRecord, folders_in, is_id, last_of

log = logging.getLogger(__name__)

WAITING, RUNNING, FINISHED, CANCELLED, FAILED = "waiting", "running", "finished", "cancelled", "failed"
SWEEP_SECONDS = 30.0
_PACES = 5  # of the newest finished jobs of an engine, of which the median counts
_USUAL_SECONDS = 30.0  # of a job, while none is known


class QueueFull(Exception):
    """No more jobs may wait; `seconds` is when it is worth asking again."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


@dataclass(kw_only=True)
class ServedJob:
    """A job in memory. `lines` are its events in their order, from the file once it has ended; `progress` the newest report; `said` what was said of a
    job that ends with its connection, of which nothing is written.
    """

    record: JobRecord
    folder: JobFolder
    lines: list[str] = field(default_factory=list)
    said: list[FromBackend] = field(default_factory=list)
    progress: str = ""
    last: FromBackend | None = None
    submitted: float = field(default_factory=time.monotonic)
    begun: float | None = None
    ended: float | None = None  # of time.monotonic, as the others
    count: int = 0  # events, when `lines` are not held any more
    targets: int = 1
    lock: threading.Lock = field(default_factory=threading.Lock)
    listeners: set[asyncio.Event] = field(default_factory=set)

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def state(self) -> str:
        match self.last:
            case Finished():
                return FINISHED
            case Cancelled():
                return CANCELLED
            case Failed():
                return FAILED
            case _:
                return WAITING if self.begun is None else RUNNING

    def events(self, after: int = 0) -> list[tuple[int, str]]:
        """Numbers and lines of those that come after a number."""
        with self.lock:
            lines = self.folder.read_events() if self.last is not None and not self.record.passing else self.lines
            if self.last is not None and last_of(lines) is None:
                lines.append(encode(self.last))  # where the disk was full
            return [(number, line) for number, line in enumerate(lines[after:], after + 1)]

    @property
    def event_count(self) -> int:
        return self.count if self.last is not None else len(self.lines)


class JobDesk:
    """Made in the server's event loop; the workers' threads report to it."""

    def __init__(self, pool: WorkerPool, folder: Path, *, queue: int, keep_seconds: float) -> None:
        self.pool = pool
        self.limit = queue
        self.stopping = asyncio.Event()
        self._base = folder / "jobs"
        self._keep_seconds = keep_seconds
        self._loop = asyncio.get_running_loop()
        self._jobs: dict[str, ServedJob] = {}
        self._keys: dict[str, str] = {}  # the client's name of a request -> job
        self._reserved = 0  # places in the queue of requests that are still being read
        self._paces: dict[str, deque[float]] = {}
        self._seconds: deque[float] = deque(maxlen=20)  # of whole jobs

    # --- accepting --------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Take up what an earlier server has left: what was finished stays, the rest is done again. Raises OSError."""
        self._base.mkdir(parents=True, exist_ok=True)
        folders_in(self._base, self._take_up)

    def _take_up(self, folder: JobFolder, record: JobRecord | None) -> None:
        if record is None or record.passing:
            folder.remove()
            return
        job = ServedJob(record=record, folder=folder, lines=folder.read_events())
        self._jobs[job.id] = job
        if record.key:
            self._keys[record.key] = job.id
        last = last_of(job.lines)
        if last is not None:
            self._close_log(job, last)
        else:
            if job.lines:  # somebody may have heard of it, and wonders why it does the same again
                self._record(job, notice := Notice(job=job.id, sentence=sentences.TAKEN_UP), encode(notice))
            self.pool.submit(record.message, lambda message: self._hear(job, message))

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """A place in the queue for a request that is still being read. Raises QueueFull, Img23DError."""
        if self.stopping.is_set():
            raise Img23DError(ErrorCode.BUSY, "The server is being stopped: ask again in a moment.")
        if self.pool.waiting + self._reserved >= self.limit:
            raise QueueFull(self.again_seconds())
        self._reserved += 1
        try:
            yield
        finally:
            self._reserved -= 1

    def again_seconds(self) -> int:
        """When a place in the queue is likely to be free."""
        usual = statistics.median(self._seconds) if self._seconds else _USUAL_SECONDS
        return int(min(600.0, max(1.0, usual / max(1, len(self.pool.views())))))

    def by_key(self, key: str) -> ServedJob | None:
        return self._jobs.get(self._keys.get(key, "")) if key else None

    @contextlib.contextmanager
    def new_folder(self) -> Iterator[JobFolder]:
        """For the files of a request, not made yet; it goes again unless the block accepts a job for it."""
        folder = JobFolder(path=self._base / secrets.token_hex(16))
        try:
            yield folder
        finally:
            if folder.path.name not in self._jobs:
                folder.remove()

    def accept(self, folder: JobFolder, message: JobRequest, *, key: str = "", passing: bool = False) -> ServedJob:
        """From here on the job survives the server's end, unless it is passing. Raises OSError."""
        name = folder.path.name
        record = JobRecord(id=name, message=replace(message, job=name, run_folder=str(folder.run)), key=key, created=time.time(), passing=passing)
        if not passing:
            folder.write_record(record)
        job = ServedJob(record=record, folder=folder)
        self._jobs[job.id] = job
        if key:
            self._keys[key] = job.id
        self.pool.submit(record.message, lambda message: self._hear(job, message))
        return job

    # --- looking ----------------------------------------------------------------------------------------------------

    def job(self, job_id: str) -> ServedJob | None:
        return self._jobs.get(job_id) if is_id(job_id) else None

    def jobs(self) -> list[ServedJob]:
        """The newest first, without those that only live for their connection."""
        return sorted((job for job in list(self._jobs.values()) if not job.record.passing), key=lambda job: -job.record.created)

    def paces(self) -> list[EnginePace]:
        return [EnginePace(engine=engine, seconds=round(statistics.median(seconds), 3), jobs=len(seconds)) for engine, seconds in sorted(self._paces.items())]

    async def follow(self, job: ServedJob, after: int) -> AsyncIterator[tuple[int, str] | None]:
        """Events after a number, and the newest progress with the number before it, until the last word. None: nothing for a while."""
        changed, told = asyncio.Event(), ""
        job.listeners.add(changed)
        try:
            while True:
                changed.clear()
                is_over, progress = job.last is not None, job.progress
                for number, line in job.events(after):
                    after = number
                    yield number, line
                if is_over or self.stopping.is_set():
                    return
                if progress and progress is not told:
                    told = progress
                    yield after, progress
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(10.0):
                        await changed.wait()
                if not changed.is_set():
                    yield None
        finally:
            job.listeners.discard(changed)

    async def ended(self, job: ServedJob) -> FromBackend:
        """Its last word. Raises Img23DError(BUSY) where the server is stopped before."""
        changed = asyncio.Event()
        job.listeners.add(changed)
        try:
            while job.last is None:
                if self.stopping.is_set() and job.begun is None:
                    raise Img23DError(ErrorCode.BUSY, "The server is being stopped: ask again in a moment.")
                changed.clear()
                await changed.wait()
        finally:
            job.listeners.discard(changed)
        return job.last

    # --- ending -----------------------------------------------------------------------------------------------------

    def cancel(self, job: ServedJob, target: int = -1) -> bool:
        return self.pool.cancel(job.id, target)

    def remove(self, job: ServedJob) -> None:
        """With its files; one that is not finished is cancelled before."""
        self._jobs.pop(job.id, None)
        self._keys.pop(job.record.key, None)
        if job.last is None and self.pool.cancel(job.id):
            return  # the files go with its last word
        job.folder.remove()

    def sweep(self) -> None:
        """Remove what was finished long enough ago."""
        end = time.monotonic() - self._keep_seconds
        for job in [job for job in list(self._jobs.values()) if job.ended is not None and job.ended < end and not job.record.passing]:
            self.remove(job)

    def stop(self) -> None:
        """Tell everybody who waits that the server is being stopped."""
        self.stopping.set()
        for job in list(self._jobs.values()):
            self._wake(job)

    # --- what the workers' threads say ------------------------------------------------------------------------------

    def _hear(self, job: ServedJob, message: FromBackend) -> None:
        line = encode(message)
        if isinstance(message, Progress):
            job.progress = line
        else:
            self._record(job, message, line)
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._wake, job)

    def _record(self, job: ServedJob, message: FromBackend, line: str) -> None:
        if isinstance(message, Accepted):
            job.begun = job.begun or time.monotonic()
        if isinstance(message, Located):
            job.targets = max(1, len(message.targets))
        is_last = isinstance(message, LAST_WORDS)
        with job.lock:
            if line in job.lines and not is_last:
                return  # said before a backend was started again
            job.lines.append(line)
            if job.record.passing:
                job.said.append(message)
            else:
                self._write(job, line, durable=is_last)
        if is_last:
            self._learn(job, message)
            self._close_log(job, message)
            if job.id not in self._jobs:
                job.folder.remove()

    @staticmethod
    def _write(job: ServedJob, line: str, *, durable: bool) -> None:
        try:
            job.folder.add_event(line, durable=durable)
        except OSError as error:  # a full disk, or the job was removed
            log.warning("job %s: an event is not kept: %s", job.id, error)

    def _learn(self, job: ServedJob, message: FromBackend) -> None:
        if not isinstance(message, Finished):
            return
        self._seconds.append(message.seconds)
        if isinstance(job.record.message, Generate) and message.made:
            self._paces.setdefault(job.record.message.engine, deque(maxlen=_PACES)).append(message.seconds / job.targets)

    def _close_log(self, job: ServedJob, last: FromBackend) -> None:
        """Its events are in the file, and not needed in memory any more."""
        with job.lock:
            job.count, job.progress = len(job.lines), ""
            if not job.record.passing:
                job.lines = []
            job.last, job.ended = last, time.monotonic()

    @staticmethod
    def _wake(job: ServedJob) -> None:
        for listener in job.listeners:
            listener.set()
