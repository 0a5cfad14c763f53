"""Locks of the set-up, of the models and of the folders in use: held while their process lives, and never a moment longer."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from desk import ROOT, SHARED

from blender_img23d.process.launch import child_environment
from img23d_backend.setup.environment import hold
from img23d_backend.weights.lock import locked
from img23d_protocol import ErrorCode, Img23DError

HOLD = {
    "setup": "from img23d_backend.setup.environment import hold\nheld = hold(path, lambda: None)",
    "models": "from img23d_backend.weights.lock import locked\nheld = locked(path, None)",
}


class Tick:
    """Stands for the task that waits; gives up after some looks."""

    note = ""

    def __init__(self) -> None:
        self.count = 0

    def wait(self, seconds: float) -> None:
        self.count += 1
        if self.count > 3:
            raise TimeoutError
        time.sleep(0.01)


def holder(kind: str, path: Path) -> subprocess.Popen[bytes]:
    """A process of its own that holds the lock until it is killed, with a child that outlives it, as a library may leave one."""
    code = f"import subprocess, sys, time\nfrom pathlib import Path\npath = Path(sys.argv[1])\n{HOLD[kind]}\nheld.__enter__()\n"
    code += "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(5)'])\nprint('held', flush=True)\ntime.sleep(60)"
    environment = child_environment([ROOT / "backend", SHARED], os.environ)
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], env=environment, stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline().strip() == b"held"
    return process


def take(kind: str, path: Path) -> None:
    """Raises Img23DError(BUSY) or TimeoutError where it is held."""
    held = hold(path, lambda: None, timeout=0.3) if kind == "setup" else locked(path, Tick())
    with held:
        pass


@pytest.mark.parametrize("kind", list(HOLD))
def test_a_lock_of_a_killed_process_blocks_nobody(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.lock"
    process = holder(kind, path)
    try:
        with pytest.raises((Img23DError, TimeoutError)) as caught:
            take(kind, path)
        assert kind == "models" or caught.value.code == ErrorCode.BUSY
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert path.exists(), "the file stays; it means nothing"
    begun = time.monotonic()
    take(kind, path)
    assert time.monotonic() - begun < 0.3


@pytest.mark.parametrize("kind", list(HOLD))
def test_a_lock_file_that_was_left_behind_blocks_nobody(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.lock"
    path.write_text("4711")
    take(kind, path)
