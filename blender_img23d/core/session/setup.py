"""The set-up as a state machine: the environment first, then the weights, each in a backend of its own that ends with it.

The main session stays usable meanwhile. Only what changes files that a backend runs on (the environment, deleted weights)
asks for the main one to be idle, and ends it before it begins.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from ...shared.img23d_protocol import ErrorCode, Img23DError
from ...shared.img23d_protocol.findings import Action
from ...shared.img23d_protocol.messages import (
    DeleteWeights,
    InstallEnvironment,
    InstallWeights,
    SetupProgress,
    SetupRequest,
    VerifyWeights,
)
from ..jobs import Job
from ..requests import new_id
from ..states import JobState
from .known_errors import explain
from .session import Session

log = logging.getLogger(__name__)

_GO_ON = "Press Go On: it continues where it stopped."
# Failures whose usual action speaks of generating; of a set-up that was cut off another one is true.
_CUT_OFF = (ErrorCode.BACKEND_DIED, ErrorCode.BACKEND_SILENT, ErrorCode.INTERNAL)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What one press of a button does: first the environment, then the weights."""

    environment: InstallEnvironment | None = None
    weights: InstallWeights | VerifyWeights | DeleteWeights | None = None

    @property
    def requests(self) -> tuple[SetupRequest, ...]:
        return tuple(request for request in (self.environment, self.weights) if request is not None)

    @property
    def changes_open_files(self) -> bool:
        """Windows refuses to change files that a running backend has open."""
        return self.environment is not None or isinstance(self.weights, DeleteWeights)


class Setup:
    """One plan at a time. `tick` drives it, as it does the sessions; nothing here waits."""

    def __init__(self, *, main: Session, installer: Session, weights: Session) -> None:
        """`installer`'s backend runs outside of the environment, `weights`' one inside where it is ready."""
        self.job: Job | None = None  # the step that runs, else the last one that ran
        self.failure = ""  # why the last plan did not come to its end
        self.action = ""  # what to do about it, where the failure does not say so itself
        self.fix = Action.NONE  # the button that helps
        self.detail = ""
        self._main = main
        self._installer = installer
        self._weights = weights
        self._plan = Plan()
        self._left: list[SetupRequest] = []
        self._main_is_outdated = False

    # --- what the artist does ---------------------------------------------------------------------------------------

    def start(self, plan: Plan) -> None:
        """Raises Img23DError(BUSY), or (BACKEND_START) where the first step cannot even begin."""
        if self.is_running:
            raise Img23DError(ErrorCode.BUSY, "A set-up is running already: wait for it to finish, or cancel it.")
        if plan.changes_open_files:
            self._end_main()
        self._plan, self._left = plan, list(plan.requests)
        self.failure = self.action = self.detail = ""
        self.fix = Action.NONE
        self._begin_next()

    def go_on(self) -> None:
        """Begin once more what failed last, which goes on where it stopped. Raises Img23DError as `start`."""
        steps = {name: getattr(self._plan, name) for name in ("environment", "weights")}
        self.start(Plan(**{name: step and replace(step, job=new_id()) for name, step in steps.items()}))

    def cancel(self) -> None:
        """What is downloaded so far is kept, and the next start goes on there."""
        self._left.clear()
        for session in (self._installer, self._weights):
            session.cancel()

    def tick(self) -> bool:
        """Takes in what has arrived. True where a plan ended by it."""
        has_ended = False
        for session in (self._installer, self._weights):
            for update in session.tick():
                if update.job.is_over:
                    has_ended |= self._on_end(update.job)
        if self._main_is_outdated and self._main.active is None:
            self._renew_main()
        return has_ended

    def shutdown(self) -> None:
        self._left.clear()
        self._installer.shutdown()
        self._weights.shutdown()

    # --- what the panel draws ---------------------------------------------------------------------------------------

    @property
    def is_running(self) -> bool:
        return bool(self._left) or self._installer.active is not None or self._weights.active is not None

    @property
    def is_changing_environment(self) -> bool:
        """No backend may start in the environment meanwhile."""
        return self._installer.active is not None

    @property
    def step(self) -> tuple[int, int]:
        """The step that runs, from 1, and how many there are."""
        count = len(self._plan.requests)
        return count - len(self._left), count

    @property
    def progress(self) -> SetupProgress | None:
        """The newest progress message of the step that runs."""
        return self.job.setup if self.job is not None and not self.job.is_over else None

    @property
    def seconds_left(self) -> float | None:
        """Of a download that moves; None where nobody can tell."""
        word = self.progress
        if word is None or word.bytes_per_second <= 0 or word.total_bytes <= word.done_bytes:
            return None
        return (word.total_bytes - word.done_bytes) / word.bytes_per_second

    @property
    def is_cancelling(self) -> bool:
        return self.job is not None and self.job.state is JobState.CANCELLING

    # --- steps ------------------------------------------------------------------------------------------------------

    def _end_main(self) -> None:
        if self._main.active is not None:
            raise Img23DError(ErrorCode.BUSY, "Objects are being made: wait for them, or cancel, then press again.")
        self._main.shutdown(at_once=True)

    def _begin_next(self) -> None:
        request = self._left[0]
        session = self._installer if isinstance(request, InstallEnvironment) else self._weights
        try:
            self.job = session.submit(request)
        except Img23DError:
            self._left.clear()
            raise
        del self._left[0]

    def _on_end(self, job: Job) -> bool:
        """A step is over; True where nothing follows."""
        for session in (self._installer, self._weights):
            session.shutdown()
        if job.state is JobState.FAILED:
            self._fail(job.code, job.error, job.action, job.detail)
        elif job.state is JobState.DONE and self._left:
            try:
                self._begin_next()
            except Img23DError as error:
                log.warning("the set-up's next step cannot begin: %s\n%s", error.sentence, error.detail)
                self._fail(error.code, error.sentence, explain(error).action, error.detail)
        if job.state is not JobState.DONE:
            self._left.clear()
        self._main_is_outdated |= not self.is_running
        return not self.is_running

    def _fail(self, code: str, sentence: str, action: str, detail: str) -> None:
        self.failure, self.detail = sentence, detail
        self.action = _GO_ON if code in _CUT_OFF or not action else action
        self.fix = Action.UPDATE_DRIVER if code == ErrorCode.DRIVER_TOO_OLD else Action.NONE

    def _renew_main(self) -> None:
        """An idle backend is started anew where it may run on what was changed, and tells what there is now."""
        self._main_is_outdated = False
        if self._plan.changes_open_files:
            self._main.shutdown()
        try:
            self._main.inspect()
        except Img23DError as error:
            self._main.notice = error.sentence
