"""The jobs that set things up, each ending with exactly one of Finished, Cancelled, Failed."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

from img23d_protocol.messages import (
    Cancelled,
    DeleteWeights,
    Failed,
    Finished,
    FromBackend,
    InstallEnvironment,
    InstallWeights,
    Notice,
    SetupProgress,
    SetupRequest,
    SetupStep,
    VerifyWeights,
)

from ..engines import Engines
from ..setup_context import Bytes, JobCancelled, SetupContext
from .failures import as_known

log = logging.getLogger(__name__)

Emit = Callable[[FromBackend], None]

REPORT_INTERVAL = 0.1  # seconds between two SetupProgress messages of one step


def run_setup_job(request: SetupRequest, engines: Engines, emit: Emit, is_cancelled: Callable[[], bool]) -> None:
    """Do the job and tell the caller; `Status` follows from the caller, since only it knows the whole machine."""
    started = time.monotonic()
    try:
        _do(request, engines, _context(request.job, emit, is_cancelled))
        emit(Finished(job=request.job, made=1, failed=0, seconds=time.monotonic() - started))
    except JobCancelled:
        emit(Cancelled(job=request.job))
    except Exception as error:  # the job's boundary
        known = as_known(error)
        log.error("set-up %s failed: %s\n%s", request.job, known.sentence, known.detail)
        emit(Failed(job=request.job, code=known.code, sentence=known.sentence, detail=known.detail))


def _do(request: SetupRequest, engines: Engines, context: SetupContext) -> None:
    match request:
        case InstallEnvironment():
            from ..setup.environment import install_environment

            install_environment(request, context)
        case InstallWeights():
            engines.weights.install(request.sets, licences=request.licences, online=request.online, context=context)
        case VerifyWeights():
            engines.weights.verify(request.sets, context)
        case DeleteWeights():
            engines.unload()  # an open memory map holds its file on Windows
            engines.weights.delete(request.sets, context)


def _context(job: str, emit: Emit, is_cancelled: Callable[[], bool]) -> SetupContext:
    told_step: SetupStep | None = None
    told_at = -math.inf
    notified: set[str] = set()

    def report(step: SetupStep, fraction: float, note: str = "", amount: Bytes = Bytes()) -> None:
        nonlocal told_step, told_at
        if is_cancelled():
            raise JobCancelled
        now = time.monotonic()
        if step is told_step and now - told_at < REPORT_INTERVAL:
            return
        told_step, told_at = step, now
        emit(
            SetupProgress(
                job=job,
                step=step,
                fraction=min(1.0, max(0.0, fraction)),
                note=note,
                done_bytes=amount.done,
                total_bytes=amount.total,
                bytes_per_second=amount.per_second,
            )
        )

    def notify(sentence: str) -> None:
        if sentence not in notified:
            notified.add(sentence)
            emit(Notice(job=job, sentence=sentence))

    return SetupContext(report=report, notify=notify)
