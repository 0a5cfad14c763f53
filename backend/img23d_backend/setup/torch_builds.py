"""Which builds of torch may fit, how uv is asked for each, and how much room they take."""

from __future__ import annotations

import re
import shutil
import sys

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.choices import TORCH_BUILDS

from ..machine import nvidia
from .cuda_builds import found_builds

TORCH_VERSION = "2.13.0"
DEFAULT = "default"  # the package index's own build: for Macs, and where PyTorch's index cannot be reached
PROCESSOR = "cpu"

# uv's words for a build, tried in this order; for every other one they are its tag.
_BACKENDS: dict[str, tuple[str, ...]] = {"rocm": ("rocm7.2", "rocm7.1"), DEFAULT: ()}
_TAG = re.compile(r"cu\d+|rocm\d+(\.\d+)+")  # for those who know which one they want
_CHOSEN_BY_CARD = ("auto", "cuda")

# On disk with all it brings along, about: CUDA (4.8) and CPU (0.8) measured on Linux, the others not; ROCm carries kernels for
# every card.
_GIGABYTES = {"cuda": 5.5, "rocm": 18.0, "xpu": 6.0, "mps": 0.8, "cpu": 0.9}

_NO_BUILD = "PyTorch has no build for this graphics card any more: choose Automatic or Processor Only, and set up again."


def need_build(torch_build: str) -> None:
    """Before anything is changed. Raises Img23DError(BAD_REQUEST) for what is no build, and (DRIVER_TOO_OLD)."""
    if torch_build not in {identifier for identifier, _, _ in TORCH_BUILDS} and not _TAG.fullmatch(torch_build):
        known = ", ".join(identifier for identifier, _, _ in TORCH_BUILDS)
        sentence = f"“{torch_build}” is no build of torch: choose one of {known}, or a tag such as cu130."
        raise Img23DError(ErrorCode.BAD_REQUEST, sentence)
    if sys.platform == "darwin" or torch_build not in _CHOSEN_BY_CARD:
        return
    if torch_build == "cuda" and not nvidia.has_driver():
        sentence = "No driver of an NVIDIA card was found: install it and set up again, or choose Automatic."
        raise Img23DError(ErrorCode.DRIVER_TOO_OLD, sentence)
    if nvidia.has_driver():
        found_builds()


def candidates(torch_build: str) -> tuple[str, ...]:
    """The builds to install for a choice, the next one where a card turns out to be unknown to the one before.

    Empty where uv has to be asked: "auto" on a machine without NVIDIA's driver. Raises Img23DError(DRIVER_TOO_OLD,
    ENVIRONMENT_BROKEN).
    """
    if sys.platform == "darwin" or torch_build == "mps":
        return (DEFAULT,)
    if torch_build not in _CHOSEN_BY_CARD:
        return (torch_build,)
    if not nvidia.has_driver():
        return ()
    builds = found_builds()
    if not builds and torch_build == "cuda":
        raise Img23DError(ErrorCode.ENVIRONMENT_BROKEN, _NO_BUILD)
    return builds or (PROCESSOR,)


def backends(tag: str) -> tuple[str, ...]:
    """What to pass to uv's --torch-backend, one after the other."""
    return _BACKENDS.get(tag, (tag,))


def family(torch_build: str) -> str:
    """The kind of device that an explicit choice is for; empty for "auto" and for the index's own build."""
    if torch_build.startswith("cu"):
        return "cuda"
    if torch_build.startswith("rocm"):
        return "rocm"
    return "" if torch_build in ("auto", DEFAULT) else torch_build


def size(torch_build: str) -> int:
    """Bytes on disk, about."""
    return int(_GIGABYTES[family(torch_build) or likely_family()] * 1e9)


def likely_family() -> str:
    """What "auto" will most likely end as on this machine, from what its driver brings along."""
    if sys.platform == "darwin":
        return "mps"
    if nvidia.has_driver():
        return "cuda"
    return "rocm" if shutil.which("rocm_agent_enumerator") else "cpu"
