"""NVIDIA's driver and its cards, without torch: by its own program nvidia-smi, or by the kernel's files."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)

_PROGRAM = "nvidia-smi"
_WITHIN_WINDOWS = "/usr/lib/wsl/lib"
_SECONDS = 10.0  # it wakes a sleeping card first
_HIDDEN_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows would flash a console
_UNKNOWN_FIELD = "is not a valid field"  # so say drivers before 510 about compute_cap
_VERSION = re.compile(r"\d{3,4}(?:\.\d+)+|\d{3,4}\b")
_KERNEL_FILES = (Path("/sys/module/nvidia/version"), Path("/proc/driver/nvidia/version"))


@dataclass(frozen=True, kw_only=True)
class Card:
    """`capability` is CUDA's compute capability, such as (8, 6); None where the driver does not say."""

    name: str
    uuid: str
    total_bytes: int  # 0 where it does not say
    capability: tuple[int, int] | None = None


def ask(*fields: str) -> list[tuple[str, ...]] | None:
    """A row of answers for each card, in the order of the PCI bus. None where the program is missing, fails or does not know a field."""
    program = _program()
    if not program:
        return None
    command = [program, f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            creationflags=_HIDDEN_WINDOW,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log.warning("nvidia-smi does not answer: %s", error)
        return None
    if answer.returncode != 0 or _UNKNOWN_FIELD in answer.stdout:
        log.info("nvidia-smi does not say %s: %s", fields, answer.stdout.strip())
        return None
    rows = (tuple(part.strip() for part in line.split(",")) for line in answer.stdout.splitlines())
    return [row for row in rows if len(row) == len(fields)]  # a name has no comma in it, a message no such number of them


def cards() -> list[Card]:
    """In the order of the PCI bus. Empty where nothing is known."""
    rows = ask("name", "uuid", "memory.total", "compute_cap")
    if rows is None:
        rows = [(*row, "") for row in ask("name", "uuid", "memory.total") or []]
    return [_card(*row) for row in rows]


def driver_version() -> tuple[int, ...]:
    """Such as (580, 65, 6); empty where nobody says."""
    said = [os.environ.get("UV_CUDA_DRIVER_VERSION", "")]  # uv's own variable, for machines that install for another one
    said += [row[0] for row in ask("driver_version") or []][:1]
    for version in filter(None, map(as_version, said)):
        return version
    return next(filter(None, map(_version_in, _KERNEL_FILES)), ())


def has_driver() -> bool:
    """Where uv looks for it as well."""
    is_told = bool(os.environ.get("UV_CUDA_DRIVER_VERSION"))
    return is_told or bool(_program()) or any(path.is_file() for path in _KERNEL_FILES)


def as_version(text: str) -> tuple[int, ...]:
    """The driver's version in a text; empty where there is none."""
    found = _VERSION.search(text)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def _program() -> str:
    """Linux within Windows does not put it on the path of every program."""
    return shutil.which(_PROGRAM) or (shutil.which(_PROGRAM, path=_WITHIN_WINDOWS) if sys.platform == "linux" else None) or ""


def _version_in(path: Path) -> tuple[int, ...]:
    """Such as of `NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.14  Thu Feb 22 …`."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    return as_version(re.sub(r"x86_64|aarch64", "", lines[0])) if lines else ()


def _card(name: str, uuid: str, mebibytes: str, capability: str) -> Card:
    match = re.fullmatch(r"(\d+)\.(\d+)", capability)
    return Card(
        name=name,
        uuid=uuid,
        total_bytes=int(mebibytes) * 2**20 if mebibytes.isdecimal() else 0,
        capability=(int(match[1]), int(match[2])) if match else None,
    )


def versions() -> str:
    """A sentence about torch's build and NVIDIA's driver, empty where torch uses no such card. Imports torch."""
    import torch

    if torch.version.hip is not None:
        return f"PyTorch is built for ROCm {torch.version.hip}."
    if torch.version.cuda is None:
        return ""
    driver = nvidia_driver()
    return f"{f'NVIDIA driver {driver}; ' if driver else ''}PyTorch is built for CUDA {torch.version.cuda}."


def nvidia_driver() -> str:
    """Its version, such as "580.82.07"; empty where nvidia-smi, which comes with it, is missing or does not say."""
    rows = ask("driver_version")
    return rows[0][0] if rows else ""
