"""A backend in a process of its own, started by this program and reached by the pipes of the contract.

The extension has its own way to one (blender_img23d/process), in which Blender never waits for a pipe. Here a thread reads, and whoever
sends writes: requests are small, and a backend always reads.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import img23d_protocol
from img23d_protocol import ErrorCode, Img23DError, ProtocolError, decode, encode
from img23d_protocol.limits import ANSWER_MAX
from img23d_protocol.messages import FromBackend, Log, Message, Shutdown, ToBackend
from img23d_protocol.variables import DEVICES, NETWORK, SYSTEM, WEIGHTS, kept

WAY_IN = "serve"  # the program's command that talks through stdin and stdout
TAIL_BYTES = 4096  # of the log, for the report of a death
CLOSE_SECONDS = 3.0  # for a backend that was asked to end
_GROUPS = (SYSTEM, NETWORK, DEVICES, WEIGHTS)
_VARIABLES = {"PYTHONNOUSERSITE": "1", "PYTHONSAFEPATH": "1", "PYTHONUTF8": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The process is gone; `code` is its exit status, `tail` the end of what it had in its log."""

    code: int
    tail: str


class BackendProcess:
    """Every message of the backend goes to `take`, by a thread of this object's own; the last thing that it gets is `Ended`.

    Linux ends a backend together with the thread that started it (`serve.channel.end_with_parent`): start it from one that lives as long as
    the backend is wanted.
    """

    def __init__(
        self,
        take: Callable[[FromBackend | Ended], None],
        *,
        log_path: Path,
        models: Path,
        variables: Mapping[str, str] | None = None,
        command: Sequence[str] = (),
    ) -> None:
        """`variables` are set beside what a backend inherits; `command` starts another program that speaks the contract. Raises
        Img23DError(BACKEND_START).
        """
        self._take = take
        self._log_path = log_path
        self._writing = threading.Lock()
        command = command or backend_command(log_path, models)
        try:
            log_path.parent.mkdir(parents=True, exist_ok=True)
            self._process = _start(command, child_variables() | dict(variables or {}), log_path)
        except (OSError, ValueError) as error:
            raise Img23DError(ErrorCode.BACKEND_START, "A worker process could not be started.", f"{list(command)}: {error}") from error
        threading.Thread(target=self._read, name=f"reader of {self.pid}", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, message: ToBackend) -> None:
        """A backend that is gone hears nothing: `Ended` tells of it. Raises ProtocolError where the message cannot be encoded."""
        line = encode(message).encode("ascii") + b"\n"
        assert self._process.stdin is not None
        with self._writing, contextlib.suppress(OSError, ValueError):  # a broken pipe, or one that was closed
            rest = memoryview(line)
            while rest:
                rest = rest[self._process.stdin.write(rest) :]

    def close(self) -> None:
        """Asks it to end after the present step, and ends it where that takes too long."""
        self.send(Shutdown())
        try:
            self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """At once, whatever it is doing."""
        self._process.kill()
        self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with open(self._process.stdout.fileno(), "rb", closefd=False) as pipe, contextlib.suppress(OSError, ValueError):
            while line := pipe.readline(ANSWER_MAX):
                if not line.endswith(b"\n"):
                    break  # cut off in the middle, or none of ours
                self._take(_message(line))
        self._process.kill()  # without its channel it is of no use
        self._take(Ended(code=self._process.wait(), tail=self._log_tail()))

    def _log_tail(self) -> str:
        try:
            with open(self._log_path, "rb") as log_file:
                log_file.seek(max(0, log_file.seek(0, os.SEEK_END) - TAIL_BYTES))
                return log_file.read().decode("utf-8", "replace").strip()
        except OSError:
            return ""


def backend_command(log_path: Path, models: Path) -> list[str]:
    """In the Python that this program runs in, which so has what the engine needs."""
    return [sys.executable, "-s", "-m", "img23d_backend", WAY_IN, "--log", str(log_path), "--models", str(models)]


def child_variables() -> dict[str, str]:
    """The environment of a backend: named variables only, and where the two packages lie."""
    folders = (Path(__file__).resolve().parents[2], Path(img23d_protocol.__file__).resolve().parents[1])
    return kept(os.environ, _GROUPS) | _VARIABLES | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(map(str, folders)))}


def _start(command: Sequence[str], variables: Mapping[str, str], log_path: Path) -> subprocess.Popen[bytes]:
    with open(log_path, "ab", opener=_private) as log_file:
        return subprocess.Popen(
            list(command),
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log_file,
            env=dict(variables),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            start_new_session=True,  # Ctrl+C in the terminal is this program's; the backend ends with it anyway
        )


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _message(line: bytes) -> FromBackend:
    try:
        message: Message = decode(line)
    except ProtocolError as error:
        return Log(level="info", text=f"not understood: {error}")
    return message if isinstance(message, FromBackend) else Log(level="info", text=f"not understood: {type(message).__name__} is for a backend")
