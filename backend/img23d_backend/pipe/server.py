"""The process beside Blender: a reader thread, a worker loop, and a writer thread, so that nobody waits for a pipe."""

from __future__ import annotations

import gc
import importlib
import logging
import os
import platform
import queue
import signal
import threading
from dataclasses import dataclass, field
from typing import NoReturn

from img23d_protocol import PROTOCOL_VERSION, ErrorCode, ProtocolError, decode
from img23d_protocol.limits import REQUEST_MAX
from img23d_protocol.messages import (
    Accepted,
    Cancel,
    Cancelled,
    Close,
    Diagnose,
    Diagnosed,
    Edit,
    Failed,
    Finished,
    FromBackend,
    Generate,
    Hello,
    Inspect,
    Locate,
    Message,
    Paint,
    Pick,
    Ping,
    Pong,
    SetupRequest,
    Shutdown,
    Split,
    Unload,
    Unloaded,
    Unwrap,
)

from .. import __version__
from ..engines import Engines
from ..jobs.job import Caller
from ..machine import memory
from .channel import Channel
from .outbox import ForwardingHandler, Outbox, end_process

log = logging.getLogger(__name__)

JobRequest = Edit | Generate | Locate | Pick | Unwrap | Paint | Split | Close | SetupRequest | Diagnose

_LAST_WORDS = (Finished, Cancelled, Failed, Diagnosed)


@dataclass(frozen=True, kw_only=True)
class _ActiveJob:
    id: str
    cancelled: threading.Event = field(default_factory=threading.Event)
    stopped: set[int] = field(default_factory=set)  # targets; the reader adds, the worker looks


class Server:
    """One job at a time. The end of stdin ends the process at once, whatever the worker is doing."""

    def __init__(self, channel: Channel, engines: Engines) -> None:
        self._channel = channel
        self._engines = engines
        self._outbox = Outbox(channel.write)
        self._inbox: queue.SimpleQueue[JobRequest | Inspect | Unload | Shutdown] = queue.SimpleQueue()
        self._active: _ActiveJob | None = None

    def serve(self) -> NoReturn:
        """Runs until Shutdown or the end of stdin; does not return, so that no thread can hold up the end."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is Blender's to handle
        logging.getLogger().addHandler(ForwardingHandler(self._outbox))
        self._outbox.send(_hello(self._engines))
        threading.Thread(target=self._read, name="reader", daemon=True).start()
        # Beside the worker: torch takes seconds to import, and a first job of the preview engine needs none of it.
        threading.Thread(target=self._tell_status, name="status", daemon=True).start()
        try:
            _warm_up()
            self._work()
        except BaseException:
            log.exception("the worker ended")
            end_process(1)
        self._outbox.flush()
        end_process(0)

    # --- the reader thread ------------------------------------------------------------------------------------------

    def _read(self) -> None:
        try:
            with open(self._channel.read, "rb") as pipe:
                while line := pipe.readline(REQUEST_MAX):
                    self._take_line(line)
        except OSError:
            log.exception("stdin cannot be read")
        finally:
            log.info("stdin has ended")
            end_process(0)

    def _take_line(self, line: bytes) -> None:
        try:
            self._take(decode(line))
        except ProtocolError as error:
            log.warning("ignored: %s", error)
        except Exception:  # the thread's boundary: a message that cannot be handled must not end the reading
            log.exception("a message could not be taken: %r", line[:200])

    def _take(self, message: Message) -> None:
        active = self._active
        match message:
            case Cancel():
                if active is not None and active.id == message.job:
                    active.stopped.add(message.target) if message.target >= 0 else active.cancelled.set()
            case Ping():
                self._outbox.send(Pong())
            case Shutdown():
                if active is not None:
                    active.cancelled.set()
                self._inbox.put(message)
            case Unload() | Inspect():
                self._inbox.put(message)
            case _ if isinstance(message, JobRequest):
                if active is not None:
                    sentence = "A job is running already: wait for it to finish, or cancel it."
                    self._outbox.send(Failed(job=message.job, code=ErrorCode.BUSY, sentence=sentence))
                    return
                self._active = _ActiveJob(id=message.job)
                self._inbox.put(message)
            case _:
                log.warning("ignored: %s is not for the backend", type(message).__name__)

    # --- the worker -------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            match self._inbox.get():
                case Shutdown():
                    return
                case Unload():
                    self._outbox.send(Unloaded(freed=self._unload()))
                case Inspect():
                    self._tell_status()
                case request:
                    self._do(request)

    def _do(self, request: JobRequest) -> None:
        active = self._active
        assert active is not None and active.id == request.job  # only the worker ends a job
        log.info("job %s: %s", request.job, type(request).__name__)
        self._outbox.send(Accepted(job=request.job, stages=getattr(request, "stages", ())))
        match request:
            case Diagnose():
                from ..diagnose import run_diagnosis

                run_diagnosis(request, self._engines, self._caller(active))
            case Edit() | Generate() | Locate() | Pick() | Unwrap() | Paint():
                from ..jobs.pipeline import run_job

                run_job(request, self._caller(active))
            case Split() | Close():
                from ..jobs.parts.splitting import run_parts_job

                run_parts_job(request, self._caller(active))
            case _:
                from ..jobs.setup_jobs import run_setup_job

                run_setup_job(request, self._engines, self._emit, active.cancelled.is_set)
                self._tell_status()

    def _caller(self, active: _ActiveJob) -> Caller:
        return Caller(
            emit=self._emit,
            load_engine=self._engines.load,
            load_splitter=self._engines.load_splitter,
            load_editor=self._engines.load_editor,
            is_cancelled=active.cancelled.is_set,
            is_target_cancelled=active.stopped.__contains__,
        )

    def _tell_status(self) -> None:
        try:
            self._outbox.send(self._engines.status())
        except Exception:  # a broken package may raise anything on import; the job that needs it says so
            log.exception("the machine could not be looked at")

    def _emit(self, message: FromBackend) -> None:
        if isinstance(message, _LAST_WORDS):
            self._active = None  # first, since the caller may answer with its next job at once
        self._outbox.send(message)

    def _unload(self) -> int:
        freed = self._engines.unload()
        gc.collect()
        return freed + memory.trim()


def _hello(engines: Engines) -> Hello:
    return Hello(
        protocol=PROTOCOL_VERSION,
        backend=__version__,
        python=platform.python_version(),
        pid=os.getpid(),
        engines=engines.infos(),
        splitters=engines.splitter_infos(),
    )


def _warm_up() -> None:
    """Import what the first job needs while the artist is still choosing; that job would tell what is missing."""
    for module in ("cv2", "..jobs.pipeline"):
        try:
            importlib.import_module(module, __package__)
        except Exception:  # a broken wheel may raise anything
            log.exception("%s cannot be imported", module)
