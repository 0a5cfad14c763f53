"""What the session needs of a backend, however it is reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ...shared.img23d_protocol.messages import FromBackend, ToBackend


@dataclass(frozen=True, kw_only=True)
class LinkClosed:
    """The backend is gone. `code` is its exit code (negative: the signal that ended it), `tail` its last log lines.

    `broke_off` says that it was ended, since it sent a line too long for a message.
    """

    code: int | None = None
    tail: str = ""
    broke_off: bool = False


class BackendLink(Protocol):
    """One backend, from its start to its end; it is never started twice. No method waits."""

    def start(self) -> None:
        """Raises Img23DError(BACKEND_START) when it cannot even be tried."""

    def send(self, message: ToBackend) -> None:
        """Queues the message; to a backend that is gone it is dropped, and `receive` tells of the end."""

    def receive(self) -> list[FromBackend | LinkClosed]:
        """What has arrived since the last call, oldest first. `LinkClosed` comes once, as the last of all."""
        ...

    def close(self) -> None:
        """Asks the backend to end, and ends it where it does not listen."""

    def kill(self) -> None:
        """Ends the backend now."""
