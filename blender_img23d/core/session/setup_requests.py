"""Set-up plans for the buttons of the AI models' panel, or one clear sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...shared.img23d_protocol import ErrorCode, Img23DError
from ...shared.img23d_protocol.choices import licence_named
from ...shared.img23d_protocol.messages import (
    DeleteWeights,
    InstallEnvironment,
    InstallWeights,
    Settings,
    Stage,
    VerifyWeights,
    WeightsInfo,
    WeightsState,
)
from ...shared.img23d_protocol.options.settings import engine_named, licence_of
from ..requests import new_id
from .environment import Environment, EnvironmentState, Tools
from .setup import Plan

OFFLINE = "Blender may not use the network: allow online access in the preferences, under System."


def needed_sets(engine: str, settings: Settings, *, with_texture: bool = True, with_photos: bool = False) -> tuple[str, ...]:
    """The file sets that an engine works with, with these settings, in the order of its stages. `with_photos`: for things that have further
    photos, which spares what an engine would draw in their place.
    """
    known = engine_named(engine)
    parts = [part for part in settings.stages_of(known) if with_texture or Stage.PAINT not in part.stages]
    return tuple(name for part in parts for name in part.file_sets() if not (with_photos and Stage.SHAPE in part.stages and name in known.drawn))


def paint_sets(engine: str, settings: Settings) -> tuple[str, ...]:
    """The file sets that an engine paints with."""
    return tuple(name for part in settings.stages_of(engine_named(engine)) if Stage.PAINT in part.stages for name in part.file_sets())


def missing_bytes(sets: Sequence[str], known: Iterable[WeightsInfo]) -> int:
    """What is still to be downloaded of these sets."""
    return sum(info.size_bytes for info in known if info.id in sets and info.state is not WeightsState.READY)


def plan_download(
    sets: Sequence[str],
    *,
    environment: Environment,
    tools: Tools | None,
    torch_build: str,
    licences: Sequence[str],
    online: bool,
    renew: bool,
) -> Plan:
    """Download file sets; the environment is made or finished before, where it is ours and not ready, or with `renew`.

    `tools` may be None where the environment is not ours. Raises Img23DError (OFFLINE, LICENCE_NOT_ACCEPTED,
    ENVIRONMENT_BROKEN).
    """
    if not online:
        raise Img23DError(ErrorCode.OFFLINE, OFFLINE)
    if lacking := next((licence for licence in map(licence_of, sets) if licence not in ("", *licences)), ""):
        raise Img23DError(ErrorCode.LICENCE_NOT_ACCEPTED, licence_named(lacking).lacking)
    if environment.state is EnvironmentState.BROKEN:
        sentence = f"“{environment.place}” is not a Python program: choose another one in the preferences, or none."
        raise Img23DError(ErrorCode.ENVIRONMENT_BROKEN, sentence)
    install = None
    if tools is not None and environment.is_ours and (renew or not environment.is_ready):
        install = InstallEnvironment(
            job=new_id(),
            folder=environment.place,
            uv=tools.uv,
            python=tools.python,
            torch_build=torch_build,
            licences=tuple(licences),
            online=online,
        )
    weights = InstallWeights(job=new_id(), sets=tuple(sets), licences=tuple(licences), online=online)
    return Plan(environment=install, weights=weights)


def plan_verify(sets: Sequence[str]) -> Plan:
    return Plan(weights=VerifyWeights(job=new_id(), sets=tuple(sets)))


def plan_delete(sets: Sequence[str]) -> Plan:
    return Plan(weights=DeleteWeights(job=new_id(), sets=tuple(sets)))
