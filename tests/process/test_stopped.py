"""A backend that is stopped (SIGSTOP): said, ended when the artist wants it, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import HERE, ROOT, Desk, is_alive, wait_for_end

from blender_img23d.core.jobs import JobState
from blender_img23d.core.session import deadlines
from blender_img23d.process.launch import new_link
from blender_img23d.shared.img23d_protocol import ErrorCode

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a stopped process of its parent's death")

# Stands for Blender: a session with the real backend, which is stopped; then the end that the test wants.
PARENT = """
import os, signal, sys, time
from pathlib import Path
from desk import ROOT, Desk
from blender_img23d.process.launch import new_link
folder = Path(sys.argv[1])
desk = Desk(folder / "backend.log")
desk.session._make_link = lambda: new_link(ROOT / "blender_img23d", folder / "logs", models=folder / "models")
desk.session.inspect()
desk.until(lambda: desk.session.hello, 30)
os.kill(desk.pid, signal.SIGSTOP)
print(desk.pid, flush=True)
exec(sys.argv[2])
"""


def run_parent(folder: Path, ending: str) -> tuple[subprocess.Popen[str], int]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)])}
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(folder), ending], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert parent.stdout is not None
    line = parent.stdout.readline()
    assert line, parent.communicate()[1]
    return parent, int(line)


def end_of(pid: int, seconds: float) -> None:
    """Waits for it, and leaves nothing behind where it does not come."""
    try:
        wait_for_end(pid, seconds)
    finally:
        if is_alive(pid):
            os.kill(pid, signal.SIGKILL)


@linux
def test_it_does_not_outlive_a_blender_that_is_killed(tmp_path: Path) -> None:
    parent, backend = run_parent(tmp_path, "time.sleep(60)")
    assert is_alive(backend)
    parent.kill()
    parent.communicate()
    end_of(backend, 3.0)


@pytest.mark.parametrize("ending", ["pass", "desk.session.shutdown()", "raise SystemExit(3)"])
def test_it_does_not_outlive_a_blender_that_exits(tmp_path: Path, ending: str) -> None:
    parent, backend = run_parent(tmp_path, ending)
    _, errors = parent.communicate(timeout=10.0)
    assert errors == ""
    end_of(backend, 3.0)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "backend.log")
    desk.session._make_link = lambda: desk.links.append(new_link(ROOT / "blender_img23d", tmp_path / "logs", models=tmp_path / "models")) or desk.links[-1]
    yield desk
    desk.close()


def test_the_artist_is_told_and_ends_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "ANSWER_SECONDS", 1.0)
    monkeypatch.setattr(deadlines, "PING_SECONDS", 0.2)
    desk.session.inspect()
    desk.until(lambda: desk.session.hello is not None, 30)
    os.kill(desk.pid, signal.SIGSTOP)
    job, pid = desk.submit(), desk.pid
    desk.until(lambda: desk.session.unanswered > 0, 10)
    assert job.state is JobState.RUNNING
    desk.session.end_unanswering()
    end_of(pid, 3.0)
    assert job.state is JobState.FAILED and job.code == ErrorCode.BACKEND_SILENT
    later = desk.submit("job2")
    desk.until(lambda: later.is_over, 30)
    assert later.code == ErrorCode.PHOTO_NOT_FOUND and len(desk.links) == 2


def test_it_goes_on_where_it_is_let_go_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(deadlines, "PING_SECONDS", 0.1)
    desk.session.inspect()
    desk.until(lambda: desk.session.hello is not None, 30)
    os.kill(desk.pid, signal.SIGSTOP)
    job = desk.submit()
    desk.until(lambda: desk.session._heartbeat.silent_seconds or desk.session._heartbeat._silence.seconds > 0.4, 10)
    os.kill(desk.pid, signal.SIGCONT)
    desk.until(lambda: job.is_over, 30)
    assert job.code == ErrorCode.PHOTO_NOT_FOUND and len(desk.links) == 1
