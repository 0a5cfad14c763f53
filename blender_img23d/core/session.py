"""The state machine between the artist's wishes and one backend. `tick` drives it; it has no thread and never waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ..shared.img23d_protocol.messages import EngineInfo, FromBackend, Hello
from .jobs import Job, Request
from .link import BackendLink


class SessionState(StrEnum):
    OFF = "off"
    STARTING = "starting"
    READY = "ready"
    BUSY = "busy"
    CANCELLING = "cancelling"


@dataclass(frozen=True, kw_only=True)
class Update:
    """Something the scene or the panel must apply.

    `message` is one of Located, CutoutReady, MeshReady, PaintReady, TargetFailed, Diagnosed, and as the last of a job
    exactly one of Finished, Cancelled, Failed. The job's own fields are already up to date.
    """

    job: Job
    message: FromBackend


class Session:
    """Exactly one backend, started on demand, and one job at a time."""

    def __init__(self, make_link: Callable[[], BackendLink], clock: Callable[[], float] = time.monotonic) -> None:
        self.state = SessionState.OFF
        self.hello: Hello | None = None  # of the running backend
        self.engines: tuple[EngineInfo, ...] = ()  # of the last backend that said hello, kept when it ends
        self.jobs: list[Job] = []  # newest first, at most 50
        self.active: Job | None = None  # the job that is waiting, running or being cancelled
        self.notice = ""  # a sentence about the backend itself, such as how much memory was given back

    def submit(self, request: Request, file_key: str = "") -> Job:
        """Starts the backend if need be. Raises Img23DError(BUSY), or (BACKEND_START) where it cannot be started."""
        raise NotImplementedError

    def cancel(self) -> None:
        """Cancels the active job, if there is one; the Cancelled update comes from a later `tick`."""

    def unload(self) -> None:
        """Asks an idle backend to give its memory back. Raises Img23DError(BUSY) while a job runs."""

    def shutdown(self) -> None:
        """Ends the backend; an active job is cancelled. The session can be used again."""

    def tick(self) -> tuple[Update, ...]:
        """Takes in what has arrived, looks at the deadlines, and says what there is to apply. Call it often."""
        raise NotImplementedError
