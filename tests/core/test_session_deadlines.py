"""What the session does when the backend says nothing."""

from __future__ import annotations

import pytest
from fake_link import HELLO, Stage, make_request

from blender_img23d.core.jobs import JobState
from blender_img23d.core.session import (
    CANCEL_SECONDS,
    HELLO_SECONDS,
    IDLE_SECONDS,
    SILENCE_SECONDS,
    SessionState,
)
from blender_img23d.shared.img23d_protocol import ErrorCode
from blender_img23d.shared.img23d_protocol.messages import (
    Cancelled,
    Failed,
    Finished,
    Generate,
    Located,
    LocatedTarget,
    Log,
    MeshReady,
    Progress,
    Unload,
)
from blender_img23d.shared.img23d_protocol.messages import Stage as Step


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_no_hello(stage: Stage) -> None:
    job = stage.session.submit(make_request())
    assert stage.wait(HELLO_SECONDS - 1) == ()
    assert job.state is JobState.WAITING
    (update,) = stage.wait(1)
    assert isinstance(update.message, Failed)
    assert job.code == ErrorCode.BACKEND_START
    assert stage.link.was_killed
    assert stage.session.state is SessionState.OFF


def test_log_lines_are_no_hello(stage: Stage) -> None:
    stage.session.submit(make_request())
    for _ in range(int(HELLO_SECONDS)):
        stage.link.says.append(Log(level="info", text="still loading"))
        stage.wait(1)
    assert stage.session.state is SessionState.OFF


def test_a_cancel_without_answer_ends_the_backend_and_keeps_what_is_finished(stage: Stage) -> None:
    job = stage.run()
    stage.hear(
        Located(job="job1", targets=(LocatedTarget(name="cup"),), photo_width=10, photo_height=10),
        MeshReady(job="job1", target=0, path="/0.glb", textured=False, faces=500),
    )
    stage.session.cancel()
    assert stage.wait(CANCEL_SECONDS - 1) == ()
    stage.link.says.append(Progress(job="job1", stage=Step.PAINT, fraction=0.1))  # a word is no answer
    (update,) = stage.wait(1)
    assert isinstance(update.message, Cancelled)
    assert job.state is JobState.CANCELLED
    assert job.targets[0].mesh == "/0.glb"
    assert stage.link.was_killed
    stage.run(make_request("job2"))
    assert len(stage.links) == 2


def test_a_silent_job(stage: Stage) -> None:
    job = stage.run()
    stage.wait(SILENCE_SECONDS - 1)
    assert job.state is JobState.RUNNING
    (update,) = stage.wait(1)
    assert isinstance(update.message, Failed)
    assert job.code == ErrorCode.BACKEND_SILENT
    assert stage.link.was_killed


def test_every_word_breaks_the_silence(stage: Stage) -> None:
    job = stage.run()
    for _ in range(3):
        stage.wait(SILENCE_SECONDS - 1)
        stage.hear(Log(level="info", text="step"))
    assert job.state is JobState.RUNNING


@pytest.mark.parametrize("pause", [600.0, 8 * 3600.0])
def test_a_blender_that_did_not_look_does_not_blame_the_backend(stage: Stage, pause: float) -> None:
    """While Blender renders or the machine sleeps no tick comes."""
    job = stage.run()
    stage.now += pause
    assert stage.session.tick() == ()
    assert job.state is JobState.RUNNING
    stage.hear(Finished(job="job1", made=1, failed=0, seconds=1.0))
    assert job.state is JobState.DONE


def test_an_idle_backend_gives_its_memory_back_once(stage: Stage) -> None:
    stage.run()
    stage.hear(Finished(job="job1", made=1, failed=0, seconds=1.0))
    stage.wait(IDLE_SECONDS - 1)
    assert Unload() not in stage.link.sent
    stage.wait(2 * IDLE_SECONDS)
    assert stage.link.sent.count(Unload()) == 1
    assert stage.session.state is SessionState.READY


def test_a_backend_that_did_nothing_has_nothing_to_give_back(stage: Stage) -> None:
    stage.session.submit(make_request())
    stage.session.cancel()
    stage.hear(HELLO)
    stage.wait(IDLE_SECONDS + 10)
    assert stage.link.sent == []


def test_each_idle_time_counts_anew(stage: Stage) -> None:
    for job in ("job1", "job2"):
        stage.run(Generate(job=job, photo="/p.png", run_folder="/r"))
        stage.hear(Finished(job=job, made=1, failed=0, seconds=1.0))
        stage.wait(IDLE_SECONDS + 1)
    assert stage.link.sent.count(Unload()) == 2


def test_without_a_backend_time_means_nothing(stage: Stage) -> None:
    assert stage.wait(1000) == ()
    assert stage.links == []
