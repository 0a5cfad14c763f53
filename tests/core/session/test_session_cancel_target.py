"""One target is cancelled without the others."""

from __future__ import annotations

import os

import pytest
from fake_link import HELLO, Rig, finished, located, make_request, mesh

from blender_img23d.core.jobs import JobState
from blender_img23d.core.session.session import Update
from blender_img23d.shared.img23d_protocol.messages import (
    Cancel,
    CutoutReady,
    Locate,
    Paint,
    PaintReady,
    ResultReady,
    Settings,
    TargetCancelled,
    TargetFailed,
    Wanted,
)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def kinds(updates: tuple[Update, ...]) -> list[str]:
    return [type(update.message).__name__ for update in updates]


def test_one_target_is_cancelled_at_once_and_the_others_go_on(rig: Rig) -> None:
    job = rig.run()
    rig.hear(located())
    rig.session.cancel_target(job, 0)
    cup, book = job.targets
    assert cup.is_cancelled and cup.progress(job.stages) == 1.0 and not book.is_cancelled
    assert rig.link.sent[1:] == [Cancel(job="job1", target=0)]
    assert kinds(rig.session.tick()) == ["TargetCancelled"]
    late = (mesh(0), CutoutReady(job="job1", target=0, file="x"), TargetCancelled(job="job1", target=0))
    assert rig.hear(*late, TargetFailed(job="job1", target=0, code="c", sentence="s"), mesh(1)) != ()
    assert (cup.main, cup.cutout, cup.error, book.main.path) == (None, "", "", os.path.join("/runs/1", "1.glb"))
    rig.hear(mesh(1, textured=True), finished())
    assert job.state is JobState.DONE


def test_late_words_about_a_cancelled_target_are_no_news(rig: Rig) -> None:
    job = rig.run()
    rig.hear(located())
    rig.session.cancel_target(job, 0)
    rig.session.tick()
    assert rig.hear(mesh(0), TargetCancelled(job="job1", target=0)) == ()


def test_what_a_cancelled_target_has_already_stays(rig: Rig) -> None:
    job = rig.run()
    rig.hear(located(), mesh(0))
    rig.session.cancel_target(job, 0)
    assert job.targets[0].main.path == os.path.join("/runs/1", "0.glb")
    rig.hear(mesh(0, textured=True))
    assert not job.targets[0].textured


def test_the_last_target_takes_the_job_with_it(rig: Rig) -> None:
    job = rig.run(make_request("job1", "cup", "book", "lamp"))
    rig.hear(
        located(),
        mesh(0),
        mesh(0, textured=True),
    )
    rig.session.cancel_target(job, 1)
    assert job.state is JobState.CANCELLED, "the first is painted, there was no other"
    assert rig.link.sent[1:] == [Cancel(job="job1")]


def test_a_failed_target_counts_as_none_that_is_left(rig: Rig) -> None:
    job = rig.run()
    rig.hear(located(), TargetFailed(job="job1", target=1, code="c", sentence="s"))
    rig.session.cancel_target(job, 0)
    assert job.state is JobState.CANCELLED


def test_a_finished_target_cannot_be_cancelled_any_more(rig: Rig) -> None:
    job = rig.run()
    rig.hear(located(), mesh(0, textured=True))
    rig.session.cancel_target(job, 0)
    assert not job.targets[0].is_cancelled and rig.link.sent[1:] == []


def test_a_shape_is_all_there_is_without_texture(rig: Rig) -> None:
    request = make_request()
    job = rig.run(type(request)(**{**vars(request), "settings": Settings.of(texture=False)}))
    rig.hear(located(), mesh(0))
    assert job.unfinished == [1]


@pytest.mark.parametrize("index", [-1, 2, 99])
def test_a_target_that_does_not_exist(rig: Rig, index: int) -> None:
    job = rig.run()
    rig.hear(located())
    rig.session.cancel_target(job, index)
    assert rig.link.sent[1:] == [] and job.state is JobState.RUNNING


def test_a_target_of_an_older_job(rig: Rig) -> None:
    older = rig.run()
    rig.hear(located(), finished())
    job = rig.run(make_request("job2"))
    rig.session.cancel_target(older, 0)
    assert not older.targets[0].is_cancelled and job.state is JobState.RUNNING


def test_a_target_cancelled_while_the_job_waits_is_told_with_it(rig: Rig) -> None:
    job = rig.session.submit(make_request())
    rig.session.cancel_target(job, 1)
    assert job.targets[1].is_cancelled and rig.link.sent == []
    rig.hear(HELLO)
    assert rig.link.sent == [job.request, Cancel(job="job1", target=1)]
    rig.hear(located())
    assert [target.is_cancelled for target in job.targets] == [False, True], "the search tells of all targets anew"


@pytest.mark.parametrize(
    "request_",
    [
        Paint(job="job1", mesh="/m.npz", picture="/p.png", run_folder="/runs/1", name="cup"),
        Locate(job="job1", photo="/p.png", wanted=(Wanted(name="cup"), Wanted(name="book"))),
    ],
    ids=["re-texture", "search"],
)
def test_only_objects_are_cancelled_one_by_one(rig: Rig, request_: Paint | Locate) -> None:
    job = rig.run(request_)
    rig.session.cancel_target(job, 0)
    assert job.state is JobState.CANCELLED
    assert rig.hear(PaintReady(job="job1", texture="t.png"))[1:] == ()
    assert not job.texture


def test_a_target_cancelled_after_its_last_result_arrived_unseen(rig: Rig) -> None:
    job = rig.run()
    rig.hear(located())
    rig.link.says.append(mesh(0, textured=True))
    rig.session.cancel_target(job, 0)
    assert job.targets[0].textured and not job.targets[0].is_cancelled
    assert [type(update.message) for update in rig.session.tick()] == [ResultReady]
