"""A backend that does not answer while it works: said after ten seconds, and ended when the artist wants it."""

from __future__ import annotations

import pytest
from fake_link import HELLO, Rig, make_request, mesh

from blender_img23d.core.jobs import JobState
from blender_img23d.core.session.deadlines import LONG_SILENCE_SECONDS, SILENCE_SECONDS
from blender_img23d.core.states import SessionState
from blender_img23d.shared.img23d_protocol import ErrorCode
from blender_img23d.shared.img23d_protocol.messages import Generate, Ping, Pong, Wanted

LEARNED = Generate(job="job1", photo="/p.png", run_folder="/r", wanted=(Wanted(name="cup"),), engine="hunyuan3d")


@pytest.fixture
def rig() -> Rig:
    return Rig()


def pings(rig: Rig) -> int:
    return sum(isinstance(message, Ping) for message in rig.link.sent)


def test_it_is_said_after_ten_seconds(rig: Rig) -> None:
    rig.run(LEARNED)
    rig.wait(9)
    assert rig.session.unanswered == 0
    rig.wait(2)
    assert rig.session.unanswered in (10, 11)
    rig.wait(10)
    assert rig.session.unanswered in (20, 21)


def test_it_is_asked_once_and_not_for_ever(rig: Rig) -> None:
    """What nobody reads must not pile up."""
    rig.run(LEARNED)
    rig.wait(60)
    assert pings(rig) == 1


def test_a_stage_that_computes_for_minutes_without_a_word_answers(rig: Rig) -> None:
    rig.run(LEARNED)
    for _ in range(100):
        before = pings(rig)
        rig.wait(3)
        if pings(rig) > before:
            rig.hear(Pong())
        assert rig.session.unanswered == 0
    assert pings(rig) > 50


def test_an_answer_is_no_progress(rig: Rig) -> None:
    """A stage that hangs while the backend still answers is ended when its time is over."""
    job = rig.run(make_request())
    for _ in range(int(SILENCE_SECONDS) + 2):
        rig.wait(1)
        rig.hear(Pong())
    assert job.state is JobState.FAILED and job.code == ErrorCode.BACKEND_SILENT
    assert SILENCE_SECONDS < LONG_SILENCE_SECONDS


def test_it_answers_again(rig: Rig) -> None:
    job = rig.run(LEARNED)
    rig.wait(30)
    assert rig.session.unanswered >= 30
    rig.hear(Pong())
    assert rig.session.unanswered == 0 and job.state is JobState.RUNNING


def test_a_blender_that_did_not_look_blames_nobody(rig: Rig) -> None:
    """It may have rendered for an hour, or slept."""
    rig.run(LEARNED)
    rig.now += 3600.0
    rig.session.tick()
    assert rig.session.unanswered == 0


def test_the_artist_ends_it_and_keeps_what_is_finished(rig: Rig) -> None:
    job = rig.run()
    rig.hear(*(mesh(0),))
    rig.wait(15)
    rig.session.end_unanswering()
    assert rig.link.was_killed and rig.session.state is SessionState.OFF and rig.session.active is None
    assert job.state is JobState.FAILED and job.code == ErrorCode.BACKEND_SILENT and job.targets[0].main
    rig.run(make_request("job2"))
    assert len(rig.links) == 2


def test_nothing_is_asked_of_an_idle_backend(rig: Rig) -> None:
    rig.session.inspect()
    rig.hear(HELLO)
    rig.wait(60)
    assert pings(rig) == 0 and rig.session.unanswered == 0


def test_a_new_job_begins_with_a_patience_of_its_own(rig: Rig) -> None:
    rig.session.inspect()
    rig.hear(HELLO)
    rig.wait(60)
    rig.session.submit(make_request())
    rig.session.tick()
    assert rig.session.unanswered == 0
