"""What a pool needs of a backend, wherever it runs."""

from __future__ import annotations

import logging
import queue
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass

from img23d_protocol import PROTOCOL_VERSION, ErrorCode, Img23DError, ProtocolError, decode
from img23d_protocol.messages import Hello, Log, Message, Status

log = logging.getLogger(__name__)

HELLO_SECONDS = 60.0  # an antivirus reads each file first


@dataclass(frozen=True, kw_only=True)
class Ended:
    """It is gone; `tail` are the last lines of its log."""

    code: int | None
    tail: str = ""


class Backend(ABC):
    """`inbox` has what it says, and `Ended` as the last of all; others may put what they want in as well."""

    machine = ""  # where it runs, empty for this one

    def __init__(self) -> None:
        self.inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
        self.hello: Hello | None = None
        self.status: Status | None = None  # the last one that came

    @property
    @abstractmethod
    def pid(self) -> int:
        """A number that no other backend of the pool has."""

    @property
    @abstractmethod
    def is_alive(self) -> bool: ...

    @abstractmethod
    def send(self, message: Message) -> None:
        """To one that is gone it is dropped: `Ended` tells of that. Raises ProtocolError."""

    @abstractmethod
    def end(self) -> None:
        """Ask it to end, and end it where it does not."""

    @abstractmethod
    def kill(self) -> None: ...

    @abstractmethod
    def tail(self) -> str:
        """The last lines of its log, for the report of a death."""

    def greet(self, seconds: float = HELLO_SECONDS) -> None:
        """Wait for its first words. Raises Img23DError(BACKEND_START, VERSION_MISMATCH)."""
        end = time.monotonic() + seconds
        while True:
            item = self.receive(end - time.monotonic())
            match item:
                case Hello() if item.protocol == PROTOCOL_VERSION:
                    return
                case Hello():
                    sentence = "The worker is of another version than this program: install the same version in both."
                    raise Img23DError(ErrorCode.VERSION_MISMATCH, sentence, f"protocol {item.protocol}, not {PROTOCOL_VERSION}")
                case None:
                    raise self.silent()
                case Ended():
                    raise Img23DError(ErrorCode.BACKEND_START, "A backend ended as soon as it was started.", item.tail)

    def silent(self) -> Img23DError:
        """Why it may say nothing at all."""
        return Img23DError(ErrorCode.BACKEND_START, "A backend was started and says nothing.", self.tail())

    def receive(self, seconds: float) -> object | None:
        """The next item of the inbox, None when nothing came in time."""
        try:
            return self.inbox.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return None

    def is_quiet(self) -> bool:
        """Drop what nobody waited for, such as a later `Status`; False where it has ended."""
        while True:
            match self.receive(0.0):
                case None:
                    return True
                case Ended() as ended:
                    self.inbox.put(ended)
                    return False

    def take(self, line: bytes | str) -> None:
        """A line that it has said, into the inbox."""
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
