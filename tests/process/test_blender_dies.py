"""However Blender ends, its backend ends with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from desk import HERE, ROOT, is_alive, wait_for_end

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")

# Stands for Blender: a session with a running job, then the end that the test wants.
PARENT = """
import signal, sys, time
from pathlib import Path
from desk import Desk
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores Ctrl+C for what it starts in the background, these tests too
desk = Desk(Path(sys.argv[1]))
desk.behaviour = sys.argv[2]
job = desk.submit()
desk.until(lambda: desk.session.hello and (job.targets[0].fraction or sys.argv[2] == "stubborn"))
print(desk.pid, flush=True)
exec(sys.argv[3])
"""


def run_parent(tmp_path: Path, behaviour: str, ending: str) -> tuple[subprocess.Popen[str], int]:
    """The parent and the pid of its backend."""
    command = [sys.executable, "-c", PARENT, str(tmp_path / "backend.log"), behaviour, ending]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)])}
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert parent.stdout is not None
    line = parent.stdout.readline()
    assert line, parent.communicate()[1]
    return parent, int(line)


def test_killed(tmp_path: Path) -> None:
    parent, backend = run_parent(tmp_path, "slow", "time.sleep(60)")
    assert is_alive(backend)
    parent.kill()
    parent.communicate()
    wait_for_end(backend, 5.0)


@pytest.mark.parametrize(
    ("behaviour", "ending"),
    [
        ("slow", "desk.session.shutdown()"),
        ("slow", "pass"),
        ("slow", "raise SystemExit(3)"),
        ("stubborn", "desk.session.shutdown()"),
        ("stubborn", "pass"),
    ],
)
def test_an_orderly_exit(tmp_path: Path, behaviour: str, ending: str) -> None:
    """The interpreter exits without a word on stderr and without waiting long, even for a backend that hangs."""
    parent, backend = run_parent(tmp_path, behaviour, ending)
    _, errors = parent.communicate(timeout=10.0)
    assert errors == ""
    assert parent.returncode == (3 if "Exit" in ending else 0)
    wait_for_end(backend, 5.0)


def test_ctrl_c_in_the_terminal_is_blenders_alone(tmp_path: Path) -> None:
    parent, backend = run_parent(tmp_path, "slow", "time.sleep(60)")
    assert os.getpgid(backend) != os.getpgid(parent.pid)
    parent.send_signal(signal.SIGINT)
    _, errors = parent.communicate(timeout=10.0)
    assert errors.rstrip().endswith("KeyboardInterrupt")
    wait_for_end(backend, 5.0)


def test_writing_to_a_dead_backend_does_not_end_blender(tmp_path: Path) -> None:
    """The Python inside Blender 4.3 leaves SIGPIPE as the system has it: deadly."""
    ending = """
import signal
from blender_img23d.shared.img23d_protocol.messages import Diagnose
signal.signal(signal.SIGPIPE, signal.SIG_DFL)
desk.links[0].send(Diagnose(job="x" * 1_000_000))  # more than the pipe holds: the writer waits
time.sleep(0.2)
desk.links[0].kill()
time.sleep(0.5)
raise SystemExit(7)
"""
    parent, backend = run_parent(tmp_path, "stubborn", ending)
    _, errors = parent.communicate(timeout=10.0)
    assert (parent.returncode, errors) == (7, "")
    wait_for_end(backend, 1.0)
