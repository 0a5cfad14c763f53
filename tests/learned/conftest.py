"""The learned chain's tests: torch is here, small checkpoints in the published layouts are made once.

They lie as the backend's folders do; what several of these share lies beside this file, and is on the path.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHARED_MEMORY = Path("/dev/shm")
sys.path[:0] = [str(Path(__file__).resolve().parent), str(ROOT / "tests")]


@pytest.fixture(scope="session")
def tiny_models() -> Path:
    """A models folder that holds a trained tiny checkpoint of each stage."""
    from tiny.make import make_all

    return make_all()


@pytest.fixture
def hollow_folder(tmp_path: Path) -> Iterator[Path]:
    """For files of the published sizes that hold no numbers and take no room.

    In shared memory where there is any: of such a file on a disk the kernel reads megabytes ahead of each tensor's first number, 40 GB of zeros.
    """
    if not SHARED_MEMORY.is_dir() or shutil.disk_usage(SHARED_MEMORY).free < 2**30:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as folder:
        yield Path(folder)
