"""The doctor: what this machine has, whether each part of the program works there, and what to do where it does not.

programs    Python, NumPy, OpenCV, and what the learned models are run by
machine     graphics cards, their driver, memory
places      disk and permissions
weights     the models' files
trials      each stage on a tiny picture, by the pipeline itself
report      the same for people who are asked for help, in plain text
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from img23d_protocol import Img23DError
from img23d_protocol.messages import USUAL, Cancelled, Diagnose, Diagnosed, Failed, Finding, Level, Progress

from ..engines import Engines
from ..jobs.failures import as_known
from ..jobs.job import Caller
from ..stages import JobCancelled
from . import machine, places, programs, weights
from .actions import action_for
from .report import report

_QUICK_SHARE = 0.2  # of the whole, where the stages are tried as well


@dataclass(frozen=True, kw_only=True)
class _Check:
    what: str
    note: str
    run: Callable[[Diagnose, Engines], Iterable[Finding]]


_CHECKS = (
    _Check(what="Program", note="Looking at the program", run=programs.findings),
    _Check(what="Graphics card", note="Looking at the graphics card", run=machine.card_findings),
    _Check(what="Memory", note="Looking at the memory", run=machine.memory_findings),
    _Check(what="Folders", note="Looking at the disk", run=places.findings),
    _Check(what="Models", note="Looking at the models", run=weights.findings),
)


def run_diagnosis(request: Diagnose, engines: Engines, caller: Caller) -> None:
    """Look at everything and tell the caller; the last message is exactly one of Diagnosed, Cancelled, Failed."""
    try:
        caller.emit(diagnose(request, engines, caller))
    except JobCancelled:
        caller.emit(Cancelled(job=request.job))
    except Exception as error:  # the job's boundary
        known = as_known(error)
        caller.emit(Failed(job=request.job, code=known.code, sentence=known.sentence, detail=known.detail))


def diagnose(request: Diagnose, engines: Engines, caller: Caller) -> Diagnosed:
    """Raises JobCancelled between two steps, and between two steps of a stage."""
    found: list[Finding] = []
    quick_share = _QUICK_SHARE if request.try_stages else 1.0
    for number, check in enumerate(_CHECKS):
        _tell(request, caller, quick_share * number / len(_CHECKS), check.note)
        found += _findings(check, request, engines)
    if request.try_stages:

        def tell(fraction: float, note: str) -> None:
            _tell(request, caller, _QUICK_SHARE + (1 - _QUICK_SHARE) * fraction, note)

        found += _tried(request, engines, caller, tell)
    _tell(request, caller, 1.0, "")
    return Diagnosed(job=request.job, report=report(engines), findings=tuple(found))


def _findings(check: _Check, request: Diagnose, engines: Engines) -> list[Finding]:
    """What one check finds; that it cannot look is a finding, too, and keeps no other from looking."""
    try:
        return list(check.run(request, engines))
    except Exception as error:  # the boundary: a broken driver or package may raise anything
        return [_could_not_look(check.what, as_known(error))]


def _tried(request: Diagnose, engines: Engines, caller: Caller, tell: Callable[[float, str], None]) -> list[Finding]:
    found: list[Finding] = []
    try:
        from . import trials  # here, since it needs OpenCV, whose absence is a finding

        for finding in trials.findings(request, engines, caller, tell):
            found.append(finding)
    except JobCancelled:
        raise
    except Exception as error:  # the boundary: such as a temporary folder that cannot be written to
        found.append(_could_not_look("Stages", as_known(error)))
    return found


def _could_not_look(what: str, error: Img23DError) -> Finding:
    return Finding(what=what, level=Level.PROBLEM, sentence=error.sentence, action=action_for(error.code), detail=error.detail)


def _tell(request: Diagnose, caller: Caller, fraction: float, note: str) -> None:
    """Progress over the whole, in the stages' words, since that is how a job's progress is counted."""
    if caller.is_cancelled():
        raise JobCancelled
    stages = USUAL
    place = min(max(fraction, 0.0), 1.0) * len(stages)
    number = min(int(place), len(stages) - 1)
    caller.emit(Progress(job=request.job, stage=stages[number], fraction=place - number, note=note))
