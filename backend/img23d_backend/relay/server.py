"""The process beside Blender: it speaks as a local backend does, and lets the other machine work."""

from __future__ import annotations

import logging
import os
import platform
import queue
import signal
import threading
import time
from typing import NoReturn, cast

from img23d_protocol import PROTOCOL_VERSION, ErrorCode, Img23DError, ProtocolError, decode
from img23d_protocol.limits import REQUEST_MAX
from img23d_protocol.machines import sentences
from img23d_protocol.messages import (
    Cancel,
    Diagnose,
    Failed,
    FromBackend,
    Hello,
    Inspect,
    Message,
    Notice,
    Ping,
    Pong,
    SetupRequest,
    Shutdown,
    Unload,
    Unloaded,
)

from .. import __version__
from ..pipe.channel import Channel
from ..pipe.outbox import ForwardingHandler, Outbox, end_process
from ..workers.pool import JOB_KINDS, LAST_WORDS, JobRequest
from .connection import Connection, Lost
from .job import RelayedJob
from .outlook import GREETING_SECONDS, LOOK_SECONDS, Outlook, diagnosed, look

log = logging.getLogger(__name__)

FAREWELL_SECONDS = 1.5  # in which the other machine hears that a job is not wanted any more
_LOOKS = (1.0, 1.0, 2.0, 4.0, 8.0)  # seconds between two looks at a server that is being started, or not there; then as the last
_MOST_LOOKS = 60  # that fail one after the other, before the other machine is left alone until somebody asks
_NOBODY = "-"  # no job's name: what is said is about the backend itself


class RelayServer:
    """One job at a time, as a local backend. The end of stdin ends the process, and cancels what is still being done for it."""

    def __init__(self, channel: Channel, connection: Connection) -> None:
        self._channel = channel
        self._connection = connection
        self._outbox = Outbox(channel.write)
        self._asked: queue.SimpleQueue[Inspect | Diagnose] = queue.SimpleQueue()
        self._job: RelayedJob | None = None
        self._leaving: list[threading.Thread] = []  # that tell the other machine what is not wanted any more
        self._lock = threading.Lock()  # of these
        self._has_complained = False

    def serve(self) -> NoReturn:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is Blender's to handle
        logging.getLogger().addHandler(ForwardingHandler(self._outbox))
        is_known = self._greet()
        threading.Thread(target=self._read, name="reader", daemon=True).start()
        try:
            self._answer(is_known=is_known)
        except BaseException:
            log.exception("the relay ended")
            end_process(1)

    # --- what is asked about the other machine ----------------------------------------------------------------------

    def _greet(self) -> bool:
        """The hello, whether the other machine is there or not. True where everything is known of it."""
        outlook, problem = self._look(GREETING_SECONDS)
        hello = Hello(protocol=PROTOCOL_VERSION, backend=__version__, python=platform.python_version(), pid=os.getpid())
        if outlook is not None:
            engines, splitters = outlook.status.engines, outlook.status.splitters
            hello = Hello(protocol=PROTOCOL_VERSION, backend=__version__, python=hello.python, pid=hello.pid, engines=engines, splitters=splitters)
        self._outbox.send(hello)
        return self._tell(outlook, problem)

    def _answer(self, *, is_known: bool) -> NoReturn:
        """What is asked, and unasked what the other machine tells, until that is everything."""
        pauses, failures = iter(_LOOKS), 0
        while True:
            try:
                asked = self._asked.get(timeout=None if is_known or failures > _MOST_LOOKS else next(pauses, _LOOKS[-1]))
            except queue.Empty:
                asked = None
            outlook, problem = self._look(LOOK_SECONDS)
            failures = 0 if outlook is not None else failures + 1
            is_known = self._tell(outlook, problem if isinstance(asked, Inspect) else None)
            if isinstance(asked, Diagnose):
                self._outbox.send(diagnosed(asked.job, outlook, problem))

    def _look(self, seconds: float) -> tuple[Outlook | None, Img23DError | None]:
        try:
            return look(self._connection, seconds), None
        except Lost as lost:
            return None, lost.error
        except Img23DError as error:
            return None, error

    def _tell(self, outlook: Outlook | None, problem: Img23DError | None) -> bool:
        """True where everything is known."""
        if outlook is not None:
            if self._has_complained:
                self._outbox.send(Notice(job=_NOBODY, sentence=""))
            self._has_complained = False
            self._outbox.send(outlook.status)
        elif problem is not None:
            self._has_complained = True
            log.info("%s %s", problem.sentence, problem.detail)
            self._outbox.send(Notice(job=_NOBODY, sentence=problem.sentence))
        return outlook is not None and outlook.is_whole

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
            self._end()

    def _take_line(self, line: bytes) -> None:
        try:
            self._take(decode(line))
        except ProtocolError as error:
            log.warning("ignored: %s", error)
        except Exception:  # the thread's boundary: a message that cannot be handled must not end the reading
            log.exception("a message could not be taken: %r", line[:200])

    def _take(self, message: Message) -> None:
        match message:
            case Cancel():
                self._cancel(message)
            case Ping():
                self._outbox.send(Pong())
            case Shutdown():
                self._end()
            case Unload():
                self._outbox.send(Unloaded(freed=0))  # what the other machine holds is for everybody
            case Inspect() | Diagnose():
                self._asked.put(message)
            case _ if isinstance(message, SetupRequest):
                self._outbox.send(Failed(job=message.job, code=ErrorCode.BAD_REQUEST, sentence=sentences.SET_UP_THERE))
            case _ if isinstance(message, JOB_KINDS):
                self._begin(cast(JobRequest, message))
            case _:
                log.warning("ignored: %s is not for the backend", type(message).__name__)

    def _begin(self, request: JobRequest) -> None:
        if self._job is not None:
            sentence = "A job is running already: wait for it to finish, or cancel it."
            self._outbox.send(Failed(job=request.job, code=ErrorCode.BUSY, sentence=sentence))
            return
        self._job = job = RelayedJob(request, self._connection, self._from_job)
        threading.Thread(target=self._do, args=(job,), name="job", daemon=True).start()

    def _cancel(self, message: Cancel) -> None:
        job = self._job
        if job is None or job.request.job != message.job:
            return
        if message.target >= 0:
            job.cancel_target(message.target)
        else:
            job.cancel()

    # --- the job's thread -------------------------------------------------------------------------------------------

    def _from_job(self, message: FromBackend) -> None:
        if isinstance(message, LAST_WORDS):
            job, self._job = self._job, None  # first, since the caller may answer with its next job at once
            if job is not None:
                self._leave(job)  # first as well: a caller that has all it wanted may end this process at once
        self._outbox.send(message)

    def _do(self, job: RelayedJob) -> None:
        log.info("job %s: %s", job.request.job, type(job.request).__name__)
        job.run()
        self._leave(job)

    def _leave(self, job: RelayedJob) -> None:
        thread = threading.Thread(target=self._remove, args=(job,), name="leave", daemon=True)
        thread.start()
        with self._lock:
            self._leaving = [*(one for one in self._leaving if one.is_alive()), thread]

    def _remove(self, job: RelayedJob) -> None:
        """What is still being done for it is cancelled by that. Tried until the server has heard it."""
        for pause in (*_LOOKS, *_LOOKS):
            try:
                job.remove()
                return
            except (Lost, Img23DError) as error:
                log.info("job %s is not removed there: %s", job.request.job, error)
                time.sleep(pause)

    def _end(self) -> NoReturn:
        """The other machine hears that nobody waits for the job any more, if that can be said quickly."""
        job = self._job
        if job is not None:
            job.abandon()
            self._leave(job)
        end = time.monotonic() + FAREWELL_SECONDS
        with self._lock:
            leaving = self._leaving
        for thread in leaving:
            thread.join(max(0.0, end - time.monotonic()))
        end_process(0)
