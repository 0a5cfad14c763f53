"""Work in a thread of its own, watched by the thread that reports: a cancel is seen at once, also while the network is silent."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, TypeVar

from img23d_protocol.messages import SetupStep

from ..setup_context import Bytes, JobCancelled, SetupContext

log = logging.getLogger(__name__)

T = TypeVar("T")

_INTERVAL = 0.2  # seconds between two reports
_PATIENCE = 0.6  # seconds that a cancelled thread is waited for; what is silent then ends at its time-out, touching nothing
_SPEED_WINDOW = 3.0  # seconds


class Task:
    """The state that the working and the watching thread share. Only it writes, only the watching thread reads."""

    def __init__(self) -> None:
        self.step = SetupStep.CHECK
        self.note = ""
        self.done = 0  # bytes of `total`
        self.total = 0
        self.received = 0  # bytes that came over the network
        self.notices: deque[str] = deque()
        self._stopped = threading.Event()
        self._connection: Any = None

    def begin(self, step: SetupStep, note: str) -> None:
        self.check()
        self.step, self.note = step, note

    def check(self) -> None:
        """Raises JobCancelled when the work is not wanted any more."""
        if self._stopped.is_set():
            raise JobCancelled

    def wait(self, seconds: float) -> None:
        """Sleep, or raise JobCancelled."""
        if self._stopped.wait(seconds):
            raise JobCancelled

    @contextlib.contextmanager
    def reading(self, connection: socket.socket | None) -> Iterator[None]:
        """While the block reads from the connection, a cancel breaks it off."""
        self._connection = connection
        try:
            self.check()
            yield
        finally:
            self._connection = None

    def stop(self) -> None:
        self._stopped.set()
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(OSError):  # it was closed in the meantime
                # Not the method of an encrypted socket, which would take the encryption away from under the reader.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)


def run_watched(work: Callable[[Task], T], context: SetupContext) -> T:
    """The work's result or its exception. Raises JobCancelled where the context does, within a second."""
    task, speed = Task(), _Speed()
    executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="img23d-weights")
    future = executor.submit(work, task)
    try:
        while not future.done():
            wait([future], timeout=_INTERVAL)
            _report(task, speed, context)
        return future.result()
    finally:
        task.stop()
        executor.shutdown(wait=False)
        wait([future], timeout=_PATIENCE)


def _report(task: Task, speed: _Speed, context: SetupContext) -> None:
    amount = Bytes(done=task.done, total=task.total, per_second=speed.after(task.received))
    fraction = task.done / task.total if task.total else 0.0
    context.report(task.step, fraction, task.note, amount)
    while task.notices:
        context.notify(task.notices.popleft())


class _Speed:
    """Bytes a second over the last few seconds."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])

    def after(self, received: int) -> float:
        now = time.monotonic()
        self._samples.append((now, received))
        while now - self._samples[0][0] > _SPEED_WINDOW and len(self._samples) > 2:
            self._samples.popleft()
        then, before = self._samples[0]
        return (received - before) / (now - then) if now > then else 0.0
