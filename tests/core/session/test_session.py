"""What the session does with what the artist and the backend say."""

from __future__ import annotations

import os

import pytest
from fake_link import HELLO, Rig, finished, located, make_request, mesh

from blender_img23d.core.jobs import JobState, Result
from blender_img23d.core.session.session import JOBS_KEPT, SessionState
from blender_img23d.shared.img23d_protocol import ErrorCode, Img23DError
from blender_img23d.shared.img23d_protocol.messages import (
    Accepted,
    CutoutReady,
    Diagnose,
    Diagnosed,
    Failed,
    Finished,
    Log,
    Paint,
    PaintReady,
    Progress,
    Shutdown,
    Stage,
    TargetFailed,
    Unwrap,
    UvReady,
    UvSource,
)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_nothing_is_started_before_it_is_needed(rig: Rig) -> None:
    assert rig.session.tick() == ()
    assert rig.session.state is SessionState.OFF
    assert rig.links == []


def test_a_job_waits_for_hello_and_is_then_sent(rig: Rig) -> None:
    request = make_request()
    job = rig.session.submit(request, file_key="scene.blend")
    assert rig.session.state is SessionState.STARTING
    assert job.state is JobState.WAITING
    assert [target.name for target in job.targets] == ["cup", "book"]
    assert rig.link.sent == []
    assert rig.hear(HELLO) == ()
    assert rig.session.state is SessionState.BUSY
    assert job.state is JobState.RUNNING
    assert job.file_key == "scene.blend"
    assert rig.link.sent == [request]
    assert rig.session.hello == HELLO
    assert rig.session.engines == HELLO.engines


def test_a_whole_job(rig: Rig) -> None:
    job = rig.run()
    updates = rig.hear(
        Accepted(job="job1"),
        Progress(job="job1", stage=Stage.LOCATE, fraction=0.5, note="looking"),
        located(),
        CutoutReady(job="job1", target=0, file="cup.png", note="soft edge"),
        mesh(0),
        Progress(job="job1", stage=Stage.PAINT, target=0, fraction=0.5),
        mesh(0, textured=True),
        TargetFailed(job="job1", target=1, code="no_region", sentence="Draw a box.", detail="why"),
        finished(),
    )
    assert [type(update.message).__name__ for update in updates] == [
        "Located", "CutoutReady", "ResultReady", "ResultReady", "TargetFailed", "Finished",
    ]  # fmt: skip
    assert all(update.job is job for update in updates)
    cup, book = job.targets
    assert (cup.cutout, cup.main) == (os.path.join("/runs/1", "cup.png"), Result(path=os.path.join("/runs/1", "0.glb"), textured=True, count=500))
    assert (book.error, book.detail) == ("Draw a box.", "why")
    assert job.notes == ("turned upright",)
    assert job.photo_size == (1000, 800)
    assert job.state is JobState.DONE
    assert job.progress == 1.0
    assert job.ended >= job.started > 0
    assert rig.session.state is SessionState.READY
    assert rig.session.active is None


def test_the_backend_is_used_again(rig: Rig) -> None:
    rig.run()
    rig.hear(finished())
    rig.session.submit(make_request("job2"))
    assert len(rig.links) == 1
    assert rig.session.state is SessionState.BUSY
    assert [message.job for message in rig.link.sent] == ["job1", "job2"]


@pytest.mark.parametrize("hello", [True, False])
def test_two_jobs_at_once_are_one_too_many(rig: Rig, hello: bool) -> None:
    job = rig.session.submit(make_request())
    if hello:
        rig.hear(HELLO)
    with pytest.raises(Img23DError) as caught:
        rig.session.submit(make_request("job2"))
    assert caught.value.code == ErrorCode.BUSY
    assert rig.session.jobs == [job]
    assert rig.session.active is job


def test_messages_of_other_jobs_and_before_hello_change_nothing(rig: Rig) -> None:
    job = rig.session.submit(make_request())
    assert rig.hear(finished(), mesh(0)) == ()
    rig.hear(HELLO)
    assert rig.hear(mesh(0, job="older"), finished("older"), Failed(job="older", code="x", sentence="y")) == ()
    assert job.state is JobState.RUNNING
    assert job.targets[0].main is None


def test_targets_that_do_not_exist_are_no_crash(rig: Rig) -> None:
    job = rig.run()
    strange = (mesh(7), mesh(-1), CutoutReady(job="job1", target=2, file="x"))
    assert rig.hear(*strange, TargetFailed(job="job1", target=9, code="c", sentence="s")) == ()
    rig.hear(Progress(job="job1", stage=Stage.SHAPE, target=99, fraction=0.5))
    assert job.state is JobState.RUNNING


def test_a_failed_job_keeps_the_backend(rig: Rig) -> None:
    job = rig.run()
    rig.hear(Failed(job="job1", code="photo_uniform", sentence="One colour only.", detail="d"))
    assert (job.state, job.code, job.error, job.detail) == (JobState.FAILED, "photo_uniform", "One colour only.", "d")
    assert rig.session.state is SessionState.READY


def test_a_lost_card_ends_its_backend_and_the_next_job_gets_a_new_one(rig: Rig) -> None:
    job = rig.run()
    rig.hear(Failed(job="job1", code="device_lost", sentence="The card stopped."))
    assert job.state is JobState.FAILED
    assert rig.link.was_killed and rig.session.state is SessionState.OFF
    rig.run(make_request("job2"))
    assert len(rig.links) == 2 and rig.session.state is SessionState.BUSY


def test_a_retexture(rig: Rig) -> None:
    job = rig.run(Paint(job="job1", mesh="/m.npz", picture="/p.png", run_folder="/runs/1", name="cup"))
    assert [target.name for target in job.targets] == ["cup"]
    updates = rig.hear(PaintReady(job="job1", texture="t.png", uv="uv.npy"), finished())
    assert [type(update.message) for update in updates] == [PaintReady, Finished]
    assert (job.texture, job.uv, job.targets[0].textured) == (os.path.join("/runs/1", "t.png"), os.path.join("/runs/1", "uv.npy"), True)


def test_a_retexture_into_the_meshs_own_layout_brings_no_other(rig: Rig) -> None:
    job = rig.run(Paint(job="job1", mesh="/m.npz", picture="/p.png", run_folder="/runs/1", name="cup", uv=UvSource.OWN))
    rig.hear(PaintReady(job="job1", texture="t.png"), finished())
    assert (job.texture, job.uv, job.targets[0].textured) == (os.path.join("/runs/1", "t.png"), "", True)


def test_a_painting_takes_the_place_of_the_unwrapping_that_it_goes_on_with(rig: Rig) -> None:
    older = rig.run(make_request("job0"))
    rig.hear(finished("job0"))
    unwrap = rig.run(Unwrap(job="job1", mesh="/m.npz", run_folder="/runs/1", name="cup"))
    updates = rig.hear(UvReady(job="job1", uv="uv.npy", note="Faces lie on top of each other."), finished())
    assert [type(update.message) for update in updates] == [UvReady, Finished]
    assert (unwrap.uv, unwrap.is_retexture, [target.name for target in unwrap.targets]) == (os.path.join("/runs/1", "uv.npy"), True, ["cup"])
    assert not unwrap.targets[0].textured
    request = Paint(job="job2", mesh="/m.npz", picture="/p.png", run_folder="/runs/1", name="cup", uv=UvSource.GIVEN)
    paint = rig.session.submit(request, instead_of=unwrap)
    assert rig.session.jobs == [paint, older]
    assert paint.notes == ("Faces lie on top of each other.",)


def test_a_diagnosis(rig: Rig) -> None:
    job = rig.run(Diagnose(job="job1"))
    updates = rig.hear(Diagnosed(job="job1", report="all well"))
    assert [type(update.message) for update in updates] == [Diagnosed, Finished]
    assert (job.report, job.state) == ("all well", JobState.DONE)


def test_logs_and_unknown_order_are_no_crash(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    job = rig.run()
    rig.hear(Log(level="warning", text="low on disk"), Log(level="nonsense", text="x"), HELLO, Shutdown())
    assert "low on disk" in caplog.text
    assert job.state is JobState.RUNNING


def test_the_list_is_newest_first_and_has_an_end(rig: Rig) -> None:
    for number in range(JOBS_KEPT + 5):
        rig.run(make_request(f"job{number}"))
        rig.hear(finished(f"job{number}"))
    assert len(rig.session.jobs) == JOBS_KEPT
    assert rig.session.jobs[0].id == f"job{JOBS_KEPT + 4}"
