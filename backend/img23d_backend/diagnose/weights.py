"""The models' files: those that the settings work with, and any other that is not whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from img23d_protocol.messages import Action, Diagnose, Finding, Level, WeightsInfo, WeightsState
from img23d_protocol.options.camera import DEPTH_MODEL
from img23d_protocol.options.declare import Engine
from img23d_protocol.options.settings import REGISTERED, Settings

from ..engines import Engines
from ..weights.disk import gigabytes
from ..weights.published_program import Program, compared
from .programs import NETWORKS, has_networks, is_set_up


def findings(request: Diagnose, engines: Engines) -> Iterator[Finding]:
    """Sizes are compared with the record of the download; every byte is read by Verify under AI Models, which takes minutes."""
    infos = engines.weights.infos()
    needed = _needed(request.settings, infos)
    for info in infos:
        if info.state in (WeightsState.DAMAGED, WeightsState.PARTIAL):
            yield _not_whole(info, is_needed=info.id in needed)
        elif info.state is WeightsState.MISSING and info.id in needed and is_set_up():
            yield _missing(info)
        elif info.state is WeightsState.MISSING and info.id == DEPTH_MODEL and is_set_up():
            yield _without_depth(info)
        elif info.origin:
            yield Finding(what=info.label, level=Level.NOTE, sentence=f"{info.origin}.", detail=info.id)
    yield from _other_programs(engines, infos)
    ready = [info.label for info in infos if info.state is WeightsState.READY]
    if ready:
        yield Finding(what="Models", level=Level.GOOD, sentence=f"Whole: {', '.join(ready)}.")


def _other_programs(engines: Engines, infos: Iterable[WeightsInfo]) -> Iterator[Finding]:
    """The publisher's software would run it; here it is only known by name."""
    programs = engines.weights.programs()
    for info in infos:
        if info.id in programs and compared(programs[info.id]) is Program.OTHER:
            sentence = (
                f"{info.label} was published with a program that this version does not know; it is not used here. "
                "Should its textures look wrong, choose another painter and send this report."
            )
            yield Finding(what=info.label, level=Level.NOTE, sentence=sentence, detail=f"{info.id}: {programs[info.id]}")


def _needed(settings: Settings, infos: Iterable[WeightsInfo]) -> set[str]:
    """Without what every engine can do without, and without what is under a licence that nobody has accepted."""
    there = [info.id for info in infos if info.state is not WeightsState.MISSING]
    usable = [engine for engine in REGISTERED if not engine.licence or _is_accepted(engine, there)]
    stages = [stage for engine in usable for stage in settings.stages_of(engine)]
    return {name for stage in stages for name in stage.file_sets()} - {DEPTH_MODEL}


def _is_accepted(engine: Engine, there: Iterable[str]) -> bool:
    """Networks of the licence's owner, or else files under it, come only after it was."""
    return has_networks() if NETWORKS in engine.packages else any(set_id.startswith(engine.licensed) for set_id in there)


def _not_whole(info: WeightsInfo, *, is_needed: bool) -> Finding:
    if info.state is WeightsState.DAMAGED:
        sentence = f"Files of {info.label} are missing or damaged: download it again under AI Models; only these are fetched."
        level = Level.PROBLEM if is_needed else Level.WARNING
    else:
        sentence = f"{info.label} is not downloaded completely: download it again under AI Models; it goes on where it stopped."
        level = Level.WARNING if is_needed else Level.NOTE
    action = Action.DOWNLOAD if is_needed else Action.NONE
    return Finding(what=info.label, level=level, sentence=sentence, action=action, detail=f"{info.id}: {info.folder}")


def _missing(info: WeightsInfo) -> Finding:
    sentence = f"{info.label} is chosen and not downloaded yet (about {gigabytes(info.size_bytes)})."
    return Finding(what=info.label, level=Level.WARNING, sentence=sentence, action=Action.DOWNLOAD, detail=info.id)


def _without_depth(info: WeightsInfo) -> Finding:
    sentence = f"{info.label} is not downloaded (about {gigabytes(info.size_bytes)}): how high the camera was held is then judged from where things stand."
    return Finding(what=info.label, level=Level.NOTE, sentence=sentence, action=Action.DOWNLOAD, detail=info.id)
