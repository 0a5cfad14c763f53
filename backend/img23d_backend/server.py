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

from img23d_protocol import PROTOCOL_VERSION, ErrorCode, ProtocolError, decode, encode
from img23d_protocol.messages import (
    Accepted,
    Cancel,
    Cancelled,
    Diagnose,
    Diagnosed,
    Failed,
    Finished,
    FromBackend,
    Generate,
    Hello,
    Locate,
    Log,
    Message,
    Paint,
    Shutdown,
    Unload,
    Unloaded,
)

from . import __version__, engines, process_memory
from .channel import Channel
from .job import Caller
from .stages import Engine

log = logging.getLogger(__name__)

JobRequest = Generate | Locate | Paint | Diagnose

_LONGEST_LINE = 16 * 1024 * 1024  # bytes
_FLUSH_SECONDS = 2.0
_LAST_WORDS = (Finished, Cancelled, Failed, Diagnosed)


@dataclass(frozen=True, kw_only=True)
class _ActiveJob:
    id: str
    cancelled: threading.Event = field(default_factory=threading.Event)


class Server:
    """One job at a time. The end of stdin ends the process at once, whatever the worker is doing."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._outbox = _Outbox(channel.write)
        self._inbox: queue.SimpleQueue[JobRequest | Unload | Shutdown] = queue.SimpleQueue()
        self._active: _ActiveJob | None = None
        self._engines: dict[str, Engine] = {}

    def serve(self) -> int:
        """Runs until Shutdown or the end of stdin; does not return, so that no thread can hold up the end."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is Blender's to handle
        logging.getLogger().addHandler(_ForwardingHandler(self._outbox))
        self._outbox.send(_hello())
        threading.Thread(target=self._read, name="reader", daemon=True).start()
        try:
            _warm_up()
            self._work()
        except BaseException:
            log.exception("the worker ended")
            _end(1)
        self._outbox.flush()
        _end(0)

    # --- the reader thread ------------------------------------------------------------------------------------------

    def _read(self) -> None:
        try:
            with open(self._channel.read, "rb") as pipe:
                while line := pipe.readline(_LONGEST_LINE):
                    self._take_line(line)
        except OSError:
            log.exception("stdin cannot be read")
        finally:
            log.info("stdin has ended")
            _end(0)

    def _take_line(self, line: bytes) -> None:
        try:
            self._take(decode(line))
        except ProtocolError as error:
            log.warning("ignored: %s", error)
        except Exception:  # the thread's boundary: a message that breaks us must not make us deaf
            log.exception("a message could not be taken: %r", line[:200])

    def _take(self, message: Message) -> None:
        active = self._active
        match message:
            case Cancel():
                if active is not None and active.id == message.job:
                    active.cancelled.set()
            case Shutdown():
                if active is not None:
                    active.cancelled.set()
                self._inbox.put(message)
            case Unload():
                self._inbox.put(message)
            case Generate() | Locate() | Paint() | Diagnose():
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
                case request:
                    self._do(request)

    def _do(self, request: JobRequest) -> None:
        active = self._active
        assert active is not None and active.id == request.job  # only the worker ends a job
        log.info("job %s: %s", request.job, type(request).__name__)
        self._outbox.send(Accepted(job=request.job))
        if isinstance(request, Diagnose):
            self._diagnose(request)
            return
        from .pipeline import run_job

        run_job(
            request,
            Caller(emit=self._emit, load_engine=self._load_engine, is_cancelled=active.cancelled.is_set),
        )

    def _diagnose(self, request: Diagnose) -> None:
        from .diagnose import report
        from .failures import as_known

        try:
            self._emit(Diagnosed(job=request.job, report=report()))
        except Exception as error:  # the job's boundary
            known = as_known(error)
            self._emit(Failed(job=request.job, code=known.code, sentence=known.sentence, detail=known.detail))

    def _emit(self, message: FromBackend) -> None:
        if isinstance(message, _LAST_WORDS):
            self._active = None  # first, since the caller may answer with its next job at once
        self._outbox.send(message)

    def _load_engine(self, engine_id: str) -> Engine:
        if engine_id not in self._engines:
            self._engines[engine_id] = engines.load(engine_id)
        return self._engines[engine_id]

    def _unload(self) -> int:
        freed = sum(engine.unload() for engine in self._engines.values())
        self._engines.clear()
        gc.collect()
        return freed + process_memory.trim()


class _Outbox:
    """Lines for Blender, written by a thread of their own: a Blender that does not read stops nobody."""

    def __init__(self, descriptor: int) -> None:
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._pipe = open(descriptor, "wb", buffering=0)
        self._thread = threading.Thread(target=self._write, name="writer", daemon=True)
        self._thread.start()

    def send(self, message: FromBackend) -> None:
        """Raises ProtocolError where the message cannot be encoded."""
        self._lines.put(encode(message).encode("ascii") + b"\n")

    def flush(self) -> None:
        """No more messages: wait until the last one is written, but not for ever."""
        self._lines.put(None)
        self._thread.join(_FLUSH_SECONDS)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            rest = memoryview(line)
            try:
                while rest:
                    rest = rest[self._pipe.write(rest) :]
            except OSError:
                log.info("Blender reads no more")
                _end(0)


class _ForwardingHandler(logging.Handler):
    """Warnings reach Blender's own log as well."""

    def __init__(self, outbox: _Outbox) -> None:
        super().__init__(logging.WARNING)
        self._outbox = outbox

    def emit(self, record: logging.LogRecord) -> None:
        self._outbox.send(Log(level=record.levelname, text=record.getMessage()))


def _hello() -> Hello:
    return Hello(
        protocol=PROTOCOL_VERSION,
        backend=__version__,
        python=platform.python_version(),
        pid=os.getpid(),
        engines=engines.infos(),
    )


def _warm_up() -> None:
    """Import what the first job needs while the artist is still choosing; that job would tell what is missing."""
    for module in ("cv2", f"{__package__}.pipeline"):
        try:
            importlib.import_module(module)
        except Exception:  # a broken wheel may raise anything
            log.exception("%s cannot be imported", module)


def _end(code: int) -> None:
    """At once: no thread, no library and no exit handler is asked."""
    logging.shutdown()
    os._exit(code)
