"""A backend in a process of its own, reached by pipes on its stdin and stdout."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import subprocess
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from ..core.session.link import LinkClosed
from ..shared.img23d_protocol import ErrorCode, Img23DError, ProtocolError, decode, encode
from ..shared.img23d_protocol.limits import ANSWER_MAX
from ..shared.img23d_protocol.messages import FromBackend, Log, Shutdown, ToBackend
from .inbox import Inbox

log = logging.getLogger(__name__)

CHUNK = 64 * 1024  # bytes a read
TAIL_BYTES = 4096  # of the log, for the report of a death
END_OF_STREAM_SECONDS = 1.0  # between the channel's end and the process's, and the other way round
SHUTDOWN_SECONDS = 2.0  # for a backend that was asked to end
TERMINATE_SECONDS = 1.0  # for one that was told to
EXIT_SECONDS = 0.5  # for one that was asked to end just before the interpreter exits


class LineTooLong(ValueError):
    """No message is so long: whoever sends it does not speak the protocol."""


class LineSplitter:
    """Takes chunks as they come and gives whole lines, without their end."""

    def __init__(self, longest: int = ANSWER_MAX) -> None:
        self._longest = longest
        self._unfinished = bytearray()  # the line that has not ended yet

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Raises LineTooLong, after the lines before; nothing can be made of what follows."""
        *ended, rest = chunk.split(b"\n")
        for piece in ended:
            self._add(piece)
            line = bytes(self._unfinished)
            self._unfinished.clear()
            if line.strip():
                yield line
        self._add(rest)

    def _add(self, piece: bytes) -> None:
        if len(self._unfinished) + len(piece) > self._longest:
            begin = bytes(self._unfinished[:80]) or piece[:80]
            self._unfinished.clear()
            raise LineTooLong(f"a line of more than {self._longest} bytes that began with {begin!r}")
        self._unfinished += piece


class PipeLink:
    """A `BackendLink`: a reader and a writer thread keep the main thread from ever waiting for a pipe.

    Each pipe is closed by the thread that uses it, since closing a descriptor under another thread's hands may hit a
    descriptor that was opened meanwhile. Raw descriptors, because a buffered stream's lock can end the interpreter's
    exit in a fatal error.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log_path: Path, *, exit_seconds: float = EXIT_SECONDS) -> None:
        """`log_path` takes what the backend says on stderr before it opens the same file for itself. `exit_seconds` is how long one that was
        asked to end may take at the interpreter's exit.
        """
        self._exit_seconds = exit_seconds
        self._command = list(command)
        self._environment = dict(environment)
        self._log_path = log_path
        self._log_start = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._inbox = Inbox()
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._asked_to_end = threading.Event()
        self._telling_of_end = threading.Lock()  # taken once and never given back
        self._gone_since: float | None = None

    def start(self) -> None:
        """Raises Img23DError(BACKEND_START)."""
        assert self._process is None, "a link is started once"
        try:
            self._process = self._spawn()
        except (OSError, ValueError) as error:
            sentence = "The backend could not be started: reinstall the Img23D extension from its zip file."
            raise Img23DError(ErrorCode.BACKEND_START, sentence, f"{self._command}: {error}") from error
        weakref.finalize(self, _end_at_exit, self._process, self._asked_to_end, self._exit_seconds)
        self._in_thread(self._read, "read")
        self._in_thread(self._write, "write")

    def send(self, message: ToBackend) -> None:
        self._outbox.put(encode(message).encode("ascii") + b"\n")

    def receive(self) -> list[FromBackend | LinkClosed]:
        items = self._inbox.take()
        if not items:
            self._watch_process()
        return items

    def close(self) -> None:
        self._asked_to_end.set()
        self._outbox.put(encode(Shutdown()).encode("ascii") + b"\n")
        self._outbox.put(None)
        self._inbox.close()
        self._reap_in_thread()

    def kill(self) -> None:
        self._outbox.put(None)
        self._inbox.close()
        if self._process is not None:
            self._process.kill()
            self._reap_in_thread()

    @property
    def pid(self) -> int:
        """Of the process. Raises RuntimeError before `start`."""
        if self._process is None:
            raise RuntimeError("not started yet")
        return self._process.pid

    # --- the process ------------------------------------------------------------------------------------------------

    def _spawn(self) -> subprocess.Popen[bytes]:
        with _opened_log(self._log_path) as log_file:
            self._log_start = log_file.tell()
            return subprocess.Popen(
                self._command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log_file,
                env=self._environment,
                cwd=self._log_path.parent,  # Blender's own may be on a disk that the artist wants to unplug
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                start_new_session=True,  # Ctrl-C in the terminal is Blender's; the backend ends with it anyway
            )

    def _watch_process(self) -> None:
        """Detects an exit that the reader cannot see, because a child of the backend still holds the channel open."""
        if self._process is None or self._process.poll() is None:
            return
        now = time.monotonic()
        self._gone_since = self._gone_since or now
        if now - self._gone_since > END_OF_STREAM_SECONDS:
            self._tell_of_end(self._process.returncode)

    def _tell_of_end(self, code: int | None, *, broke_off: bool = False) -> None:
        if self._telling_of_end.acquire(blocking=False):
            self._inbox.put(LinkClosed(code=code, tail=self._log_tail(), broke_off=broke_off))

    def _log_tail(self) -> str:
        try:
            with open(self._log_path, "rb") as log_file:
                size = log_file.seek(0, os.SEEK_END)
                start = self._log_start if self._log_start <= size else 0  # the backend began a long log anew
                log_file.seek(max(start, size - TAIL_BYTES))
                return log_file.read().decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def _reap_in_thread(self) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        try:
            self._in_thread(lambda: _reap(process), "end")
        except RuntimeError:  # the interpreter is ending and starts no thread any more
            process.kill()

    # --- the threads ------------------------------------------------------------------------------------------------

    def _in_thread(self, work: Callable[[], None], name: str) -> None:
        threading.Thread(target=work, name=f"img23d-{name}", daemon=True).start()

    def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        splitter, broke_off = LineSplitter(), False
        with self._process.stdout as stream, contextlib.suppress(OSError):
            try:
                while chunk := stream.read(CHUNK):
                    for line in splitter.feed(chunk):
                        self._inbox.put(_message(line), len(line))
            except LineTooLong as error:
                log.warning("the backend is ended: %s", error)
                broke_off = True
                self._process.kill()
        self._outbox.put(None)  # nobody listens any more
        self._tell_of_end(_code_after_end_of_stream(self._process), broke_off=broke_off)

    def _write(self) -> None:
        assert self._process is not None and self._process.stdin is not None
        _let_broken_pipes_raise()
        with self._process.stdin as stream, contextlib.suppress(OSError):  # a broken pipe: the reader tells of the end
            while (data := self._outbox.get()) is not None:
                rest = memoryview(data)
                while rest:
                    rest = rest[stream.write(rest) :]


def _let_broken_pipes_raise() -> None:
    """Python ignores SIGPIPE, but Blender 4.3's embedded one does not: writing to a dead backend then ends Blender.

    Blocked for this thread only; the write that would have caused it raises BrokenPipeError.
    """
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})


def _opened_log(path: Path) -> IO[bytes]:
    """For its owner only. A disk that is full costs the log, and not the backend: its results may lie on another one."""
    try:
        return open(path, "ab", opener=_private)
    except OSError as error:
        log.warning("the backend's log cannot be written: %s", error)
        return open(os.devnull, "ab")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _message(line: bytes) -> FromBackend:
    try:
        message = decode(line)
        if isinstance(message, FromBackend):
            return message
        return Log(level="info", text=f"not understood: {type(message).__name__} is for a backend")
    except ProtocolError as error:
        return Log(level="info", text=f"not understood: {error}")
    except Exception as error:  # the thread's boundary: a line that cannot be handled must not end the reading
        log.exception("a line could not be read: %r", line[:200])
        return Log(level="info", text=f"not understood: {error!r}")


def _code_after_end_of_stream(process: subprocess.Popen[bytes]) -> int | None:
    """The exit code; a backend that lives on without its channel is of no use and is ended, which gives None."""
    try:
        return process.wait(END_OF_STREAM_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None


def _reap(process: subprocess.Popen[bytes]) -> None:
    for deadline, harder in ((SHUTDOWN_SECONDS, process.terminate), (TERMINATE_SECONDS, process.kill)):
        try:
            process.wait(deadline)
            return
        except subprocess.TimeoutExpired:
            harder()
    process.wait()


def _end_at_exit(process: subprocess.Popen[bytes], asked_to_end: threading.Event, seconds: float) -> None:
    """When the interpreter exits while the backend lives; one that was asked to end has a moment to do so."""
    if process.poll() is not None:
        return
    with contextlib.suppress(subprocess.TimeoutExpired):
        if asked_to_end.is_set():
            process.wait(seconds)
    process.kill()
