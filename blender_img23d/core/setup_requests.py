"""From a button of the AI models' panel to a plan that the set-up can carry out, or one clear sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..shared.img23d_protocol import ErrorCode, Img23DError
from ..shared.img23d_protocol.choices import (
    DEPTH_MODEL,
    PAINT_DELIGHT,
    PAINTERS,
    PREVIEW_MATTE,
    PREVIEW_PAINT,
    SHAPE_MODELS,
    TENCENT_LICENCE,
)
from ..shared.img23d_protocol.messages import (
    DeleteWeights,
    InstallEnvironment,
    InstallWeights,
    LearnedSettings,
    VerifyWeights,
    WeightsInfo,
    WeightsState,
)
from .environment import Environment, EnvironmentState, Tools
from .requests import new_id
from .setup import Plan

OFFLINE = "Blender may not use the network: allow online access in the preferences, under System."
LICENCE = "Hunyuan3D's licence is not accepted yet: read it, then accept it or go on without Hunyuan3D."

_PAINT_SETS = tuple(identifier for identifier, _, _ in PAINTERS if identifier != PREVIEW_PAINT)
_TENCENT_SETS = (*(identifier for identifier, _, _ in SHAPE_MODELS), *_PAINT_SETS, PAINT_DELIGHT)


def is_tencents(weights: str) -> bool:
    """Whether a file set is under the licence that leaves out some territories."""
    return weights.startswith(_TENCENT_SETS)


def needed_sets(learned: LearnedSettings, *, with_shapes: bool) -> tuple[str, ...]:
    """The file sets that these settings work with, in the order of their stages."""
    sets = [learned.grounder]
    if learned.matter != PREVIEW_MATTE:
        sets.append(learned.matter)
    sets.append(DEPTH_MODEL)
    if with_shapes:
        sets += (learned.shape_set, *paint_sets(learned))
    return tuple(sets)


def paint_sets(learned: LearnedSettings) -> tuple[str, ...]:
    """The file sets that these settings paint with."""
    if learned.painter == PREVIEW_PAINT:
        return ()
    return (PAINT_DELIGHT, learned.painter) if learned.delight else (learned.painter,)


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
    if TENCENT_LICENCE not in licences and any(map(is_tencents, sets)):
        raise Img23DError(ErrorCode.LICENCE_NOT_ACCEPTED, LICENCE)
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
