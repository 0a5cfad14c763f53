"""The state of one job: its reports, its checks for a cancel, and the seconds of its steps."""

from __future__ import annotations

import contextlib
import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from img23d_protocol import Img23DError, messages
from img23d_protocol.messages import FromBackend, Generate, Notice, Progress, Settings, Stage, TargetFailed

from ..editing.editor import Editor, no_editor
from ..parts.stage import Splitter
from ..stages import Context, Engine, JobCancelled, TargetCancelled

log = logging.getLogger(__name__)

Emit = Callable[[FromBackend], None]

PROGRESS_INTERVAL = 0.05  # seconds between two Progress messages
SHOW_INTERVAL = 1.0  # seconds between two pictures of what is coming to be


def _no_splitter(identifier: str) -> Splitter:
    """Of a caller that asks for nothing to be split."""
    raise RuntimeError(f"no splitter {identifier}")


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Whoever wants a job done: the server, the command line, later an HTTP front."""

    emit: Emit
    load_engine: Callable[[str], Engine]
    load_splitter: Callable[[str], Splitter] = field(default=_no_splitter)
    load_editor: Callable[[], Editor] = field(default=no_editor)
    is_cancelled: Callable[[], bool] = field(default=lambda: False)
    is_target_cancelled: Callable[[int], bool] = field(default=lambda target: False)


class Job:
    """One job on its way through the pipeline."""

    def __init__(self, job: str, seed: int, settings: Settings, caller: Caller, variants: Generate | None = None) -> None:
        """`variants` is the request whose targets may be variants of the same things."""
        self.id = job
        self.emit = caller.emit
        self.failed: set[int] = set()
        self.stopped: set[int] = set()  # targets that the artist has cancelled
        self.seconds: dict[str, float] = {}  # by step
        self._seed = seed
        self._settings = settings
        self._variants = variants
        self._notices: set[str] = set()
        self._is_cancelled = caller.is_cancelled
        self._is_target_cancelled = caller.is_target_cancelled
        self._started = time.monotonic()
        self._told_at = -math.inf
        self._told_stage: Stage | None = None

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._started

    def context(
        self,
        stage: Stage,
        target: int = -1,
        *,
        in_batch: bool = False,
        show: Callable[[np.ndarray], None] = lambda picture: None,
    ) -> Context:
        """What a stage reports to; made anew for each target, which is also where a cancel is seen.

        A target `in_batch` with others is not stopped by itself before the batch is done. `show` is called once a second at most.
        """
        shown_at = -math.inf

        def show_when_due(picture: np.ndarray) -> None:
            nonlocal shown_at
            if time.monotonic() - shown_at >= SHOW_INTERVAL:
                shown_at = time.monotonic()
                show(picture)

        def report(fraction: float, note: str) -> None:
            self.check_cancel(-1 if in_batch else target)
            self._tell(Progress(job=self.id, stage=stage, target=target, fraction=_clean(fraction), note=note))

        report(0.0, "")
        variants = self._variants if target >= 0 and stage in (Stage.SHAPE, Stage.PAINT) else None
        return Context(
            seed=self._seed if variants is None else variants.seed_of(target),  # all variants have one cut-out
            is_varied=variants is not None and variants.is_varied(target),
            settings=self._settings,
            report=report,
            notify=self._notify,
            show=show_when_due,
        )

    def check_cancel(self, target: int = -1) -> None:
        """Raises JobCancelled, or TargetCancelled where only this target is not wanted any more."""
        if self._is_cancelled():
            raise JobCancelled
        if target >= 0 and self._is_target_cancelled(target):
            raise TargetCancelled

    def _notify(self, sentence: str) -> None:
        if sentence not in self._notices:
            self._notices.add(sentence)
            self.emit(Notice(job=self.id, sentence=sentence))

    def _tell(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._told_at < PROGRESS_INTERVAL and progress.stage == self._told_stage:
            return
        self._told_at, self._told_stage = now, progress.stage
        self.emit(progress)

    @contextlib.contextmanager
    def timed(self, step: str, also: dict[str, float] | None = None) -> Iterator[None]:
        """Add the block's seconds to the job's step, and to one target's; also when the block fails."""
        start = time.perf_counter()
        try:
            yield
        finally:
            for counter in (self.seconds, also if also is not None else {}):
                counter[step] = round(counter.get(step, 0.0) + time.perf_counter() - start, 4)

    def stop(self, target: int) -> None:
        """The artist does not want this one any more."""
        self.stopped.add(target)
        self.emit(messages.TargetCancelled(job=self.id, target=target))

    def fail(self, target: int, error: Img23DError) -> None:
        log.warning("target %d failed: %s\n%s", target, error.sentence, error.detail)
        self.failed.add(target)
        self.emit(TargetFailed(job=self.id, target=target, code=error.code, sentence=error.sentence, detail=error.detail))


def _clean(fraction: float) -> float:
    return min(1.0, max(0.0, float(fraction))) if math.isfinite(fraction) else 0.0
