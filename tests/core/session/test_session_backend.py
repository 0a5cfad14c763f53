"""A backend's life as the session sees it: start, death, memory, end."""

from __future__ import annotations

import os

import pytest
from fake_link import HELLO, Rig, finished, located, make_request, mesh

from blender_img23d.core.jobs import JobState
from blender_img23d.core.session.link import LinkClosed
from blender_img23d.core.session.session import SessionState
from blender_img23d.shared.img23d_protocol import PROTOCOL_VERSION, ErrorCode, Img23DError
from blender_img23d.shared.img23d_protocol.messages import (
    Cancelled,
    DeviceInfo,
    EngineInfo,
    Failed,
    Hello,
    Inspect,
    Notice,
    Status,
    Unload,
    Unloaded,
    WeightsInfo,
    WeightsState,
)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_a_backend_that_cannot_be_started_leaves_no_job(rig: Rig) -> None:
    rig.start_error = Img23DError(ErrorCode.BACKEND_START, "Reinstall.")
    with pytest.raises(Img23DError):
        rig.session.submit(make_request())
    assert rig.session.jobs == []
    assert rig.session.state is SessionState.OFF
    rig.start_error = None
    rig.run()
    assert rig.session.state is SessionState.BUSY


def test_a_wrong_version_is_a_sentence(rig: Rig) -> None:
    job = rig.session.submit(make_request())
    (update,) = rig.hear(Hello(protocol=PROTOCOL_VERSION + 1, backend="9", python="3.14", pid=2), finished())
    assert isinstance(update.message, Failed)
    assert job.state is JobState.FAILED
    assert job.code == ErrorCode.VERSION_MISMATCH
    assert "versions" in job.error and job.action
    assert rig.link.was_killed
    assert rig.link.sent == []
    assert rig.session.state is SessionState.OFF
    assert rig.session.hello is None


@pytest.mark.parametrize(("code", "tail", "word"), [(-9, "", "memory"), (1, "No module named 'cv2'", "missing"), (3, "", "exit code 3")])
def test_a_death_ends_the_job_and_the_next_job_starts_a_new_backend(rig: Rig, code: int, tail: str, word: str) -> None:
    job = rig.run()
    updates = rig.hear(located(), mesh(0), LinkClosed(code=code, tail=tail))
    assert isinstance(updates[-1].message, Failed)
    assert job.state is JobState.FAILED
    assert job.code == ErrorCode.BACKEND_DIED
    assert word in job.error
    assert job.action
    assert job.detail == tail
    assert job.targets[0].main.path == os.path.join("/runs/1", "0.glb")
    assert rig.session.state is SessionState.OFF
    rig.run(make_request("job2"))
    assert len(rig.links) == 2
    assert rig.session.state is SessionState.BUSY


def test_a_death_before_hello_is_a_failed_start(rig: Rig) -> None:
    job = rig.session.submit(make_request())
    (update,) = rig.hear(LinkClosed(code=1, tail="SyntaxError"))
    assert isinstance(update.message, Failed)
    assert job.code == ErrorCode.BACKEND_START
    assert job.detail == "SyntaxError"


def test_an_idle_backend_that_died_unseen_does_not_get_the_job(rig: Rig) -> None:
    rig.run()
    rig.hear(finished())
    rig.link.says.append(LinkClosed(code=-9))
    job = rig.session.submit(make_request("job2"))
    assert len(rig.links) == 2
    rig.hear(HELLO)
    assert job.state is JobState.RUNNING


def test_death_while_cancelling_counts_as_cancelled(rig: Rig) -> None:
    job = rig.run()
    rig.session.cancel()
    (update,) = rig.hear(LinkClosed(code=-11))
    assert isinstance(update.message, Cancelled)
    assert job.state is JobState.CANCELLED
    assert not job.error


def test_unload_is_for_idle_backends(rig: Rig) -> None:
    rig.session.unload()  # nothing runs, nothing to do
    rig.run()
    with pytest.raises(Img23DError) as caught:
        rig.session.unload()
    assert caught.value.code == ErrorCode.BUSY
    rig.hear(finished())
    rig.session.unload()
    assert rig.link.sent[-1] == Unload()
    rig.hear(Unloaded(freed=4_200_000_000))
    assert rig.session.notice == "4.2 GB of memory are free for Blender and other programs again."
    rig.session.unload()
    rig.hear(Unloaded(freed=120_000_000))
    assert rig.session.notice == "Little memory was held, and it is free now.", "a press has an answer"
    rig.session.unload(is_asked=False)
    rig.hear(Unloaded(freed=120_000_000))
    assert rig.session.notice == "", "of no use to an artist who needs room"


def test_shutdown_ends_backend_and_job_and_can_be_followed_by_a_new_job(rig: Rig) -> None:
    job = rig.run()
    rig.session.shutdown()
    assert rig.link.was_closed
    assert job.state is JobState.CANCELLED
    assert rig.session.state is SessionState.OFF
    (update,) = rig.session.tick()
    assert isinstance(update.message, Cancelled)
    rig.run(make_request("job2"))
    assert rig.links[0].was_killed, "two backends must never run side by side"
    assert rig.session.state is SessionState.BUSY


def test_shutdown_of_nothing(rig: Rig) -> None:
    rig.session.shutdown()
    assert rig.links == []


STATUS = Status(
    devices=(DeviceInfo(id="gpu", label="A card"),),
    engines=(EngineInfo(id="hunyuan3d", label="Hunyuan3D", ready=True),),
    weights=(WeightsInfo(id="a", label="A", stage="locate", size_bytes=1, state=WeightsState.READY),),
)


def test_a_new_backend_tells_unasked_and_a_running_one_when_asked(rig: Rig) -> None:
    rig.session.inspect()
    assert rig.session.state is SessionState.STARTING
    rig.hear(HELLO, STATUS)
    assert rig.link.sent == []
    rig.session.inspect()
    assert rig.link.sent == [Inspect()]


def test_what_the_machine_has_outlives_the_backend(rig: Rig) -> None:
    rig.run()
    rig.hear(STATUS, finished())
    rig.session.shutdown()
    session = rig.session
    assert (session.devices, session.engines, session.weights) == (STATUS.devices, STATUS.engines, STATUS.weights)


def test_a_notice_is_told_once_with_the_run(rig: Rig) -> None:
    job = rig.run()
    less = Notice(job="job1", sentence="It goes on with less memory.")
    rig.hear(less, less, located())
    assert job.notes == ("It goes on with less memory.", "turned upright")
    rig.hear(finished(), Notice(job="job1", sentence="Late."))
    assert rig.session.notice == "Late."


def test_a_shutdown_at_once_leaves_no_process(rig: Rig) -> None:
    rig.run()
    rig.hear(finished())
    rig.session.shutdown(at_once=True)
    assert rig.link.was_killed
    rig.run(make_request("job2"))
    rig.hear(finished("job2"))
    rig.session.shutdown()
    rig.session.shutdown(at_once=True)
    assert rig.link.was_killed, "one that was asked to end before"
