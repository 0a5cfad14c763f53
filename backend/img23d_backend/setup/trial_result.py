"""The result of the new environment's first start, checked."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from img23d_protocol import ErrorCode, Img23DError

from .guarded import Ended
from .torch_builds import family, likely_family

_DETAIL = 4000  # characters
_TOO_OLD = r"driver .{0,60}too old|driver version is insufficient|update your (gpu )?driver"
_UNKNOWN_CARD = r"no kernel image|is not compatible with the current pytorch|invalid device function"
_NO_RUNTIME = r"(c10|torch_cpu|torch_python|fbgemm)\.dll|vcruntime|winerror (126|1114)"


class UnknownCard(Img23DError):
    """The build has no kernels for the graphics card; another one may."""


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """What trial.py wrote."""

    python: str  # its version
    base: str  # the interpreter that the environment was made from
    torch: str  # the version
    built_for: str  # "cuda", "rocm", "xpu", "mps" or "cpu"
    device_error: str = ""
    warnings: list[str] = field(default_factory=list)


def judge(ended: Ended) -> TrialResult:
    """Raises Img23DError(ENVIRONMENT_BROKEN) where something could not be imported, (DRIVER_TOO_OLD)."""
    text = ended.text
    if ended.status != 0:
        raise _not_importable(text[-_DETAIL:])
    result = TrialResult(**json.loads(ended.lines[-1]))
    _need_usable_card(result)
    return result


def need_family(result: TrialResult, torch_build: str) -> str:
    """A sentence where "auto" ended on the processor although a card is there; empty otherwise.

    Raises Img23DError(HUB_UNREACHABLE) where an explicit choice could not be had.
    """
    wanted = family(torch_build)
    if wanted in ("cuda", "rocm", "xpu") and result.built_for != wanted:
        sentence = "The build for this graphics card could not be had: check its driver and the network, or choose Automatic."
        raise Img23DError(ErrorCode.HUB_UNREACHABLE, sentence, f"asked for {torch_build}, got {result.torch} ({result.built_for})")
    if not wanted and result.built_for == "cpu" and likely_family() != "cpu":
        return "The build for the graphics card could not be had, so the AI models run on the processor: set up again later."
    return ""


def _not_importable(text: str) -> Img23DError:
    if re.search(_NO_RUNTIME, text, re.IGNORECASE):
        sentence = "Windows lacks the Microsoft Visual C++ Redistributable: install it from Microsoft and press Go On."
    else:
        sentence = "The AI packages were installed but do not start: press Go On, they are then installed anew."
    return Img23DError(ErrorCode.ENVIRONMENT_BROKEN, sentence, text)


def _need_usable_card(result: TrialResult) -> None:
    said = "\n".join([*result.warnings, result.device_error])
    if re.search(_TOO_OLD, said, re.IGNORECASE):
        sentence = "The graphics card's driver is too old: update it and press Go On, or choose Processor Only."
        raise Img23DError(ErrorCode.DRIVER_TOO_OLD, sentence, said[-_DETAIL:])
    if re.search(_UNKNOWN_CARD, result.device_error, re.IGNORECASE):  # a warning may be about a card that is not used
        sentence = "This build does not know the graphics card: choose another build, or Processor Only, and set up again."
        raise UnknownCard(ErrorCode.ENVIRONMENT_BROKEN, sentence, said[-_DETAIL:])
