"""The one backend of a session, however it is reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...shared.img23d_protocol.messages import FromBackend, ToBackend
from .link import BackendLink, LinkClosed


class Backend:
    """Started when it is wanted, and never more than one: what was asked to end is ended before the next one starts."""

    def __init__(self, make_link: Callable[[], BackendLink]) -> None:
        self._make_link = make_link
        self._link: BackendLink | None = None
        self._leaving: BackendLink | None = None  # asked to end, perhaps not gone yet

    @property
    def is_there(self) -> bool:
        return self._link is not None

    def start(self) -> None:
        """Raises Img23DError(BACKEND_START)."""
        self._kill_leaving()
        link = self._make_link()
        link.start()
        self._link = link

    def send(self, message: ToBackend) -> None:
        if self._link is not None:
            self._link.send(message)

    def receive(self) -> Iterator[FromBackend | LinkClosed]:
        """What has arrived, until one of these messages is the reason to end it."""
        link = self._link
        for item in link.receive() if link is not None else ():
            if self._link is not link:
                return
            yield item

    def leave(self, *, at_once: bool) -> None:
        """Ask it to end, or with `at_once` end it, also where it was asked before."""
        if self._link is not None:
            self._leaving, self._link = self._link, None
            self._leaving.close()
        if at_once:
            self._kill_leaving()

    def kill(self) -> None:
        if self._link is not None:
            link, self._link = self._link, None
            link.kill()

    def _kill_leaving(self) -> None:
        if self._leaving is not None:
            self._leaving.kill()
            self._leaving = None
