"""How far a job is."""

from __future__ import annotations

import pytest

from blender_img23d.core.jobs import Job, JobState, JobTarget, new_job, stage_progress
from blender_img23d.shared.img23d_protocol.messages import (
    Box,
    CutoutReady,
    Diagnose,
    Failed,
    Generate,
    Located,
    LocatedTarget,
    MeshReady,
    Progress,
    Stage,
    TargetFailed,
    Wanted,
)

BOX = Box(left=0.0, top=0.0, right=1.0, bottom=1.0)


def make_job(*names: str) -> Job:
    wanted = tuple(Wanted(name=name, box=BOX) for name in names)
    return new_job(Generate(job="a", photo="/p.png", run_folder="/r", wanted=wanted), file_key="file", now=10.0)


def test_the_stages_add_up_to_one() -> None:
    assert stage_progress(None, 0.5) == 0.0
    assert stage_progress(Stage.PAINT, 1.0) == pytest.approx(1.0)
    ends = [stage_progress(stage, 1.0) for stage in Stage]
    assert ends == sorted(ends)
    for earlier, later in zip(list(Stage), list(Stage)[1:], strict=False):
        assert stage_progress(earlier, 1.0) == pytest.approx(stage_progress(later, 0.0))


def test_a_fraction_out_of_range_is_no_bar_out_of_range() -> None:
    assert 0.0 <= stage_progress(Stage.LOCATE, -5.0) <= stage_progress(Stage.PAINT, 7.0) <= 1.0


def test_a_new_job_lists_what_was_asked_for() -> None:
    job = make_job("cup", "book")
    assert [(target.name, target.box) for target in job.targets] == [("cup", BOX), ("book", BOX)]
    assert new_job(Diagnose(job="d"), file_key="", now=0.0).targets == []


def test_progress_never_goes_back_over_a_whole_run() -> None:
    """Stage by stage for all targets, as the pipeline works."""
    job = make_job("cup", "book")
    steps = [Progress(job="a", stage=Stage.LOCATE, fraction=f) for f in (0.1, 0.5, 1.0)]
    steps += [
        Progress(job="a", stage=stage, target=target, fraction=fraction)
        for stage in (Stage.MATTE, Stage.SHAPE, Stage.PAINT)
        for target in (0, 1)
        for fraction in (0.1, 0.5, 1.0)
    ]
    seen = [0.0]
    for step in steps:
        job.on_progress(step)
        if step.stage is Stage.LOCATE and step.fraction == 1.0:
            found = tuple(LocatedTarget(name=name, box=BOX) for name in ("cup", "book"))
            job.on_located(Located(job="a", targets=found, photo_width=10, photo_height=10))
        seen.append(job.progress)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1.0)


def test_a_failed_target_does_not_hold_the_bar_back() -> None:
    job = make_job("cup", "book")
    job.on_target_failed(TargetFailed(job="a", target=0, code="no_region", sentence="Draw a box."))
    job.on_progress(Progress(job="a", stage=Stage.PAINT, target=1, fraction=1.0))
    assert job.progress == pytest.approx(1.0)


def test_what_is_to_be_known_about_a_result_outlives_the_next_progress() -> None:
    job = make_job("cup")
    turned, seen = "Turned about its upright axis.", "The back is made up."
    job.on_cutout(CutoutReady(job="a", target=0, path="/r/cup.png"))
    job.on_mesh(MeshReady(job="a", target=0, path="/r/cup.glb", textured=False, faces=10, note=turned))
    job.on_progress(Progress(job="a", stage=Stage.PAINT, target=0, fraction=0.5, note="unwrapping"))
    (target,) = job.targets
    assert (target.notes, target.note) == ((turned,), "unwrapping")
    job.on_mesh(MeshReady(job="a", target=0, path="/r/cup.glb", textured=True, faces=10, note=seen))
    assert (target.notes, target.note) == ((turned, seen), "")


def test_a_note_that_comes_twice_is_shown_once() -> None:
    target = JobTarget(name="cup")
    target.enter(Stage.SHAPE, "Turned.")
    target.enter(Stage.PAINT, "Turned.")
    assert target.notes == ("Turned.",)


def test_how_a_thing_was_found_is_shown_until_the_next_stage() -> None:
    job = make_job("cup")
    found = (LocatedTarget(name="cup", box=BOX, note="the left one"),)
    job.on_located(Located(job="a", targets=found, photo_width=10, photo_height=10))
    assert (job.targets[0].note, job.targets[0].notes) == ("the left one", ())


def test_states_that_are_over() -> None:
    assert [state for state in JobState if state.is_over] == [JobState.DONE, JobState.CANCELLED, JobState.FAILED]


def test_a_clock_set_back_makes_no_negative_time() -> None:
    job = make_job("cup")
    job.end(JobState.DONE, now=5.0)
    assert job.seconds == 0.0


@pytest.mark.parametrize("sentence", ["", " ", "\n"])
def test_a_failure_without_a_sentence_is_told_all_the_same(sentence: str) -> None:
    """A target whose error is empty would count as one that still runs."""
    job = make_job("cup")
    job.on_target_failed(TargetFailed(job="a", target=0, code="internal", sentence=sentence))
    job.on_failed(Failed(job="a", code="internal", sentence=sentence))
    assert job.targets[0].error.strip() and job.error.strip()
    assert job.targets[0].error.endswith(".")


@pytest.mark.parametrize("faces", [-1, 2**31])
def test_a_count_of_faces_that_no_mesh_has_is_not_shown(faces: int) -> None:
    job = make_job("cup")
    job.on_mesh(MeshReady(job="a", target=0, path="/m.glb", faces=faces, textured=False))
    assert job.targets[0].faces == 0
