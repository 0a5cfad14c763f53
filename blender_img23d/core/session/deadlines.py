"""How long a backend may take for what, in seconds, and whether one that works still answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...shared.img23d_protocol import ErrorCode
from ...shared.img23d_protocol.messages import Close, Diagnose, Edit, Generate, Locate, Split
from ...shared.img23d_protocol.options.settings import BUILT_IN, splitter_named
from ..jobs import Job, Request
from ..states import SessionState
from .stopwatch import Stopwatch

HELLO_SECONDS = 20.0
CANCEL_SECONDS = 5.0
SILENCE_SECONDS = 120.0  # longer than any step between two reports of the preview engine
# On a slow processor one guided step of a full-size model, or reading its files for the first time, takes minutes.
LONG_SILENCE_SECONDS = 600.0
IDLE_SECONDS = 300.0  # a backend that idles so long gives its memory back, unless the artist chose another time
PING_SECONDS = 2.0  # without a message, then a backend that works is pinged
# Then the artist is told, and may end it. A model's library may hold the interpreter for seconds, so no more than that is said.
ANSWER_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A deadline that has passed."""

    code: ErrorCode
    detail: str


def broken_deadline(state: SessionState, job: Job | None, waited: Stopwatch) -> Broken | None:
    """`waited` is since the state was entered, or since the last word in a running job."""
    match state:
        case SessionState.STARTING if waited.is_over(HELLO_SECONDS):
            return Broken(code=ErrorCode.BACKEND_START, detail=f"no hello within {HELLO_SECONDS:.0f} s")
        case SessionState.BUSY if job is not None and waited.is_over(limit := silence_limit(job.request)):
            return Broken(code=ErrorCode.BACKEND_SILENT, detail=f"nothing heard for {limit:.0f} s")
        case SessionState.CANCELLING if waited.is_over(CANCEL_SECONDS):
            return Broken(code=ErrorCode.BACKEND_SILENT, detail=f"cancel not answered within {CANCEL_SECONDS:.0f} s")
    return None


def silence_limit(request: Request) -> float:
    """The longest time between two messages of a backend that does this."""
    is_quick_look = isinstance(request, Diagnose) and not request.try_stages
    edits = isinstance(request, Edit | Generate | Locate) and request.settings.edit.edit  # by a model, whatever engine follows
    is_short = is_quick_look or isinstance(request, Close) or (getattr(request, "engine", "") == BUILT_IN.id and not edits)
    if isinstance(request, Split):
        is_short &= splitter_named(request.settings.parts.splitter).is_built_in
    return SILENCE_SECONDS if is_short else LONG_SILENCE_SECONDS


class Heartbeat:
    """The heartbeat of a backend that may compute for minutes without a message: it has to answer a ping."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._silence = Stopwatch(clock)  # since the last message of any kind
        self._was_pinged = False  # since then

    def on_message(self) -> None:
        """A message has arrived, or none was due until now."""
        self._was_pinged = False
        self._silence.restart()

    def tick(self) -> None:
        """At every tick, before what has arrived is taken in."""
        self._silence.tick()

    def must_ping(self) -> bool:
        """True once in each silence: what nobody reads must not pile up."""
        is_due = not self._was_pinged and self._silence.is_over(PING_SECONDS)
        self._was_pinged |= is_due
        return is_due

    @property
    def silent_seconds(self) -> int:
        """Whole seconds; 0 while the silence is not long."""
        return int(self._silence.seconds) if self._silence.is_over(ANSWER_SECONDS) else 0
