"""Looking at an interpreter from outside."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

SECONDS = 60.0  # an antivirus may read a new program to its end first


def starts(python: Path) -> bool:
    """Whether it runs as an environment's interpreter; one whose base was removed does not."""
    if not python.is_file():
        return False
    code = "import sys; sys.exit(sys.prefix == sys.base_prefix)"  # as it is without its pyvenv.cfg
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    try:
        done = subprocess.run([python, "-I", "-c", code], stdin=subprocess.DEVNULL, creationflags=flags, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def version_of(environment: Path) -> tuple[int, int]:
    """The Python of a virtual environment, as its own file says it. Raises OSError, ValueError."""
    settings = (environment / "pyvenv.cfg").read_text(encoding="utf-8")
    found = re.search(r"^version(?:_info)?\s*=\s*(\d+)\.(\d+)", settings, re.MULTILINE)
    if found is None:
        raise ValueError(f"no version in {environment}")
    return int(found[1]), int(found[2])
