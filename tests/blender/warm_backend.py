"""Backends that outlive a test: a process that was started for one test and is idle goes on with the next one's jobs.

The session of each test begins without a backend and starts one, as ever; only the process behind it may be an older one, if
it was started by the same command in the same environment, is alive and owes no answer. Starting one takes 0.8 s of a
processor, a small job in a running one 0.15 s.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from conftest import part

KEPT = 2  # processes
OWED_SECONDS = 5.0  # for the answers that are still to come when a test has ended
# After anything else, such as a set-up, memory given back or a cancelled job, a process is not kept
HARMLESS = ("Edit", "Generate", "Locate", "Pick", "Paint", "Unwrap", "Inspect", "Ping")


class WarmLink:
    """A `BackendLink` that takes over the process of an older one where the shelf has such."""

    def __init__(self, new, shelf: Shelf) -> None:
        """`new` is the extension's own link, not started yet."""
        self._link, self._shelf = new, shelf
        self._told: list = []  # what a new process would have said first
        self.hello = None
        self.owed = 1  # times that the machine's state is still to be told: once unasked
        self.is_harmless = True

    @property
    def key(self) -> tuple:
        """What a process is started with, but for its log."""
        command = list(self._link._command)
        del command[command.index("--log") + 1]
        return type(self._link), tuple(command), tuple(sorted(self._link._environment.items()))

    @property
    def is_alive(self) -> bool:
        process = self._link._process
        return process is not None and process.poll() is None

    def start(self) -> None:
        older = self._shelf.take(self.key)
        if older is None:
            self._link.start()
            return
        self._link, self.hello, self.owed = older._link, older.hello, 0
        self._told.append(older.hello)
        self.send(part("shared.img23d_protocol.messages").Inspect())

    def send(self, message) -> None:
        name = type(message).__name__
        self.is_harmless &= name in HARMLESS
        self.owed += name == "Inspect"
        self._link.send(message)

    def receive(self) -> list:
        items, self._told = [*self._told, *self._link.receive()], []
        for item in items:
            name = type(item).__name__
            self.hello = item if name == "Hello" else self.hello
            self.owed -= name == "Status"
            self.is_harmless &= name != "LinkClosed"
        return items

    def settle(self) -> bool:
        """Whether nothing is to come any more, and the process can be given to another test."""
        end = time.monotonic() + OWED_SECONDS
        while self.is_harmless and self.owed > 0 and time.monotonic() < end:
            self.receive()
            time.sleep(0.005)
        return self.is_harmless and self.is_alive and self.hello is not None and self.owed == 0

    def close(self) -> None:
        self._link.close()

    def wait(self) -> None:
        """Until the process has ended, after `close`."""
        self._link._process.wait(OWED_SECONDS)

    def kill(self) -> None:
        self._link.kill()

    @property
    def pid(self) -> int:
        return self._link.pid


class Shelf:
    """The idle processes, the one that was used last at the end."""

    def __init__(self) -> None:
        self._idle: list[WarmLink] = []
        self.is_open = True

    def serve(self, session) -> None:
        """From now on the session's backends may come from here."""
        make: Callable = session._make_link
        if not getattr(make, "is_of_shelf", False):

            def made():
                link = make()
                return WarmLink(link, self) if self.is_open else link

            made.is_of_shelf = True
            session._make_link = made

    def take(self, key: tuple) -> WarmLink | None:
        found = next((link for link in self._idle if link.key == key and link.is_alive), None)
        if found is not None:
            self._idle.remove(found)
        return found

    def keep_backend_of(self, session) -> None:
        """Takes an idle one away from its session, which then has none, as after its end."""
        link = session._backend._link
        is_idle = session.active is None and session.state.name == "READY"
        if self.is_open and is_idle and isinstance(link, WarmLink) and link.settle():
            session._backend._link = None
            self._idle.append(link)
            for older in self._idle[:-KEPT]:
                older.close()
            self._idle = self._idle[-KEPT:]

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Every backend is a new process and ends with its session."""
        self.is_open = False
        try:
            yield
        finally:
            self.is_open = True

    def clear(self) -> None:
        """Ends them all; none is left running."""
        idle, self._idle = self._idle, []
        for link in idle:
            link.close()
        for link in idle:
            link.wait()
