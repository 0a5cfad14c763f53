"""A file system of a megabyte or two, and how it fills up: for tests of what happens on a full disk."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def mounted(folder: Path, megabytes: int) -> Iterator[Path]:
    """Skips the test where none can be mounted, and says why."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only the superuser of a Linux can mount a small disk")
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {made.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path, *, leaving: int = 0) -> None:
    """With a file of somebody else's, which takes all of the disk but for `leaving` bytes, a multiple of 4096."""
    path, free = folder / "somebody's video", os.statvfs(folder)
    with contextlib.suppress(OSError), open(path, "wb", buffering=0) as file:
        file.write(b"x" * (free.f_bavail * free.f_bsize))
    os.truncate(path, max(0, path.stat().st_size - leaving))
