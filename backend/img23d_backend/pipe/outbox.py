"""The backend's outgoing messages, written by a thread of their own, and the end of the process."""

from __future__ import annotations

import logging
import os
import queue
import threading
from typing import NoReturn

from img23d_protocol import encode
from img23d_protocol.messages import FromBackend, Log

log = logging.getLogger(__name__)

_FLUSH_SECONDS = 2.0
_LONGEST_TEXT = 20_000  # characters of a warning: the log has the rest


class Outbox:
    """Lines for Blender, written by a thread of their own: a Blender that does not read stops nobody."""

    def __init__(self, descriptor: int) -> None:
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._pipe = open(descriptor, "wb", buffering=0)  # noqa: SIM115  (open until the process ends)
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
                end_process(0)


class ForwardingHandler(logging.Handler):
    """Warnings reach Blender's own log as well."""

    def __init__(self, outbox: Outbox) -> None:
        super().__init__(logging.WARNING)
        self._outbox = outbox

    def emit(self, record: logging.LogRecord) -> None:
        self._outbox.send(Log(level=record.levelname, text=record.getMessage()[:_LONGEST_TEXT]))


def end_process(code: int) -> NoReturn:
    """At once: no thread, no library and no exit handler is asked."""
    logging.shutdown()
    os._exit(code)
