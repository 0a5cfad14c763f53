"""How long the stages of a run take on this machine, from the runs that it has done."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...shared.img23d_protocol.messages import USUAL, Generate, Stage
from ...shared.img23d_protocol.options.settings import engine_named, heeded_options
from ..jobs import STAGE_SHARES, Job
from ..states import JobState

_EACH = tuple(stage for stage in Stage if stage.is_for_each)  # everything else counts once a run
_RUNS = 5  # of the newest alike, of which the median counts: the first one also read the models
# Where nothing is known but the whole run's time, or not even that
_SHARES: Mapping[Stage, float] = {stage: STAGE_SHARES[stage] for stage in _EACH}
_ONCE_SHARE = STAGE_SHARES[Stage.LOCATE]


@dataclass(frozen=True, kw_only=True)
class Pace:
    """Seconds. `each` is by stage for one target; `once` is what comes once a run, such as looking for the names."""

    once: float
    each: Mapping[Stage, float]

    def seconds(self, count: int) -> float:
        """Of a run with so many targets."""
        return self.once + count * sum(self.each.values())

    def amount(self, job: Job) -> tuple[float, float]:
        """How much work the job is and how much of it is done; both fall where a target fails or is stopped."""
        stages = _stages(job)
        left = [target for target in job.targets if not (target.error or target.is_cancelled)]
        if all(target.stage is None for target in left):
            found = job.fraction if job.stage is Stage.LOCATE else 0.0
            return self.once + max(len(left), 1) * sum(self.each.get(stage, 0.0) for stage in stages), self.once * found
        done, before = self.once, 0.0
        for stage in Stage:  # stage by stage, since there may be hundreds of targets
            fractions = [min(max(target.fraction, 0.0), 1.0) for target in left if target.stage == stage]
            share = self.each.get(stage, 0.0) if stage in stages else 0.0
            done += len(fractions) * before + share * sum(fractions)
            before += share
        return self.once + len(left) * before, done


# Its seconds mean nothing, only how they relate.
GUESS = Pace(once=_ONCE_SHARE, each=_SHARES)


def alike(wanted: Generate, jobs: Iterable[Job]) -> tuple[list[Job], bool]:
    """The newest finished runs with the same settings as far as they cost time, else the nearest ones; whether they are the
    same. Newest first, at most five.
    """
    done = [job for job in jobs if job.is_generation and job.state is JobState.DONE and pace_of(job) is not None]
    for number, likeness in enumerate((_same, _similar, _engine_alone)):
        found = [job for job in done if likeness(job.making) == likeness(wanted)][:_RUNS]
        if found:
            return found, number == 0
    return [], False


def pace_of_all(jobs: Sequence[Job]) -> Pace | None:
    paces = [pace for job in jobs if (pace := pace_of(job)) is not None]
    if not paces:
        return None
    stages = [stage for stage in _EACH if any(stage in pace.each for pace in paces)]
    each = {stage: statistics.median(pace.each.get(stage, 0.0) for pace in paces) for stage in stages}
    return Pace(once=statistics.median(pace.once for pace in paces), each=each)


def pace_of(job: Job) -> Pace | None:
    """None where nothing was made, or no time was recorded."""
    made = sum(target.main is not None for target in job.targets)
    if not made or job.seconds <= 0:
        return None
    known = [stage for stage in _EACH if stage in USUAL or stage in job.stages]
    if not job.stage_seconds:
        shares = {stage: _SHARES[stage] if stage in _stages(job) else 0.0 for stage in known}
        whole = _ONCE_SHARE + sum(shares.values())
        each = {stage: job.seconds * share / whole / made for stage, share in shares.items()}
        return Pace(once=job.seconds * _ONCE_SHARE / whole, each=each)
    each = {stage: job.stage_seconds.get(stage, 0.0) / made for stage in known}
    return Pace(once=max(job.seconds - made * sum(each.values()), 0.0), each=each)


def _stages(job: Job) -> tuple[Stage, ...]:
    """What is done for each of its targets."""
    if job.is_search:
        return (Stage.MATTE,)
    if job.is_retexture:
        return (Stage.MATTE, Stage.PAINT)
    is_painted = job.is_generation and job.making.is_painted
    return tuple(stage for stage in job.stages if stage.is_for_each and (is_painted or stage is not Stage.PAINT))


def _same(request: Generate) -> tuple:
    return _costs(request, least=1)


def _similar(request: Generate) -> tuple:
    return _costs(request, least=2)


def _costs(request: Generate, *, least: int) -> tuple:
    """What the time of a run depends on, at `least` so much."""
    engine, settings = engine_named(request.engine), request.settings
    options = [one for one in heeded_options(engine) if one.cost >= least and (one.when is None or one.when.holds(settings.value))]
    machine = () if engine.is_built_in else (settings.machine.devices, settings.machine.small_memory if least == 1 else None)
    return (request.engine, machine, *(settings.value(one.key) for one in options))


def _engine_alone(request: Generate) -> tuple:
    return (request.engine, request.is_painted)
