"""Each stage on a tiny picture, each splitter and each editor, by the same jobs and engines as a real run, in a folder that is deleted after it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from img23d_protocol import ErrorCode
from img23d_protocol.messages import (
    USUAL,
    Box,
    CutoutReady,
    Diagnose,
    EngineInfo,
    Failed,
    Finding,
    FromBackend,
    Generate,
    Level,
    Locate,
    Located,
    Notice,
    Progress,
    ResultReady,
    Settings,
    Stage,
    TargetFailed,
    Wanted,
)
from img23d_protocol.options.settings import engine_named

from ..engines import Engines
from ..images.png_files import write_png
from ..jobs.job import Caller
from ..jobs.pipeline import run_job
from .actions import action_for
from .single_trials import single_trials

Tell = Callable[[float, str], None]  # (fraction of all trials, note); raises JobCancelled

_NAME = "red ball"
_SIDE = 256  # pixels of the picture
_RADIUS = 80
_SEARCH_SHARE = 0.2  # of an engine's trial
_STAGES = {Stage.LOCATE: "Find", Stage.MATTE: "Cut out", Stage.SHAPE: "Shape", Stage.PAINT: "Paint"}
# The stage has worked, and could make nothing of this picture
_NOTHING_SEEN = {ErrorCode.NO_REGION, ErrorCode.EMPTY_CUTOUT, ErrorCode.NO_SURFACE}


def findings(request: Diagnose, engines: Engines, caller: Caller, tell: Tell) -> Iterator[Finding]:
    """One a stage that was tried; after one that failed the later ones of its engine have nothing to work on."""
    with tempfile.TemporaryDirectory(prefix="img23d_", ignore_cleanup_errors=True) as folder:
        photo = Path(folder) / "ball.png"
        write_png(photo, ball_picture())
        tried, singles = _worth_trying(engines.infos()), single_trials(request, engines, caller, photo)
        for number, one in enumerate((*tried, *singles)):

            def tell_part(fraction: float, note: str, number: int = number, label: str = one.label) -> None:
                tell((number + fraction) / (len(tried) + len(singles)), f"{label}: {note}" if note else label)

            if isinstance(one, EngineInfo):
                yield from _Trial(request=request, engine=one, caller=caller, tell=tell_part, photo=photo).findings()
            else:
                yield from one.findings(tell_part)


def ball_picture() -> np.ndarray:
    """(256, 256, 3) uint8: a red ball, lit from the upper left, on light grey."""
    rows, columns = np.mgrid[0:_SIDE, 0:_SIDE] - _SIDE / 2 + 0.5
    height = np.sqrt(np.clip(_RADIUS**2 - rows**2 - columns**2, 0, None)) / _RADIUS  # (256, 256), 0 outside
    light = np.clip((height - 0.5 * columns / _RADIUS - 0.5 * rows / _RADIUS) / 1.23, 0.15, 1.0)
    ball = light[:, :, None] * np.array([210.0, 40.0, 35.0])
    return np.where(height[:, :, None] > 0, ball, 225.0).astype(np.uint8)


def _worth_trying(infos: tuple[EngineInfo, ...]) -> list[EngineInfo]:
    """The ready ones that have a stage which no other one has: the cut-outs' are Hunyuan3D's and the preview's."""
    ready = [info for info in infos if info.ready]
    return [info for info in ready if not _stages(info.id) <= set().union(*(_stages(other.id) for other in ready if other is not info))]


def _stages(engine: str) -> set[type]:
    return set(engine_named(engine).uses)


@dataclass(kw_only=True)
class _TrialOutcome:
    """What a trial's job has announced, and when."""

    stages: dict[Stage, float] = field(default_factory=dict)  # that are done -> seconds since the one before
    failure: TargetFailed | Failed | None = None
    notices: list[str] = field(default_factory=list)
    _since: float = field(default_factory=time.perf_counter)

    def take(self, message: FromBackend) -> None:
        match message:
            case Located():
                self._reach(Stage.LOCATE)
            case CutoutReady():
                self._reach(Stage.MATTE)
            case ResultReady():
                self._reach(message.stage)
            case TargetFailed() | Failed():
                self.failure = self.failure or message
            case Notice():
                self.notices.append(message.sentence)

    def _reach(self, stage: Stage) -> None:
        now = time.perf_counter()
        self.stages[stage], self._since = now - self._since, now


@dataclass(frozen=True, kw_only=True)
class _Trial:
    """One engine's."""

    request: Diagnose
    engine: EngineInfo
    caller: Caller
    tell: Tell
    photo: Path

    def findings(self) -> Iterator[Finding]:
        search = self._search()
        yield from self._told(search, (Stage.LOCATE,))
        made = self._make()
        if Stage.LOCATE in made.stages or search.failure is None:  # else it came no further than the search, which has said why
            yield from self._told(made, (Stage.MATTE, Stage.SHAPE, Stage.PAINT))

    def _search(self) -> _TrialOutcome:
        """By a name and without a box."""
        wanted = (Wanted(name=_NAME),)
        job = Locate(job=self.request.job, photo=str(self.photo), wanted=wanted, engine=self.engine.id, settings=self._settings)
        return self._run(job, 0.0, _SEARCH_SHARE)

    def _make(self) -> _TrialOutcome:
        """With a box, so that the other stages are tried also where the search finds nothing."""
        low, high = 0.5 - 0.55 * 2 * _RADIUS / _SIDE, 0.5 + 0.55 * 2 * _RADIUS / _SIDE
        job = Generate(
            job=self.request.job,
            photo=str(self.photo),
            run_folder=str(self.photo.parent / self.engine.id),
            wanted=(Wanted(name=_NAME, box=Box(left=low, top=low, right=high, bottom=high)),),
            engine=self.engine.id,
            settings=self._settings,
        )
        return self._run(job, _SEARCH_SHARE, 1.0)

    @property
    def _settings(self) -> Settings:
        """The artist's models."""
        return self.request.settings.as_trial()

    def _run(self, job: Locate | Generate, start: float, end: float) -> _TrialOutcome:
        """`start` and `end` are what it is of the whole trial."""
        outcome, furthest = _TrialOutcome(), 0.0

        def emit(message: FromBackend) -> None:
            nonlocal furthest
            if isinstance(message, Progress):
                furthest = max(furthest, _overall(message))  # a stage that takes the things in turn begins anew with each
                self.tell(start + (end - start) * furthest, _STAGES[message.stage])
            outcome.take(message)

        run_job(job, replace(self.caller, emit=emit))  # cancelled, it has nothing more to say, and the next `tell` raises
        return outcome

    def _told(self, outcome: _TrialOutcome, stages: tuple[Stage, ...]) -> Iterator[Finding]:
        for notice in outcome.notices:
            yield Finding(what=self.engine.label, level=Level.NOTE, sentence=notice)
        for stage in stages:
            if stage in outcome.stages and not (stage is Stage.LOCATE and outcome.failure is not None):
                seconds = f"{outcome.stages[stage]:.1f} s, loading included"
                yield Finding(what=self._what(stage), level=Level.GOOD, sentence="It works.", detail=seconds)
            elif outcome.failure is not None:
                yield self._failed(stage, outcome.failure)
                return

    def _failed(self, stage: Stage, failure: TargetFailed | Failed) -> Finding:
        if failure.code in _NOTHING_SEEN:
            sentence = "It runs, but could make nothing of the test picture, a red ball."
            return Finding(what=self._what(stage), level=Level.NOTE, sentence=sentence, detail=failure.sentence)
        return Finding(
            what=self._what(stage),
            level=Level.PROBLEM,
            sentence=failure.sentence,
            action=action_for(failure.code),
            detail=failure.detail,
        )

    def _what(self, stage: Stage) -> str:
        return f"{_STAGES[stage]}, {self.engine.label}"


def _overall(progress: Progress) -> float:
    """Of a job: its stages count the same."""
    stages = USUAL
    return (stages.index(progress.stage) + progress.fraction) / len(stages)
