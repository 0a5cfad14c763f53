"""Starting other programs, and telling a person what went wrong."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class DevError(Exception):
    """Something a person has to do before the command can go on; the text says what."""


def run(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None, hint: str = "") -> None:
    """Run to the end with its output shown. Raises DevError with `hint` when it fails."""
    status = subprocess.run([str(part) for part in command], env=env, cwd=cwd, stdin=subprocess.DEVNULL).returncode
    if status:
        raise DevError(hint or f"{Path(command[0]).name} ended with status {status}: {' '.join(map(str, command))}")


def output_of(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run quietly and return what it wrote."""
    return subprocess.run(
        [str(part) for part in command],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def clean_environment(**extra: str) -> dict[str, str]:
    """The caller's environment without what would point another Python at the wrong packages."""
    dropped = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV", "BLENDER_USER_RESOURCES")
    return {key: value for key, value in os.environ.items() if key not in dropped} | extra
