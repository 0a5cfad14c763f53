"""A backend that is stopped (SIGSTOP), as a debugger or a power manager does it: said, ended, and never left behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from artist import Artist, objections
from desk import HERE as DESK
from desk import ROOT, is_alive
from tally import Tally, chosen_cases, effort, is_soak, split_case
from whole import nothing_left

from blender_img23d.core.jobs import Job, JobState
from blender_img23d.core.session import deadlines
from blender_img23d.core.session.session import SessionState
from blender_img23d.shared.img23d_protocol import ErrorCode
from blender_img23d.shared.img23d_protocol.messages import USUAL

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")

SAID_SECONDS = 13.0  # until the panel says that a backend does not answer, which is after ten
CANCEL_SECONDS = 10.0  # until a backend that does not answer is gone and the next one can work
END_SECONDS = 6.0  # between Blender's end, however it comes, and the backend's

# Stands for Blender, and stops its backend in the middle of a stage.
PARENT = """
import os, signal, sys, time
from pathlib import Path
from artist import Artist
artist = Artist(Path(sys.argv[1]))
job = artist.generate()
artist.until(lambda: job.stage == sys.argv[2] or job.is_over, seconds=60)
assert not job.is_over, job.error
os.kill(artist.pid, signal.SIGSTOP)
print(artist.pid, flush=True)
exec(sys.argv[3])
"""
ENDINGS = {"leaves": "pass", "shuts down": "artist.session.shutdown()"}
if sys.platform == "linux":  # only there a stopped process is told of its parent's death
    ENDINGS |= {"is killed": "time.sleep(60)", "crashes": "os.abort()"}


def stopped_in(artist: Artist, stage: str, seconds: float) -> tuple[Job, int]:
    job = artist.generate()
    artist.until(lambda: job.stage == stage or job.is_over, seconds=60)
    end = time.monotonic() + seconds
    artist.until(lambda: job.is_over or time.monotonic() >= end)
    pid = artist.pid
    os.kill(pid, signal.SIGSTOP)
    return job, pid


def test_cancelled_while_it_is_stopped(tmp_path: Path) -> None:
    what = "backends stopped with SIGSTOP in each stage, then cancelled: ended, and the next one works"
    with Tally(name="stopped-cancelled", what=what) as tally:
        artist = Artist(tmp_path)
        try:
            for case in chosen_cases([f"stopped-{stage}" for stage in USUAL], effort(quick=1, long=8)):
                stage, number = split_case(case)
                job, pid = stopped_in(artist, stage.removeprefix("stopped-"), random.Random(number).uniform(0, 0.05))
                artist.session.cancel()
                begun = time.monotonic()
                artist.until(lambda: artist.session.state is not SessionState.CANCELLING, seconds=30)
                artist.until(lambda: not is_alive(pid), seconds=30)
                took = time.monotonic() - begun
                is_late = took > CANCEL_SECONDS or job.state not in (JobState.CANCELLED, JobState.DONE)
                tally.judge(case, f"{job.state} after {took:.1f} s" if is_late else "; ".join(objections(tmp_path)))
                tally.saw(seconds=took)
            artist.finish()
        finally:
            artist.session.shutdown()
            left = nothing_left(str(tmp_path))
            artist.close()
        if left:
            tally.failed("afterwards", left)


def test_what_does_not_answer_is_said_and_can_be_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not is_soak():
        monkeypatch.setattr(deadlines, "ANSWER_SECONDS", 1.0)
    what = "backends stopped with SIGSTOP in each stage: said to be silent, ended by the artist, and the next one works"
    with Tally(name="stopped-said", what=what) as tally:
        artist = Artist(tmp_path)
        try:
            for case in chosen_cases([f"silent-{stage}" for stage in USUAL], effort(quick=1, long=4)):
                stage, number = split_case(case)
                job, pid = stopped_in(artist, stage.removeprefix("silent-"), random.Random(number).uniform(0, 0.05))
                begun = time.monotonic()
                artist.until(lambda: job.is_over or artist.session.unanswered > 0, seconds=2 * SAID_SECONDS)
                took = time.monotonic() - begun
                artist.session.end_unanswering()
                artist.until(lambda: not is_alive(pid), seconds=30)
                is_said = job.code == ErrorCode.BACKEND_SILENT and job.error and took < SAID_SECONDS
                is_well = job.state is JobState.DONE or is_said
                tally.judge(case, "; ".join(objections(tmp_path)) if is_well else f"{job.state} {job.error!r} after {took:.1f} s")
                tally.saw(seconds=took)
            artist.finish()
        finally:
            artist.session.shutdown()
            artist.close()


def test_it_does_not_outlive_blender(tmp_path: Path) -> None:
    what = f"backends stopped with SIGSTOP whose Blender then {', '.join(ENDINGS)}: gone with it"
    with Tally(name="stopped-outlives", what=what) as tally:
        for case in chosen_cases([f"ending-{ending}" for ending in ENDINGS], effort(quick=4, long=24)):
            ending, number = split_case(case)
            tally.judge(case, outlived(tmp_path / str(number), ending.removeprefix("ending-"), random.Random(number)))


def outlived(folder: Path, ending: str, chance: random.Random) -> str:
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-c", PARENT, str(folder), chance.choice(list(USUAL)), ENDINGS[ending]]
    paths = (ROOT, ROOT / "backend", ROOT / "blender_img23d" / "shared", DESK, Path(__file__).parent)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))}
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    assert parent.stdout is not None
    line = parent.stdout.readline()
    if not line:
        return "it did not come so far"
    if ending == "is killed":
        parent.kill()
    parent.wait(30)
    end = time.monotonic() + END_SECONDS
    while is_alive(int(line)) and time.monotonic() < end:
        time.sleep(0.05)
    if is_alive(int(line)):
        os.kill(int(line), signal.SIGKILL)
        return f"its backend was still there after {END_SECONDS:.0f} s"
    return ""
