"""What the session does when the backend says nothing."""

from __future__ import annotations

import pytest
from fake_link import HELLO, Rig, make_request

from blender_img23d.core.jobs import JobState
from blender_img23d.core.session.deadlines import (
    HELLO_SECONDS,
    IDLE_SECONDS,
    LONG_SILENCE_SECONDS,
    SILENCE_SECONDS,
)
from blender_img23d.core.states import SessionState
from blender_img23d.shared.img23d_protocol import ErrorCode
from blender_img23d.shared.img23d_protocol.messages import (
    Failed,
    Finished,
    Generate,
    Log,
    Unload,
    VerifyWeights,
)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_no_hello(rig: Rig) -> None:
    job = rig.session.submit(make_request())
    assert rig.wait(HELLO_SECONDS - 1) == ()
    assert job.state is JobState.WAITING
    (update,) = rig.wait(1)
    assert isinstance(update.message, Failed)
    assert job.code == ErrorCode.BACKEND_START
    assert rig.link.was_killed
    assert rig.session.state is SessionState.OFF


def test_log_lines_are_no_hello(rig: Rig) -> None:
    rig.session.submit(make_request())
    for _ in range(int(HELLO_SECONDS)):
        rig.link.says.append(Log(level="info", text="still loading"))
        rig.wait(1)
    assert rig.session.state is SessionState.OFF


def test_a_silent_job(rig: Rig) -> None:
    job = rig.run()
    rig.wait(SILENCE_SECONDS - 1)
    assert job.state is JobState.RUNNING
    (update,) = rig.wait(1)
    assert isinstance(update.message, Failed)
    assert job.code == ErrorCode.BACKEND_SILENT
    assert rig.link.was_killed


@pytest.mark.parametrize(
    "request_",
    [Generate(job="job1", photo="/p.png", run_folder="/r", engine="hunyuan3d"), VerifyWeights(job="job1", sets=("a",))],
    ids=["learned engine", "set-up"],
)
def test_a_slow_processor_has_more_time_for_a_learned_model(rig: Rig, request_: Generate | VerifyWeights) -> None:
    job = rig.run(request_)
    rig.wait(LONG_SILENCE_SECONDS - 1)
    assert job.state is JobState.RUNNING
    rig.wait(1)
    assert job.code == ErrorCode.BACKEND_SILENT


def test_every_word_breaks_the_silence(rig: Rig) -> None:
    job = rig.run()
    for _ in range(3):
        rig.wait(SILENCE_SECONDS - 1)
        rig.hear(Log(level="info", text="step"))
    assert job.state is JobState.RUNNING


@pytest.mark.parametrize("pause", [600.0, 8 * 3600.0])
def test_a_blender_that_did_not_look_does_not_blame_the_backend(rig: Rig, pause: float) -> None:
    """While Blender renders or the machine sleeps no tick comes."""
    job = rig.run()
    rig.now += pause
    assert rig.session.tick() == ()
    assert job.state is JobState.RUNNING
    rig.hear(Finished(job="job1", made=1, failed=0, seconds=1.0))
    assert job.state is JobState.DONE


def test_an_idle_backend_gives_its_memory_back_once(rig: Rig) -> None:
    rig.run()
    rig.hear(Finished(job="job1", made=1, failed=0, seconds=1.0))
    rig.wait(IDLE_SECONDS - 1)
    assert Unload() not in rig.link.sent
    rig.wait(2 * IDLE_SECONDS)
    assert rig.link.sent.count(Unload()) == 1
    assert rig.session.state is SessionState.READY


def test_the_artist_says_when_memory_is_given_back(rig: Rig) -> None:
    rig.idle_seconds = 0.0
    rig.run()
    rig.hear(Finished(job="job1", made=1, failed=0, seconds=1.0))
    rig.wait(3 * IDLE_SECONDS)
    assert Unload() not in rig.link.sent, "0 means never"
    rig.idle_seconds = 4 * IDLE_SECONDS
    rig.wait(IDLE_SECONDS - 1)
    assert Unload() not in rig.link.sent
    rig.wait(1)
    assert rig.link.sent[-1] == Unload()


def test_a_backend_that_did_nothing_has_nothing_to_give_back(rig: Rig) -> None:
    rig.session.submit(make_request())
    rig.session.cancel()
    rig.hear(HELLO)
    rig.wait(IDLE_SECONDS + 10)
    assert rig.link.sent == []


def test_each_idle_time_counts_anew(rig: Rig) -> None:
    for job in ("job1", "job2"):
        rig.run(Generate(job=job, photo="/p.png", run_folder="/r"))
        rig.hear(Finished(job=job, made=1, failed=0, seconds=1.0))
        rig.wait(IDLE_SECONDS + 1)
    assert rig.link.sent.count(Unload()) == 2


def test_without_a_backend_time_means_nothing(rig: Rig) -> None:
    assert rig.wait(1000) == ()
    assert rig.links == []
