"""Which build of torch fits, how uv is asked for it, and how much room it takes."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.choices import TORCH_BUILDS

TORCH_VERSION = "2.13.0"

# uv's words for each choice, tried in this order. Its "auto" reads the driver's version and takes the CUDA build for it.
_BACKENDS: dict[str, tuple[str, ...]] = {
    "auto": ("auto",),
    "cuda": ("auto",),
    "rocm": ("rocm7.2", "rocm7.1"),
    "xpu": ("xpu",),
    "mps": (),  # the default index has it
    "cpu": ("cpu",),
}
_TAG = re.compile(r"cu\d+|rocm\d+(\.\d+)+")  # for those who know which one they want

# On disk with all it brings along, about: CUDA (4.8) and CPU (0.8) measured on Linux, the others not; ROCm carries kernels for
# every card.
_GIGABYTES = {"cuda": 5.5, "rocm": 18.0, "xpu": 6.0, "mps": 0.8, "cpu": 0.9}


def backends(torch_build: str) -> tuple[str, ...]:
    """What to pass to uv's --torch-backend, one after the other. Raises Img23DError(BAD_REQUEST)."""
    if torch_build in _BACKENDS:
        return () if sys.platform == "darwin" else _BACKENDS[torch_build]
    if _TAG.fullmatch(torch_build):
        return (torch_build,)
    known = ", ".join(identifier for identifier, _, _ in TORCH_BUILDS)
    raise Img23DError(ErrorCode.BAD_REQUEST, f"“{torch_build}” is no build of torch: choose one of {known}, or a tag such as cu130.")


def family(torch_build: str) -> str:
    """The kind of device that an explicit choice is for; empty for "auto"."""
    if torch_build.startswith("cu"):
        return "cuda"
    if torch_build.startswith("rocm"):
        return "rocm"
    return "" if torch_build == "auto" else torch_build


def size(torch_build: str) -> int:
    """Bytes on disk, about."""
    return int(_GIGABYTES[family(torch_build) or likely_family()] * 1e9)


def likely_family() -> str:
    """What "auto" will most likely end as on this machine, from what its driver brings along."""
    if sys.platform == "darwin":
        return "mps"
    if has_nvidia_driver():
        return "cuda"
    return "rocm" if shutil.which("rocm_agent_enumerator") else "cpu"


def need_driver(torch_build: str) -> None:
    """Before a working environment is changed for nothing. Raises Img23DError(DRIVER_TOO_OLD)."""
    if torch_build == "cuda" and not has_nvidia_driver():
        sentence = "No driver of an NVIDIA card was found: install it and set up again, or choose Automatic."
        raise Img23DError(ErrorCode.DRIVER_TOO_OLD, sentence)


def has_nvidia_driver() -> bool:
    """Where uv looks for it as well."""
    places = ("/proc/driver/nvidia/version", "/sys/module/nvidia/version")
    is_told = bool(os.environ.get("UV_CUDA_DRIVER_VERSION"))
    return is_told or shutil.which("nvidia-smi") is not None or any(Path(place).is_file() for place in places)
