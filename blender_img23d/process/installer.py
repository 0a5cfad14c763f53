"""What the extension knows about the private environment without starting anything, and where uv's program lies."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..core.session.environment import EnvironmentState
from ..shared.img23d_protocol import ErrorCode, Img23DError
from ..shared.img23d_protocol.environment import EnvironmentRecord, interpreter_in, lock_hash, read_record

_PROGRAM = "uv.exe" if os.name == "nt" else "uv"
LOCKS = Path("img23d_backend", "setup", "locks")  # below the folder that find_backend gives


def environment_state(folder: Path, backend: Path, torch_build: str = "") -> EnvironmentState:
    """Of the private environment in `folder`; a few small files are read.

    `backend` is the folder that holds `img23d_backend`. A build of torch other than `torch_build` counts as out of date.
    """
    record = read_record(folder)
    if record is None:
        return EnvironmentState.PARTIAL if (folder / "venv").exists() else EnvironmentState.MISSING
    if not interpreter_in(folder).is_file() or not Path(record.base).is_file():
        return EnvironmentState.PARTIAL  # such as after the Blender was removed whose Python it was made from
    if torch_build not in ("", record.torch_build) or not _is_current(record, backend / LOCKS):
        return EnvironmentState.OUTDATED
    return EnvironmentState.READY


def environment_python(folder: Path, backend: Path) -> Path | None:
    """The interpreter of the private environment; None where it is not complete or not of this version."""
    is_ready = environment_state(folder, backend) is EnvironmentState.READY
    return interpreter_in(folder) if is_ready else None


def _is_current(record: EnvironmentRecord, locks: Path) -> bool:
    return bool(record.locks) and all(lock_hash(locks, name) == known for name, known in record.locks.items())


def find_uv(search: Iterable[str] | None = None) -> Path:
    """uv's program: the one from the extension's wheel, else one that is installed. Raises Img23DError(ENVIRONMENT_BROKEN).

    Blender unpacks a wheel's programs, without their executable bit, beside its packages into `uv-….data/scripts`.
    """
    for candidate in _candidates(sys.path if search is None else search):
        if candidate.is_file():
            return candidate
    sentence = "The installer program uv is missing: reinstall the Img23D extension from its zip file."
    raise Img23DError(ErrorCode.ENVIRONMENT_BROKEN, sentence, "\n".join(sys.path))


def _candidates(search: Iterable[str]) -> Iterator[Path]:
    for folder in search:
        yield from sorted(Path(folder or ".").glob(f"uv-*.data/scripts/{_PROGRAM}"), reverse=True)
    yield Path(sysconfig.get_path("scripts"), _PROGRAM)
    installed = shutil.which("uv")
    if installed:
        yield Path(installed)
