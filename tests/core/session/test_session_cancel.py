"""Cancelling: at once for the artist, whenever the backend gets round to it."""

from __future__ import annotations

import pytest
from fake_link import HELLO, Rig, finished, located, make_request, mesh

from blender_img23d.core.jobs import Job, JobState
from blender_img23d.core.session.deadlines import CANCEL_SECONDS
from blender_img23d.core.session.link import LinkClosed
from blender_img23d.core.session.session import SessionState, Update
from blender_img23d.shared.img23d_protocol import ErrorCode, Img23DError
from blender_img23d.shared.img23d_protocol.messages import (
    Cancel,
    Cancelled,
    Failed,
    InstallWeights,
    Notice,
    Progress,
    Stage,
    Unload,
)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def kinds(updates: tuple[Update, ...]) -> list[str]:
    return [type(update.message).__name__ for update in updates]


def cancelled_in_the_middle(rig: Rig) -> Job:
    """The backend still works on the job that is over for the artist."""
    job = rig.run()
    rig.hear(located(), mesh(0))
    rig.session.cancel()
    return job


def test_a_cancelled_job_is_over_at_once(rig: Rig) -> None:
    job = cancelled_in_the_middle(rig)
    assert job.state is JobState.CANCELLED and rig.session.active is None
    assert rig.session.state is SessionState.CANCELLING
    assert kinds(rig.session.tick()) == ["Cancelled"]
    assert rig.link.sent[1:] == [Cancel(job="job1")]
    assert rig.hear(Cancelled(job="job1")) == (), "it was told already"
    assert rig.session.state is SessionState.READY
    assert len(rig.links) == 1 and not rig.link.was_killed


def test_a_second_cancel_changes_nothing(rig: Rig) -> None:
    cancelled_in_the_middle(rig)
    rig.session.cancel()
    assert rig.link.sent.count(Cancel(job="job1")) == 1
    assert kinds(rig.session.tick()) == ["Cancelled"]


def test_cancel_of_nothing_does_nothing(rig: Rig) -> None:
    rig.session.cancel()
    assert rig.session.tick() == ()


def test_what_has_arrived_before_the_cancel_is_kept(rig: Rig) -> None:
    job = rig.run()
    rig.hear(located())
    rig.link.says.append(mesh(0))  # no tick has seen it yet
    rig.session.cancel()
    assert kinds(rig.session.tick()) == ["ResultReady", "Cancelled"]
    assert job.targets[0].main


def test_a_job_whose_end_has_arrived_before_the_cancel_is_done(rig: Rig) -> None:
    job = rig.run()
    rig.hear(located(), mesh(0))
    rig.link.says.append(finished())
    rig.session.cancel()
    assert job.state is JobState.DONE and rig.session.state is SessionState.READY
    assert kinds(rig.session.tick()) == ["Finished"]
    assert len(rig.link.sent) == 1


def test_what_comes_after_the_cancel_is_dropped(rig: Rig) -> None:
    job = cancelled_in_the_middle(rig)
    rig.session.tick()
    late = (
        mesh(0, textured=True),
        mesh(1),
        Progress(job="job1", stage=Stage.PAINT, target=1, fraction=0.5),
        Notice(job="job1", sentence="It goes on with less memory."),
    )
    assert rig.hear(*late) == ()
    assert (job.targets[0].textured, job.targets[1].main, job.notes) == (False, None, ("turned upright",))
    assert rig.session.notice == ""
    assert rig.session.state is SessionState.CANCELLING, "words are no answer"


@pytest.mark.parametrize(
    "answer",
    [Cancelled(job="job1"), finished(), Failed(job="job1", code="internal", sentence="It broke.")],
    ids=["cancelled", "finished just then", "failed just then"],
)
def test_a_job_submitted_meanwhile_waits_for_the_answer(rig: Rig, answer) -> None:
    cancelled = cancelled_in_the_middle(rig)
    waiting = rig.session.submit(make_request("job2"))
    assert waiting.state is JobState.WAITING and rig.session.state is SessionState.CANCELLING
    assert len(rig.link.sent) == 2
    updates = rig.hear(mesh(1), answer)
    assert kinds(updates) == ["Cancelled"] and not cancelled.error
    assert waiting.state is JobState.RUNNING and rig.link.sent[-1] == waiting.request
    assert len(rig.links) == 1
    rig.hear(finished("job2"))
    assert waiting.state is JobState.DONE


def test_two_jobs_at_once_stay_one_too_many(rig: Rig) -> None:
    cancelled_in_the_middle(rig)
    rig.session.submit(make_request("job2"))
    with pytest.raises(Img23DError) as caught:
        rig.session.submit(make_request("job3"))
    assert caught.value.code == ErrorCode.BUSY


def test_a_job_that_waits_can_be_cancelled_as_well(rig: Rig) -> None:
    cancelled_in_the_middle(rig)
    waiting = rig.session.submit(make_request("job2"))
    rig.session.cancel()
    assert waiting.state is JobState.CANCELLED and rig.session.state is SessionState.CANCELLING
    third = rig.session.submit(make_request("job3"))
    rig.hear(Cancelled(job="job1"))
    assert third.state is JobState.RUNNING
    assert [getattr(message, "job", "") for message in rig.link.sent] == ["job1", "job1", "job3"]


def test_without_an_answer_the_backend_is_ended_and_the_waiting_job_gets_a_new_one(rig: Rig) -> None:
    job = cancelled_in_the_middle(rig)
    rig.wait(2)
    waiting = rig.session.submit(make_request("job2"))
    rig.wait(CANCEL_SECONDS - 3)
    assert not rig.link.was_killed
    rig.link.says.append(Progress(job="job1", stage=Stage.PAINT, fraction=0.1))  # a word is no answer
    rig.wait(1)
    assert rig.links[0].was_killed and len(rig.links) == 2
    assert rig.session.state is SessionState.STARTING and waiting.state is JobState.WAITING
    rig.hear(HELLO)
    assert waiting.state is JobState.RUNNING
    assert job.targets[0].main and not job.error


def test_without_an_answer_and_without_a_job_nothing_is_started(rig: Rig) -> None:
    cancelled_in_the_middle(rig)
    rig.wait(CANCEL_SECONDS)
    assert rig.link.was_killed and rig.session.state is SessionState.OFF
    assert rig.session.notice == "", "nobody has to know"
    rig.run(make_request("job2"))
    assert len(rig.links) == 2


@pytest.mark.parametrize(
    "end",
    [LinkClosed(code=-11), Failed(job="job1", code=ErrorCode.DEVICE_LOST, sentence="The card stopped.")],
    ids=["it died", "the card is lost"],
)
def test_a_backend_that_ends_over_the_cancel_takes_no_job_along(rig: Rig, end) -> None:
    job = cancelled_in_the_middle(rig)
    waiting = rig.session.submit(make_request("job2"))
    rig.hear(end)
    assert not job.error and job.state is JobState.CANCELLED
    assert len(rig.links) == 2 and rig.links[0].was_killed
    rig.hear(HELLO)
    assert waiting.state is JobState.RUNNING


def test_a_waiting_job_whose_new_backend_cannot_start_says_so(rig: Rig) -> None:
    cancelled_in_the_middle(rig)
    waiting = rig.session.submit(make_request("job2"))
    rig.start_error = Img23DError(ErrorCode.BACKEND_START, "Reinstall.")
    (*_, update) = rig.hear(LinkClosed(code=-11))
    assert isinstance(update.message, Failed) and update.job is waiting
    assert (waiting.state, waiting.error) == (JobState.FAILED, "Reinstall.")
    assert rig.session.active is None and rig.session.state is SessionState.OFF


def test_cancel_before_hello_sends_nothing_and_keeps_the_backend(rig: Rig) -> None:
    job = rig.session.submit(make_request())
    rig.session.cancel()
    assert kinds(rig.session.tick()) == ["Cancelled"]
    assert job.state is JobState.CANCELLED
    rig.hear(HELLO)
    assert rig.session.state is SessionState.READY
    assert rig.link.sent == []


def test_a_job_submitted_after_a_cancel_before_hello_runs(rig: Rig) -> None:
    rig.session.submit(make_request())
    rig.session.cancel()
    job = rig.session.submit(make_request("job2"))
    rig.hear(HELLO)
    assert job.state is JobState.RUNNING
    assert len(rig.links) == 1


def test_memory_can_be_freed_while_the_backend_leaves_a_job(rig: Rig) -> None:
    cancelled_in_the_middle(rig)
    rig.session.unload()
    assert rig.link.sent[-1] == Unload()


def test_shutdown_while_the_backend_leaves_a_job(rig: Rig) -> None:
    cancelled_in_the_middle(rig)
    waiting = rig.session.submit(make_request("job2"))
    rig.session.shutdown()
    assert waiting.state is JobState.CANCELLED and rig.session.state is SessionState.OFF
    job = rig.run(make_request("job1"))  # the id of the one that was left means nothing any more
    rig.hear(finished())
    assert job.state is JobState.DONE


def test_a_set_up_is_over_when_its_backend_says_so(rig: Rig) -> None:
    """It changes files, so nobody else may touch them before."""
    job = rig.run(InstallWeights(job="job1", sets=("a",)))
    rig.session.cancel()
    assert job.state is JobState.CANCELLING and rig.session.active is job
    with pytest.raises(Img23DError):
        rig.session.submit(make_request("job2"))
    assert rig.session.tick() == ()
    assert kinds(rig.hear(Cancelled(job="job1"))) == ["Cancelled"]
    assert job.state is JobState.CANCELLED and rig.session.state is SessionState.READY


def test_a_set_up_that_does_not_answer_is_ended(rig: Rig) -> None:
    job = rig.run(InstallWeights(job="job1", sets=("a",)))
    rig.session.cancel()
    assert kinds(rig.wait(CANCEL_SECONDS)) == ["Cancelled"]
    assert job.state is JobState.CANCELLED and rig.link.was_killed
