"""The environment, then the weights, and a main session that can be used meanwhile."""

from __future__ import annotations

import pytest
from fake_link import HELLO, make_request
from setup_rig import BOTH, ENVIRONMENT, WEIGHTS, SetupRig

from blender_img23d.core.session.link import LinkClosed
from blender_img23d.core.session.setup import Plan
from blender_img23d.core.states import JobState, SessionState
from blender_img23d.shared.img23d_protocol import ErrorCode, Img23DError
from blender_img23d.shared.img23d_protocol.findings import Action
from blender_img23d.shared.img23d_protocol.messages import (
    Cancel,
    Cancelled,
    DeleteWeights,
    EngineInfo,
    Failed,
    Finished,
    Inspect,
    SetupProgress,
    SetupStep,
    Status,
    VerifyWeights,
)


@pytest.fixture
def rig() -> SetupRig:
    return SetupRig()


def progress(**more: object) -> SetupProgress:
    return SetupProgress(job="env", step=SetupStep.TORCH, fraction=0.25, note="Downloading PyTorch", **more)


def test_one_press_does_all_of_it(rig: SetupRig) -> None:
    rig.setup.start(BOTH)
    assert rig.setup.is_running and rig.setup.is_changing_environment and rig.setup.step == (1, 2)
    rig.hear("installer", HELLO, progress())
    assert rig.links["installer"][0].sent == [ENVIRONMENT]
    assert rig.setup.progress == progress() and rig.setup.job.progress == 0.25
    assert rig.hear("installer", Finished(job="env", made=1, failed=0, seconds=1.0)) is False
    assert rig.running() == ["weights"]
    assert rig.setup.step == (2, 2) and not rig.setup.is_changing_environment
    assert rig.setup.progress is None
    assert rig.finish("weights", "weights") is True
    assert rig.links["weights"][0].sent == [WEIGHTS]
    assert not rig.setup.is_running and not rig.setup.failure
    assert rig.running() == ["main"], "started anew, since it tells what there is now"
    ready = EngineInfo(id="hunyuan3d", label="Hunyuan3D", ready=True)
    rig.hear("main", HELLO, Status(engines=(ready,)))
    assert rig.main.engines == (ready,)


def test_an_idle_main_backend_is_ended_before_the_environment_changes(rig: SetupRig) -> None:
    rig.main.inspect()
    rig.hear("main", HELLO)
    rig.setup.start(BOTH)
    assert rig.links["main"][0].was_killed and rig.main.state is SessionState.OFF


@pytest.mark.parametrize("plan", [BOTH, Plan(weights=DeleteWeights(job="d", sets=("a",)))])
def test_what_changes_open_files_waits_for_the_objects(rig: SetupRig, plan: Plan) -> None:
    rig.main.submit(make_request())
    rig.hear("main", HELLO)
    with pytest.raises(Img23DError) as caught:
        rig.setup.start(plan)
    assert caught.value.code == ErrorCode.BUSY
    assert not rig.setup.is_running and rig.running() == ["main"]


@pytest.mark.parametrize("plan", [Plan(weights=WEIGHTS), Plan(weights=VerifyWeights(job="weights", sets=("a",)))])
def test_a_download_leaves_the_main_backend_alone(rig: SetupRig, plan: Plan) -> None:
    job = rig.main.submit(make_request())
    rig.hear("main", HELLO)
    rig.setup.start(plan)
    rig.finish("weights", "weights")
    assert not rig.setup.is_running and job.state is JobState.RUNNING
    assert Inspect() not in rig.links["main"][0].sent, "asked when it has time"
    rig.hear("main", Finished(job="job1", made=1, failed=0, seconds=1.0))
    rig.tick()
    assert rig.links["main"][0].sent[-1] == Inspect() and len(rig.links["main"]) == 1


def test_objects_can_be_made_while_the_environment_is_changed(rig: SetupRig) -> None:
    rig.setup.start(BOTH)
    rig.hear("installer", HELLO)
    job = rig.main.submit(make_request())
    rig.hear("main", HELLO)
    rig.finish("installer", "env")
    rig.finish("weights", "weights")
    assert job.state is JobState.RUNNING and not rig.links["main"][0].was_closed
    rig.hear("main", Finished(job="job1", made=1, failed=0, seconds=1.0))
    rig.tick()
    assert rig.links["main"][0].was_closed, "it still ran on what was there before"
    assert rig.running() == ["main"] and len(rig.links["main"]) == 2


@pytest.mark.parametrize(("name", "job"), [("installer", "env"), ("weights", "weights")])
def test_cancelled_in_each_step_and_taken_up_again(rig: SetupRig, name: str, job: str) -> None:
    rig.setup.start(BOTH)
    if name == "weights":
        rig.finish("installer", "env")
    rig.hear(name, HELLO)
    rig.setup.cancel()
    assert rig.setup.is_cancelling and rig.links[name][-1].sent[-1] == Cancel(job=job)
    assert rig.hear(name, Cancelled(job=job)) is True
    assert not rig.setup.is_running and not rig.setup.failure
    assert name not in rig.running()
    assert len(rig.links["weights"]) == (name == "weights"), "no step follows a cancelled one"
    rig.setup.start(BOTH)
    rig.finish("installer", "env")
    assert rig.finish("weights", "weights") is True
    assert not rig.setup.failure


def test_cancelled_before_the_hello(rig: SetupRig) -> None:
    rig.setup.start(BOTH)
    rig.setup.cancel()
    assert rig.tick() is True
    assert not rig.setup.is_running and rig.links["installer"][0].sent == []


def test_a_driver_that_is_too_old_comes_with_the_button_that_helps(rig: SetupRig) -> None:
    rig.setup.start(BOTH)
    rig.hear("installer", HELLO, Failed(job="env", code=ErrorCode.DRIVER_TOO_OLD, sentence="Update the driver first."))
    assert rig.setup.fix is Action.UPDATE_DRIVER
    rig.setup.start(BOTH)
    rig.hear("installer", HELLO, Failed(job="env", code=ErrorCode.DISK_FULL, sentence="Full."))
    assert rig.setup.fix is Action.NONE


def test_a_failure_is_told_and_ends_the_plan(rig: SetupRig) -> None:
    rig.setup.start(BOTH)
    rig.hear("installer", HELLO, Failed(job="env", code="disk_full", sentence="3 GB are missing on the disk.", detail="d"))
    assert rig.setup.failure == "3 GB are missing on the disk."
    assert not rig.setup.is_running and rig.links["weights"] == []
    rig.setup.start(BOTH)
    assert not rig.setup.failure, "forgotten at the next start"


@pytest.mark.parametrize("is_started", [False, True])
def test_a_backend_that_dies_says_how_to_go_on(rig: SetupRig, is_started: bool) -> None:
    rig.setup.start(Plan(weights=WEIGHTS))
    rig.hear("weights", *([HELLO] if is_started else []), LinkClosed(code=-9))
    assert not rig.setup.is_running
    assert rig.setup.failure
    if is_started:
        assert "continues where it stopped" in rig.setup.action and "Generate" not in rig.setup.action
    rig.setup.start(Plan(weights=WEIGHTS))
    rig.finish("weights", "weights")
    assert not rig.setup.failure


def test_a_second_step_that_cannot_begin(rig: SetupRig) -> None:
    rig.start_errors["weights"] = Img23DError(ErrorCode.BACKEND_START, "Reinstall.")
    rig.setup.start(BOTH)
    assert rig.finish("installer", "env") is True
    assert rig.setup.failure == "Reinstall." and not rig.setup.is_running


def test_a_first_step_that_cannot_begin_is_refused(rig: SetupRig) -> None:
    rig.start_errors["installer"] = Img23DError(ErrorCode.BACKEND_START, "Reinstall.")
    with pytest.raises(Img23DError):
        rig.setup.start(BOTH)
    assert not rig.setup.is_running
    rig.start_errors.clear()
    rig.setup.start(BOTH)
    assert rig.setup.is_running


def test_one_plan_at_a_time(rig: SetupRig) -> None:
    rig.setup.start(BOTH)
    with pytest.raises(Img23DError) as caught:
        rig.setup.start(Plan(weights=WEIGHTS))
    assert caught.value.code == ErrorCode.BUSY
    assert rig.links["weights"] == []


def test_a_main_backend_that_cannot_be_started_again_is_a_sentence(rig: SetupRig) -> None:
    rig.start_errors["main"] = Img23DError(ErrorCode.BACKEND_START, "Reinstall.")
    rig.setup.start(BOTH)
    rig.finish("installer", "env")
    rig.finish("weights", "weights")
    assert rig.main.notice == "Reinstall."
    rig.tick()
    assert len(rig.links["main"]) == 1, "tried once"


@pytest.mark.parametrize(
    ("word", "seconds"),
    [
        (progress(done_bytes=1_000, total_bytes=3_000, bytes_per_second=500.0), 4.0),
        (progress(done_bytes=1_000, total_bytes=3_000), None),
        (progress(done_bytes=3_000, total_bytes=3_000, bytes_per_second=500.0), None),
        (progress(), None),
    ],
)
def test_time_left(rig: SetupRig, word: SetupProgress, seconds: float | None) -> None:
    rig.setup.start(BOTH)
    assert rig.setup.seconds_left is None
    rig.hear("installer", HELLO, word)
    assert rig.setup.seconds_left == seconds


def test_the_end_of_the_extension_ends_every_backend(rig: SetupRig) -> None:
    rig.setup.start(BOTH)
    rig.hear("installer", HELLO)
    rig.setup.shutdown()
    assert rig.running() == [] and not rig.setup.is_running


def test_the_button_that_goes_on_is_the_one_that_is_named_and_repeats_what_failed(rig: SetupRig) -> None:
    rig.setup.start(BOTH)
    rig.hear("installer", HELLO)
    rig.hear("installer", LinkClosed(code=-9, tail=""))
    assert "Go On" in rig.setup.action and not rig.setup.is_running
    rig.setup.go_on()
    assert rig.setup.is_running and not rig.setup.failure and rig.setup.step == (1, 2)
    rig.hear("installer", HELLO)
    (again,) = rig.links["installer"][-1].sent
    assert (again.folder, again.uv, again.online) == (ENVIRONMENT.folder, ENVIRONMENT.uv, ENVIRONMENT.online)
    assert again.job != ENVIRONMENT.job, "another job: the first one's late words are not taken for its own"


def test_one_download_goes_on_with_that_download(rig: SetupRig) -> None:
    rig.setup.start(Plan(weights=WEIGHTS))
    rig.hear("weights", HELLO, Failed(job="weights", code=ErrorCode.HUB_UNREACHABLE, sentence="The model hub cannot be reached."))
    assert "Go On" in rig.setup.action
    rig.setup.go_on()
    rig.hear("weights", HELLO)
    assert rig.links["weights"][-1].sent[0].sets == WEIGHTS.sets
