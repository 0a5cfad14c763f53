"""One backend process, spoken to through its pipes."""

from __future__ import annotations

import contextlib
import logging
import queue
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from img23d_protocol import PROTOCOL_VERSION, ErrorCode, Img23DError, ProtocolError, decode, encode
from img23d_protocol.limits import ANSWER_MAX
from img23d_protocol.messages import Hello, Log, Message, Shutdown, Status

log = logging.getLogger(__name__)

HELLO_SECONDS = 60.0  # an antivirus reads each file first
END_SECONDS = 3.0
_TAIL_BYTES = 2000  # of the log, for the report of a death


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The process is gone; `tail` are the last lines of its log."""

    code: int | None
    tail: str = ""


class WorkerProcess:
    """Started when it is made. `inbox` has what it says, and `Ended` as the last of all; others may put what they want in as well."""

    def __init__(self, command: Sequence[str], variables: Mapping[str, str], log_path: Path) -> None:
        """Raises Img23DError(BACKEND_START)."""
        self.inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
        self.hello: Hello | None = None
        self.status: Status | None = None  # the last one that came
        self._log_path = log_path
        self._writing = threading.Lock()
        try:
            log_path.parent.mkdir(parents=True, exist_ok=True)
            with open(log_path, "ab") as log_file:
                self._process = subprocess.Popen(
                    command,
                    bufsize=0,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log_file,
                    env=dict(variables),
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                    start_new_session=True,  # Ctrl+C in the terminal is for whoever started it
                )
        except OSError as error:
            raise Img23DError(ErrorCode.BACKEND_START, "A backend could not be started: look at the Python it is to run in.", f"{command}: {error}") from error
        threading.Thread(target=self._read, name="worker-reader", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def greet(self) -> None:
        """Wait for its first words. Raises Img23DError(BACKEND_START, VERSION_MISMATCH)."""
        end = time.monotonic() + HELLO_SECONDS
        while True:
            item = self.receive(end - time.monotonic())
            match item:
                case Hello() if item.protocol == PROTOCOL_VERSION:
                    return
                case Hello():
                    sentence = "The worker is of another version than this program: install the same version in both."
                    raise Img23DError(ErrorCode.VERSION_MISMATCH, sentence, f"protocol {item.protocol}, not {PROTOCOL_VERSION}")
                case None:
                    raise Img23DError(ErrorCode.BACKEND_START, "A backend was started and says nothing.", self.tail())
                case Ended():
                    raise Img23DError(ErrorCode.BACKEND_START, "A backend ended as soon as it was started.", item.tail)

    def send(self, message: Message) -> None:
        """To a process that is gone it is dropped: `Ended` tells of that. Raises ProtocolError."""
        rest = memoryview(encode(message).encode("ascii") + b"\n")
        assert self._process.stdin is not None
        with self._writing, contextlib.suppress(OSError, ValueError):
            while rest:
                rest = rest[self._process.stdin.write(rest) :]

    def receive(self, seconds: float) -> object | None:
        """The next item of the inbox, None when nothing came in time."""
        try:
            return self.inbox.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return None

    def is_quiet(self) -> bool:
        """Drop what nobody waited for, such as a later `Status`; False where the process has ended."""
        while True:
            match self.receive(0.0):
                case None:
                    return True
                case Ended() as ended:
                    self.inbox.put(ended)
                    return False

    def end(self, seconds: float = END_SECONDS) -> None:
        """Ask it to end, and end it where it does not."""
        self.send(Shutdown())
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        self.kill()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        with self._writing, contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()

    def tail(self) -> str:
        try:
            with open(self._log_path, "rb") as file:
                file.seek(max(0, self._log_path.stat().st_size - _TAIL_BYTES))
                return file.read().decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as pipe, contextlib.suppress(OSError):
            unfinished = b""
            while chunk := pipe.read(1 << 16):
                *lines, unfinished = (unfinished + chunk).split(b"\n")
                for line in lines:
                    self._take(line)
                if len(unfinished) > ANSWER_MAX:
                    log.warning("worker %d is ended: it sends no lines", self.pid)
                    break
        self._process.kill()  # without its channel it is of no use
        self.inbox.put(Ended(code=self._process.wait(), tail=self.tail()))

    def _take(self, line: bytes) -> None:
        try:
            message = decode(line)
        except ProtocolError as error:
            log.warning("worker %d: not understood: %s", self.pid, error)
            return
        if isinstance(message, Log):
            log.log(logging.WARNING if message.level in ("WARNING", "ERROR", "CRITICAL") else logging.INFO, "worker %d: %s", self.pid, message.text)
            return
        if isinstance(message, Hello):
            self.hello = message
        if isinstance(message, Status):
            self.status = message
        self.inbox.put(message)
