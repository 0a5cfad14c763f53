"""The session with the backend itself: every stage survives a cancel, a death of either side, and what comes after."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from desk import HERE, ROOT, Desk, wait_for_end

from blender_img23d.core.jobs import JobState
from blender_img23d.core.requests import build_diagnose, build_generate, build_locate, build_settings
from blender_img23d.core.session.session import SessionState
from blender_img23d.process.launch import new_link
from blender_img23d.shared.img23d_protocol import ErrorCode
from blender_img23d.shared.img23d_protocol.messages import USUAL, Generate, Settings, Stage, Wanted
from blender_img23d.shared.img23d_protocol.options.preview import LIGHT_CUTTER
from blender_img23d.shared.img23d_protocol.typed_names import split_names

cv2 = pytest.importorskip("cv2")
posix = pytest.mark.skipif(os.name == "nt", reason="signals")


class RealDesk(Desk):
    def _make_link(self):
        folder = self._log_path.parent
        self.links.append(new_link(ROOT / "blender_img23d", folder / "logs", models=folder / "models"))
        return self.links[-1]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[RealDesk]:
    desk = RealDesk(tmp_path / "backend.log")
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two things on plain ground, in a folder with a name that some programs cannot read."""
    picture = np.full((260, 400, 3), 235, np.uint8)
    cv2.circle(picture, (110, 130), 70, (40, 60, 200), -1, cv2.LINE_AA)
    cv2.rectangle(picture, (240, 60), (340, 200), (160, 90, 30), -1)
    path = tmp_path_factory.mktemp("Fotos ü 杯") / "zwei Dinge.png"
    cv2.imencode(".png", picture)[1].tofile(path)
    return path


def request(photo: Path, names: str) -> Generate:
    # Without the network, whose looks OpenCV does not stop in between
    settings = build_settings(texture_size=1024, faces=2000, shape="auto", thickness=1.0, cutter=LIGHT_CUTTER)
    base = photo.parent / "results"
    wanted = [Wanted(name=name) for name in split_names(names)]
    return build_generate(photo=str(photo), wanted=wanted, engine="preview", seed=1, settings=settings, base_folder=base)


def reach(desk: Desk, photo: Path, stage: Stage):
    """A job that is at work in that stage."""
    job = desk.session.submit(request(photo, "left"))
    desk.until(lambda: job.stage is stage or job.is_over)
    assert not job.is_over, f"{stage} was not seen: {job.error}"
    return job


def finish(desk: Desk, photo: Path, names: str = "left") -> None:
    job = desk.session.submit(request(photo, names))
    desk.until(lambda: job.is_over)
    assert job.state is JobState.DONE, job.detail
    assert [target.error for target in job.targets] == [""] * len(names.split(","))
    for target in job.targets:
        assert target.textured
        assert Path(target.main.path).read_bytes()[:4] == b"glTF"
        assert Path(target.cutout).is_file()


def test_a_whole_job_looking_only_and_a_diagnosis(desk: RealDesk, photo: Path) -> None:
    finish(desk, photo, "left, right")
    looking = desk.session.submit(build_locate(photo=str(photo), wanted=(), engine="preview", seed=1, settings=Settings()))
    desk.until(lambda: looking.is_over)
    assert looking.state is JobState.DONE
    assert looking.photo_size == (400, 260)
    diagnosis = desk.session.submit(build_diagnose())
    desk.until(lambda: diagnosis.is_over)
    assert "cv2" in diagnosis.report
    desk.session.unload()
    desk.until(lambda: desk.session.state is SessionState.READY)
    finish(desk, photo)
    assert len(desk.links) == 1
    assert desk.longest_tick < 0.1


def test_a_bad_photo_is_a_sentence_and_the_backend_stays(desk: RealDesk, photo: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(photo.read_bytes()[:200])
    job = desk.session.submit(request(broken, "left"))
    desk.until(lambda: job.is_over)
    assert job.state is JobState.FAILED
    assert job.code in (ErrorCode.PHOTO_TRUNCATED, ErrorCode.PHOTO_UNREADABLE)
    assert job.error.endswith(".")
    finish(desk, photo)
    assert len(desk.links) == 1


@posix
@pytest.mark.parametrize("stage", list(USUAL))
def test_cancel_and_death_in_any_stage(desk: RealDesk, photo: Path, stage: Stage) -> None:
    cancelled = reach(desk, photo, stage)
    desk.session.cancel()
    assert cancelled.state is JobState.CANCELLED, "at once"
    assert desk.until(lambda: desk.session.state is SessionState.READY) < 2.0, "the backend lets go soon"
    assert len(desk.links) == 1

    killed = reach(desk, photo, stage)
    os.kill(desk.pid, signal.SIGKILL)
    assert desk.until(lambda: killed.is_over) < 2.0
    assert killed.code == ErrorCode.BACKEND_DIED
    finish(desk, photo)
    assert len(desk.links) == 2


@pytest.mark.parametrize("stage", [Stage.MATTE, Stage.SHAPE, Stage.PAINT])
def test_one_thing_is_cancelled_and_the_other_is_made(desk: RealDesk, photo: Path, stage: Stage) -> None:
    job = desk.session.submit(request(photo, "left, right"))
    desk.until(lambda: job.stage is stage or job.is_over)
    assert not job.is_over, f"{stage} was not seen: {job.error}"
    desk.session.cancel_target(job, 1)
    desk.until(lambda: job.is_over)
    left, right = job.targets
    assert job.state is JobState.DONE and left.textured and not left.is_cancelled
    assert right.is_cancelled and not right.textured and not right.error
    finish(desk, photo)
    assert len(desk.links) == 1


PARENT = """
import sys, time
from pathlib import Path
from test_real_backend import RealDesk, Stage, reach
desk = RealDesk(Path(sys.argv[1]))
reach(desk, Path(sys.argv[2]), Stage(sys.argv[3]))
print(desk.pid, flush=True)
time.sleep(60)
"""


@posix
@pytest.mark.parametrize("stage", list(USUAL))
def test_blender_killed_in_any_stage(photo: Path, tmp_path: Path, stage: Stage) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path / "backend.log"), str(photo), stage]
    path = os.pathsep.join([str(ROOT), str(HERE)])
    parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path})
    assert parent.stdout is not None
    backend = int(parent.stdout.readline())
    begun = time.monotonic()
    parent.kill()
    parent.communicate()
    wait_for_end(backend, 5.0 - (time.monotonic() - begun))
