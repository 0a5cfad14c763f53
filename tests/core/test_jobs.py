"""How far a job is."""

from __future__ import annotations

import os

import pytest
from fake_link import mesh

from blender_img23d.core.jobs import Job, JobState, JobTarget, Result, new_job, stage_progress
from blender_img23d.shared.img23d_protocol.messages import (
    USUAL,
    WHOLE,
    Accepted,
    Box,
    CutoutReady,
    Diagnose,
    Failed,
    Generate,
    Located,
    LocatedTarget,
    PictureReady,
    Piece,
    Progress,
    ResultKind,
    ResultReady,
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
    for stages in (USUAL, tuple(Stage), (Stage.LOCATE, Stage.MATTE)):
        ends = [stage_progress(stage, 1.0, stages) for stage in stages]
        assert ends == sorted(ends) and ends[-1] == pytest.approx(1.0)
        for earlier, later in zip(stages, stages[1:], strict=False):
            assert stage_progress(earlier, 1.0, stages) == pytest.approx(stage_progress(later, 0.0, stages))


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
    job.on_cutout(CutoutReady(job="a", target=0, file="cup.png"))
    job.on_result(mesh(0, note=turned))
    job.on_progress(Progress(job="a", stage=Stage.PAINT, target=0, fraction=0.5, note="unwrapping"))
    (target,) = job.targets
    assert (target.notes, target.note) == ((turned,), "unwrapping")
    job.on_result(mesh(0, textured=True, note=seen))
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
    job.on_result(mesh(0, count=faces))
    assert job.targets[0].main.count == 0


def ready(kind: ResultKind = ResultKind.MESH, part: int | None = None, *files: str, **more: object) -> ResultReady:
    said = {"stage": Stage.SHAPE, "textured": True, "count": 9} | more
    return ResultReady(job="a", target=0, files=files or ("cup.glb",), piece=Piece(kind=kind, part=part), **said)


def in_run(name: str) -> str:
    return os.path.join("/r", name)


def test_a_target_has_a_result_of_each_kind_and_of_each_part() -> None:
    job = make_job("cup")
    splats, leg = Piece(kind=ResultKind.SPLATS), Piece(part=1)
    assert job.on_result(ready(ResultKind.SPLATS, None, "cup.ply", "cup.spz"))
    (target,) = job.targets
    assert target.main == Result(piece=splats, path=in_run("cup.ply"), textured=True, count=9, others=(in_run("cup.spz"),)) and target.faces == 0
    assert job.on_result(ready(part=1, stage=Stage.SPLIT, name="leg")) and target.main.piece == splats, "a part is not the whole"
    assert job.on_result(ready(textured=False)) and job.on_result(ready(textured=True, count=7))
    assert list(target.results) == [splats, leg, WHOLE] and target.main == Result(path=in_run("cup.glb"), textured=True, count=7)
    assert target.results[leg].name == "leg" and target.stage is Stage.SHAPE and target.faces == 7


def test_a_result_without_a_file_is_none() -> None:
    job = make_job("cup")
    assert not job.on_result(ResultReady(job="a", target=0, files=(), stage=Stage.SHAPE, textured=True, count=1)) and job.targets[0].main is None


def test_the_edited_photo_is_the_one_that_boxes_refer_to() -> None:
    job = make_job("cup")
    assert job.take(PictureReady(job="a", file="edited.png", width=40, height=30, note="The ground was cleaned."))
    assert (job.edited, job.photo_size, job.notes) == (in_run("edited.png"), (40, 30), ("The ground was cleaned.",))
    assert job.take(PictureReady(job="a", target=0, file="00_cup_edited.png", width=4, height=3))
    assert job.targets[0].cutout == in_run("00_cup_edited.png")
    assert not job.take(PictureReady(job="a", target=7, file="x.png", width=4, height=3))


def test_the_backend_says_which_stages_a_job_has() -> None:
    """A bar that counts a stage which never comes would jump, one that leaves one out would stand still."""
    job = make_job("cup")
    assert job.stages == USUAL
    job.take(Accepted(job="a", stages=tuple(Stage)))
    job.take(Progress(job="a", stage=Stage.EDIT, fraction=1.0))
    edited = job.progress
    assert 0.0 < edited < stage_progress(Stage.LOCATE, 1.0, tuple(Stage))
    job.take(Progress(job="a", stage=Stage.SPLIT, target=0, fraction=1.0))
    assert edited < job.progress == pytest.approx(stage_progress(Stage.PAINT, 0.0, tuple(Stage)))
