"""A backend process of this machine, spoken to through its pipes."""

from __future__ import annotations

import contextlib
import logging
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from img23d_protocol import ErrorCode, Img23DError, encode
from img23d_protocol.limits import ANSWER_MAX
from img23d_protocol.messages import Message, Shutdown

from .backend import Backend, Ended

log = logging.getLogger(__name__)

END_SECONDS = 3.0
_TAIL_BYTES = 2000  # of the log, for the report of a death


class WorkerProcess(Backend):
    """Started when it is made."""

    def __init__(self, command: Sequence[str], variables: Mapping[str, str], log_path: Path) -> None:
        """Raises Img23DError(BACKEND_START)."""
        super().__init__()
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

    def send(self, message: Message) -> None:
        self.send_line(encode(message))

    def send_line(self, line: str) -> None:
        """A message that is encoded already."""
        rest = memoryview(line.encode("ascii") + b"\n")
        assert self._process.stdin is not None
        with self._writing, contextlib.suppress(OSError, ValueError):
            while rest:
                rest = rest[self._process.stdin.write(rest) :]

    def end(self, seconds: float = END_SECONDS) -> None:
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
                    self.take(line)
                if len(unfinished) > ANSWER_MAX:
                    log.warning("worker %d is ended: it sends no lines", self.pid)
                    break
        self._process.kill()  # without its channel it is of no use
        self.inbox.put(Ended(code=self._process.wait(), tail=self.tail()))
