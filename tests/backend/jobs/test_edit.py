"""Editing within a job: what is told when, what is kept, and that one thing's failure is its own. The editor is a few lines that really change a picture."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from pipeline_case import TWO, request
from pipeline_case import photo as photo  # a fixture
from small_editor import Bleacher
from small_engine import SmallEngine

from img23d_backend.jobs.job import Caller
from img23d_backend.jobs.pipeline import run_job
from img23d_backend.stages import Context
from img23d_protocol import ErrorCode
from img23d_protocol.messages import (
    Accepted,
    CutoutReady,
    Edit,
    Failed,
    Finished,
    FromBackend,
    Generate,
    Locate,
    Located,
    PictureReady,
    ResultReady,
    Settings,
    TargetFailed,
)
from img23d_protocol.options.edit import THINGS, THREE_QUARTER

PHOTO, EACH = Settings.of(edit=True), Settings.of(edit=True, edit_of=THINGS)


def run(job: Generate | Locate | Edit, editor: Bleacher) -> list[FromBackend]:
    told: list[FromBackend] = []
    engine = SmallEngine().as_engine()
    run_job(job, Caller(emit=told.append, load_engine=lambda name: engine, load_editor=lambda: editor))
    return told


def record_of(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))


def test_the_picture_comes_before_the_boxes_and_is_what_they_are_on(photo: Path) -> None:
    told = run(request(photo, *TWO, settings=PHOTO), editor := Bleacher())
    kinds = [type(one) for one in told]
    assert kinds.index(PictureReady) < kinds.index(Located) and isinstance(told[-1], Finished)
    ready, located = (next(one for one in told if isinstance(one, kind)) for kind in (PictureReady, Located))
    assert (ready.file, ready.width, ready.height, editor.seen) == ("zwei_Dinge_cleaned.png", 120, 80, [(160, 240, 3)])
    assert (located.photo_width, located.photo_height) == (120, 80)
    assert "120 x 80 pixels, the photo 240 x 160" in ready.note
    picture = cv2.imread(str(photo.parent / "run" / ready.file))
    assert (picture[0] == 255).all()
    record = record_of(photo.parent / "run")
    assert record["edited"] == ready.file and (record["photo"]["width"], record["photo"]["path"]) == (120, str(photo))
    assert len([one for one in told if isinstance(one, ResultReady)]) >= 2


def test_edited_by_an_earlier_job_it_is_only_kept(photo: Path) -> None:
    told = run(request(photo, *TWO, original="/somewhere/table.jpg", settings=PHOTO), editor := Bleacher())
    (ready,) = (one for one in told if isinstance(one, PictureReady))
    assert editor.seen == [] and (ready.width, ready.height) == (240, 160)
    record = record_of(photo.parent / "run")
    assert (record["original"], record["edited"]) == ("/somewhere/table.jpg", "zwei_Dinge_cleaned.png")


def test_an_edit_alone_finds_nothing(photo: Path) -> None:
    told = run(Edit(job="e", photo=str(photo), run_folder=str(photo.parent / "pictures"), settings=PHOTO), Bleacher())
    assert [type(one) for one in told if not isinstance(one, Accepted)][-2:] == [PictureReady, Finished]
    assert not any(isinstance(one, Located) for one in told)
    assert record_of(photo.parent / "pictures")["edited"] == "zwei_Dinge_cleaned.png"


def test_each_cut_out_is_edited_after_it_was_cut_out(photo: Path) -> None:
    wanted = (TWO[0], replace(TWO[1], is_edited=False))
    told = run(request(photo, *wanted, settings=EACH), editor := Bleacher())
    cut, edited = ([one.target for one in told if isinstance(one, kind)] for kind in (CutoutReady, PictureReady))
    assert cut == [0, 1] and edited == [0] and len(editor.seen) == 1
    first, second = record_of(photo.parent / "run")["targets"]
    assert first["files"]["edited"] == "00_cup_edited.png" and "edited" not in second["files"]
    assert (photo.parent / "run" / first["files"]["cutout"]).is_file()  # what the photo showed stays beside it
    # The disc is where it was: at (60, 70), 40 pixels around
    alpha = cv2.imread(str(photo.parent / "run" / "00_cup_edited.png"), cv2.IMREAD_UNCHANGED)[:, :, 3]
    rows, columns = np.nonzero(alpha > 127)
    assert abs(columns.mean() + first["cutout_left"] - 60) < 3 and abs(rows.mean() + first["cutout_top"] - 70) < 3
    assert abs(np.ptp(columns) - 80) < 8


def test_one_that_cannot_be_edited_takes_no_other_with_it(photo: Path) -> None:
    told = run(request(photo, *TWO, settings=EACH), Bleacher(fails_at=0))
    (failed,) = (one for one in told if isinstance(one, TargetFailed))
    assert (failed.target, failed.code) == (0, ErrorCode.OUT_OF_MEMORY)
    assert {one.target for one in told if isinstance(one, ResultReady)} == {1}


def test_a_photo_that_cannot_be_edited_ends_the_job(photo: Path) -> None:
    told = run(request(photo, *TWO, settings=PHOTO), Bleacher(fails_at=0))
    assert isinstance(told[-1], Failed) and not any(isinstance(one, Located) for one in told)


def test_a_model_that_is_not_there_is_said_before_anything_is_written(photo: Path) -> None:
    for settings in (PHOTO, EACH):
        told = run(request(photo, *TWO, settings=settings), Bleacher(lacks="It is not downloaded."))
        assert isinstance(told[-1], Failed) and told[-1].sentence == "It is not downloaded." and not (photo.parent / "run").exists()
    assert isinstance(run(request(photo, *TWO), Bleacher(lacks="It is not downloaded."))[-1], Finished)  # not asked for


@pytest.mark.parametrize(("preset", "keeps"), [("clean_ground", True), (THREE_QUARTER, False)])
def test_another_view_has_another_lens(photo: Path, preset: str, keeps: bool) -> None:
    from img23d_backend.editing.photo import edited_photo
    from img23d_backend.stages import Photo

    taken = Photo(rgb=np.full((20, 30, 3), 200, np.uint8), focal=1.2)
    edited = edited_photo(Bleacher(), taken, Context(settings=PHOTO.changed(edit_preset=preset)))
    assert edited.focal == (1.2 if keeps else None)
