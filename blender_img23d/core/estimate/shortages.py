"""What a run would lack, each with the one thing to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...shared.img23d_protocol.messages import Action, DeviceInfo, Finding, Level
from ...shared.img23d_protocol.options.settings import BUILT_IN
from .memory_need import is_heavy
from .situation import PROCESSOR, Situation, StagePlan

_DISK_LEFT = 100_000_000  # bytes that stay free on the disk beside the run
_WORST_FIRST = (Level.PROBLEM, Level.WARNING, Level.NOTE, Level.GOOD)


def find_shortages(situation: Situation, stages: Sequence[StagePlan], disk_bytes: int) -> tuple[Finding, ...]:
    """The worst first."""
    found = [
        *_of_engine(situation),
        *_of_devices(situation, stages),
        *_of_memory(situation, stages),
        *_of_disk(situation, disk_bytes),
    ]
    return tuple(sorted(found, key=lambda finding: _WORST_FIRST.index(finding.level)))


def _of_engine(situation: Situation) -> list[Finding]:
    request = situation.request
    missing = f"{', '.join(situation.missing)} ({_gigabytes(situation.missing_bytes)})"
    less = Finding(what="AI models", level=Level.WARNING, sentence=f"Not downloaded yet, so that less is made of it: {missing}.")
    if request.engine == BUILT_IN.id:  # which has no set-up of its own: the list of models has a button for each
        return [less] if situation.missing else []
    if not situation.is_environment_ready:
        return [_problem("Engine", "This engine is not set up yet.", Action.SET_UP)]
    engine = next((one for one in situation.engines if one.id == request.engine), None)
    if engine is None or not situation.weights:  # no backend has looked yet
        return []
    if engine.ready and not situation.missing:
        return []
    if engine.ready:  # only an addition is missing, such as the painter
        return [replace(less, action=Action.DOWNLOAD)]
    if situation.missing:
        return [_problem("AI models", f"Not downloaded yet: {missing}.", Action.DOWNLOAD)]
    return [_problem("Engine", engine.note or "This engine is not set up yet.", Action.SET_UP)]


def _of_devices(situation: Situation, stages: Sequence[StagePlan]) -> list[Finding]:
    """A card that was chosen in the preferences and is not there."""
    if not situation.devices or all(plan.device is not None or not plan.is_learned for plan in stages):
        return []
    sentence = "The graphics card that is chosen in the preferences is not there."
    return [_problem("Graphics card", sentence, Action.PREFERENCES)]


def _of_memory(situation: Situation, stages: Sequence[StagePlan]) -> list[Finding]:
    """The tightest stage only: what helps there is the first thing to do."""
    placed = [(plan, plan.device) for plan in stages if plan.device is not None]
    short = [(plan, device) for plan, device in placed if plan.needed_bytes > device.free_bytes > 0]
    if not short:
        return []
    worst, device = max(short, key=lambda pair: pair[0].needed_bytes - pair[1].free_bytes)
    needed, free = _gigabytes(worst.needed_bytes), _gigabytes(device.free_bytes)
    if not worst.is_learned:
        sentence = f"Little memory is free, {free}: close other programs."
        return [Finding(what="Memory", level=Level.WARNING, sentence=sentence)]
    sentence = f"{device.label} has {free} of memory free and {needed} are needed: it will be slower."
    return [Finding(what="Memory", level=Level.WARNING, sentence=sentence, action=_more_memory(situation, worst, device))]


def _more_memory(situation: Situation, plan: StagePlan, device: DeviceInfo) -> Action:
    is_card, request = device.id != PROCESSOR, situation.request
    if situation.holds_models:
        return Action.FREE_MEMORY
    if is_card and not request.settings.machine.small_memory:
        return Action.SMALL_MEMORY
    if situation.can_lower and is_heavy(request.engine, plan.stage, request.settings):
        return Action.LOWER_QUALITY
    return Action.USE_PROCESSOR if is_card else Action.USE_PREVIEW


def _of_disk(situation: Situation, disk_bytes: int) -> list[Finding]:
    free = situation.free_disk
    if free is None or free >= disk_bytes + _DISK_LEFT:
        return []
    sentence = f"The disk with the results has {_gigabytes(free)} free, the run writes about {_gigabytes(disk_bytes)}."
    return [_problem("Disk", sentence, Action.CHOOSE_FOLDER)]


def _problem(what: str, sentence: str, action: Action) -> Finding:
    return Finding(what=what, level=Level.PROBLEM, sentence=sentence, action=action)


def _gigabytes(size: int) -> str:
    """1 GB is 1e9 bytes."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(round(size / 1e6), 1)} MB"
