"""What the session does with what the artist and the backend say."""

from __future__ import annotations

import pytest
from fake_link import HELLO, Stage, make_request

from blender_img23d.core.jobs import JobState
from blender_img23d.core.link import LinkClosed
from blender_img23d.core.session import JOBS_KEPT, SessionState
from blender_img23d.shared.img23d_protocol import PROTOCOL_VERSION, ErrorCode, Img23DError
from blender_img23d.shared.img23d_protocol.messages import (
    Accepted,
    Box,
    Cancel,
    Cancelled,
    CutoutReady,
    Diagnose,
    Diagnosed,
    Failed,
    Finished,
    Hello,
    Located,
    LocatedTarget,
    Log,
    MeshReady,
    Paint,
    PaintReady,
    Progress,
    Shutdown,
    TargetFailed,
    Unload,
    Unloaded,
)
from blender_img23d.shared.img23d_protocol.messages import Stage as Step

BOX = Box(left=0.1, top=0.1, right=0.5, bottom=0.5)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def located(job: str = "job1") -> Located:
    targets = (LocatedTarget(name="cup", box=BOX), LocatedTarget(name="book", box=BOX))
    return Located(job=job, targets=targets, photo_width=1000, photo_height=800, notes=("turned upright",))


def mesh(target: int, *, textured: bool = False, job: str = "job1") -> MeshReady:
    return MeshReady(job=job, target=target, path=f"/runs/1/{target}.glb", textured=textured, faces=500)


def finished(job: str = "job1") -> Finished:
    return Finished(job=job, made=2, failed=0, seconds=1.5)


def test_nothing_is_started_before_it_is_needed(stage: Stage) -> None:
    assert stage.session.tick() == ()
    assert stage.session.state is SessionState.OFF
    assert stage.links == []


def test_a_job_waits_for_hello_and_is_then_sent(stage: Stage) -> None:
    request = make_request()
    job = stage.session.submit(request, file_key="scene.blend")
    assert stage.session.state is SessionState.STARTING
    assert job.state is JobState.WAITING
    assert [target.name for target in job.targets] == ["cup", "book"]
    assert stage.link.sent == []
    assert stage.hear(HELLO) == ()
    assert stage.session.state is SessionState.BUSY
    assert job.state is JobState.RUNNING
    assert job.file_key == "scene.blend"
    assert stage.link.sent == [request]
    assert stage.session.hello == HELLO
    assert stage.session.engines == HELLO.engines


def test_a_whole_job(stage: Stage) -> None:
    job = stage.run()
    updates = stage.hear(
        Accepted(job="job1"),
        Progress(job="job1", stage=Step.LOCATE, fraction=0.5, note="looking"),
        located(),
        CutoutReady(job="job1", target=0, path="/runs/1/cup.png", note="soft edge"),
        mesh(0),
        Progress(job="job1", stage=Step.PAINT, target=0, fraction=0.5),
        mesh(0, textured=True),
        TargetFailed(job="job1", target=1, code="no_region", sentence="Draw a box.", detail="why"),
        finished(),
    )
    assert [type(update.message).__name__ for update in updates] == [
        "Located", "CutoutReady", "MeshReady", "MeshReady", "TargetFailed", "Finished",
    ]  # fmt: skip
    assert all(update.job is job for update in updates)
    cup, book = job.targets
    assert (cup.cutout, cup.mesh, cup.textured, cup.faces) == ("/runs/1/cup.png", "/runs/1/0.glb", True, 500)
    assert (book.error, book.detail) == ("Draw a box.", "why")
    assert job.notes == ("turned upright",)
    assert job.photo_size == (1000, 800)
    assert job.state is JobState.DONE
    assert job.progress == 1.0
    assert job.ended >= job.started > 0
    assert stage.session.state is SessionState.READY
    assert stage.session.active is None


def test_the_backend_is_used_again(stage: Stage) -> None:
    stage.run()
    stage.hear(finished())
    stage.session.submit(make_request("job2"))
    assert len(stage.links) == 1
    assert stage.session.state is SessionState.BUSY
    assert [message.job for message in stage.link.sent] == ["job1", "job2"]


@pytest.mark.parametrize("hello", [True, False])
def test_two_jobs_at_once_are_one_too_many(stage: Stage, hello: bool) -> None:
    job = stage.session.submit(make_request())
    if hello:
        stage.hear(HELLO)
    with pytest.raises(Img23DError) as caught:
        stage.session.submit(make_request("job2"))
    assert caught.value.code == ErrorCode.BUSY
    assert stage.session.jobs == [job]
    assert stage.session.active is job


def test_a_backend_that_cannot_be_started_leaves_no_job(stage: Stage) -> None:
    stage.start_error = Img23DError(ErrorCode.BACKEND_START, "Reinstall.")
    with pytest.raises(Img23DError):
        stage.session.submit(make_request())
    assert stage.session.jobs == []
    assert stage.session.state is SessionState.OFF
    stage.start_error = None
    stage.run()
    assert stage.session.state is SessionState.BUSY


def test_a_wrong_version_is_a_sentence(stage: Stage) -> None:
    job = stage.session.submit(make_request())
    (update,) = stage.hear(Hello(protocol=PROTOCOL_VERSION + 1, backend="9", python="3.14", pid=2), finished())
    assert isinstance(update.message, Failed)
    assert job.state is JobState.FAILED
    assert job.code == ErrorCode.VERSION_MISMATCH
    assert "versions" in job.error and job.action
    assert stage.link.was_killed
    assert stage.link.sent == []
    assert stage.session.state is SessionState.OFF
    assert stage.session.hello is None


@pytest.mark.parametrize(
    ("code", "tail", "word"), [(-9, "", "memory"), (1, "No module named 'cv2'", "missing"), (3, "", "exit code 3")]
)
def test_a_death_ends_the_job_and_the_next_job_starts_a_new_backend(stage: Stage, code: int, tail: str, word: str) -> None:
    job = stage.run()
    updates = stage.hear(located(), mesh(0), LinkClosed(code=code, tail=tail))
    assert isinstance(updates[-1].message, Failed)
    assert job.state is JobState.FAILED
    assert job.code == ErrorCode.BACKEND_DIED
    assert word in job.error
    assert job.action
    assert job.detail == tail
    assert job.targets[0].mesh == "/runs/1/0.glb"
    assert stage.session.state is SessionState.OFF
    stage.run(make_request("job2"))
    assert len(stage.links) == 2
    assert stage.session.state is SessionState.BUSY


def test_a_death_before_hello_is_a_failed_start(stage: Stage) -> None:
    job = stage.session.submit(make_request())
    (update,) = stage.hear(LinkClosed(code=1, tail="SyntaxError"))
    assert isinstance(update.message, Failed)
    assert job.code == ErrorCode.BACKEND_START
    assert job.detail == "SyntaxError"


def test_an_idle_backend_that_died_unseen_does_not_get_the_job(stage: Stage) -> None:
    stage.run()
    stage.hear(finished())
    stage.link.says.append(LinkClosed(code=-9))
    job = stage.session.submit(make_request("job2"))
    assert len(stage.links) == 2
    stage.hear(HELLO)
    assert job.state is JobState.RUNNING


def test_cancel_is_sent_once_and_answered(stage: Stage) -> None:
    job = stage.run()
    stage.hear(located(), mesh(0))
    stage.session.cancel()
    stage.session.cancel()
    assert stage.session.state is SessionState.CANCELLING
    assert job.state is JobState.CANCELLING
    assert stage.link.sent[1:] == [Cancel(job="job1")]
    (update,) = stage.hear(Cancelled(job="job1"))
    assert isinstance(update.message, Cancelled)
    assert job.state is JobState.CANCELLED
    assert job.targets[0].mesh
    assert stage.session.state is SessionState.READY
    assert len(stage.links) == 1


def test_results_on_their_way_while_cancelling_are_kept(stage: Stage) -> None:
    job = stage.run()
    stage.hear(located())
    stage.session.cancel()
    updates = stage.hear(mesh(0), finished())
    assert [type(update.message) for update in updates] == [MeshReady, Finished]
    assert job.state is JobState.DONE


def test_cancel_before_hello_sends_nothing_and_keeps_the_backend(stage: Stage) -> None:
    job = stage.session.submit(make_request())
    stage.session.cancel()
    (update,) = stage.session.tick()
    assert isinstance(update.message, Cancelled)
    assert job.state is JobState.CANCELLED
    stage.hear(HELLO)
    assert stage.session.state is SessionState.READY
    assert stage.link.sent == []


def test_a_job_submitted_after_a_cancel_before_hello_runs(stage: Stage) -> None:
    stage.session.submit(make_request())
    stage.session.cancel()
    job = stage.session.submit(make_request("job2"))
    stage.hear(HELLO)
    assert job.state is JobState.RUNNING
    assert len(stage.links) == 1


def test_cancel_of_nothing_does_nothing(stage: Stage) -> None:
    stage.session.cancel()
    assert stage.session.tick() == ()


def test_death_while_cancelling_counts_as_cancelled(stage: Stage) -> None:
    job = stage.run()
    stage.session.cancel()
    (update,) = stage.hear(LinkClosed(code=-11))
    assert isinstance(update.message, Cancelled)
    assert job.state is JobState.CANCELLED
    assert not job.error


def test_messages_of_other_jobs_and_before_hello_change_nothing(stage: Stage) -> None:
    job = stage.session.submit(make_request())
    assert stage.hear(finished(), mesh(0)) == ()
    stage.hear(HELLO)
    assert stage.hear(mesh(0, job="older"), finished("older"), Failed(job="older", code="x", sentence="y")) == ()
    assert job.state is JobState.RUNNING
    assert not job.targets[0].mesh


def test_targets_that_do_not_exist_are_no_crash(stage: Stage) -> None:
    job = stage.run()
    strange = (mesh(7), mesh(-1), CutoutReady(job="job1", target=2, path="x"))
    assert stage.hear(*strange, TargetFailed(job="job1", target=9, code="c", sentence="s")) == ()
    stage.hear(Progress(job="job1", stage=Step.SHAPE, target=99, fraction=0.5))
    assert job.state is JobState.RUNNING


def test_a_failed_job_keeps_the_backend(stage: Stage) -> None:
    job = stage.run()
    stage.hear(Failed(job="job1", code="photo_uniform", sentence="One colour only.", detail="d"))
    assert (job.state, job.code, job.error, job.detail) == (JobState.FAILED, "photo_uniform", "One colour only.", "d")
    assert stage.session.state is SessionState.READY


def test_a_retexture(stage: Stage) -> None:
    job = stage.run(Paint(job="job1", mesh="/m.npz", picture="/p.png", run_folder="/runs/1", name="cup"))
    assert [target.name for target in job.targets] == ["cup"]
    updates = stage.hear(PaintReady(job="job1", texture="/t.png", uv="/uv.npy"), finished())
    assert [type(update.message) for update in updates] == [PaintReady, Finished]
    assert (job.texture, job.uv, job.targets[0].textured) == ("/t.png", "/uv.npy", True)


def test_a_diagnosis(stage: Stage) -> None:
    job = stage.run(Diagnose(job="job1"))
    stage.hear(Diagnosed(job="job1", report="all well"))
    assert job.report == "all well"


def test_unload_is_for_idle_backends(stage: Stage) -> None:
    stage.session.unload()  # nothing runs, nothing to do
    stage.run()
    with pytest.raises(Img23DError) as caught:
        stage.session.unload()
    assert caught.value.code == ErrorCode.BUSY
    stage.hear(finished())
    stage.session.unload()
    assert stage.link.sent[-1] == Unload()
    stage.hear(Unloaded(freed=120_000_000))
    assert "120 MB" in stage.session.notice


def test_shutdown_ends_backend_and_job_and_can_be_followed_by_a_new_job(stage: Stage) -> None:
    job = stage.run()
    stage.session.shutdown()
    assert stage.link.was_closed
    assert job.state is JobState.CANCELLED
    assert stage.session.state is SessionState.OFF
    (update,) = stage.session.tick()
    assert isinstance(update.message, Cancelled)
    stage.run(make_request("job2"))
    assert stage.links[0].was_killed, "two backends must never run side by side"
    assert stage.session.state is SessionState.BUSY


def test_shutdown_of_nothing(stage: Stage) -> None:
    stage.session.shutdown()
    assert stage.links == []


def test_logs_and_unknown_order_are_no_crash(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    job = stage.run()
    stage.hear(Log(level="warning", text="low on disk"), Log(level="nonsense", text="x"), HELLO, Shutdown())
    assert "low on disk" in caplog.text
    assert job.state is JobState.RUNNING


def test_the_list_is_newest_first_and_has_an_end(stage: Stage) -> None:
    for number in range(JOBS_KEPT + 5):
        stage.run(make_request(f"job{number}"))
        stage.hear(finished(f"job{number}"))
    assert len(stage.session.jobs) == JOBS_KEPT
    assert stage.session.jobs[0].id == f"job{JOBS_KEPT + 4}"
