"""Which picture boxes refer to, where a photo was edited: in jobs, in runs that are read from their folders, and in what is made again of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_history import made_run

from blender_img23d.core.jobs import Job, new_job
from blender_img23d.core.requests import build_edit, build_generate, build_locate
from blender_img23d.core.runs.files import folder_contents
from blender_img23d.core.runs.history import read_run
from blender_img23d.core.runs.recipe import build_again, recipe_of_job, settings_in_words
from blender_img23d.core.runs.searches import _is_ours
from blender_img23d.core.session.deadlines import LONG_SILENCE_SECONDS, SILENCE_SECONDS, silence_limit
from blender_img23d.core.states import JobState
from blender_img23d.core.tally import cleaned_picture
from blender_img23d.shared.img23d_protocol.messages import Edit, Generate, Locate, PictureReady, Progress, Settings, Stage

CLEAN = Settings.of(edit=True)


def edit_job(photo: str, state: JobState = JobState.DONE) -> Job:
    job = new_job(Edit(job="e", photo=photo, run_folder="/pictures/a", settings=CLEAN), file_key="", now=1.0)
    job.take(PictureReady(job="e", file="desk_cleaned.png", width=8, height=6))
    job.state = state
    return job


def test_the_newest_picture_of_this_photo_is_offered() -> None:
    job = edit_job("/desk.png")
    assert cleaned_picture([job], "/desk.png") == str(Path("/pictures/a", "desk_cleaned.png"))
    assert cleaned_picture([job], "/other.png") == "" == cleaned_picture([edit_job("/other.png"), job], "/desk.png")
    assert cleaned_picture([edit_job("/desk.png", JobState.RUNNING)], "/desk.png") == "" == cleaned_picture([], "/desk.png")


def test_a_model_that_is_read_may_be_silent_for_long() -> None:
    """Also before the preview engine, whose own steps are short."""
    said = {"job": "e", "photo": "/desk.png", "run_folder": "/r", "engine": "preview"}
    assert {silence_limit(kind(**said, settings=CLEAN)) for kind in (Edit, Generate, Locate)} == {LONG_SILENCE_SECONDS}
    assert silence_limit(Generate(**said)) == SILENCE_SECONDS


def test_an_edit_has_a_bar_of_its_own() -> None:
    job = new_job(Edit(job="e", photo="/desk.png", run_folder="/r", settings=CLEAN), file_key="", now=1.0)
    job.take(Progress(job="e", stage=Stage.EDIT, fraction=0.5))
    assert job.is_edit and job.progress == pytest.approx(0.5) and not (job.is_generation or job.is_search)


def test_requests_name_what_the_photo_was_edited_from(tmp_path: Path) -> None:
    photo = tmp_path / "desk_cleaned.png"
    photo.write_bytes(b"x")
    said = {"photo": str(photo), "wanted": (), "engine": "preview", "seed": 1, "settings": CLEAN}
    generate = build_generate(**said, original="/desk.png", base_folder=tmp_path)
    locate = build_locate(**said, original="/desk.png", folder=tmp_path / "search")
    assert generate.original == locate.original == "/desk.png" and Stage.EDIT not in (*generate.stages, *locate.stages)
    edit = build_edit(photo=str(photo), engine="preview", seed=1, settings=CLEAN, base_folder=tmp_path)
    assert Path(edit.run_folder).parent == tmp_path / "pictures" and not Path(edit.run_folder).exists()


def test_a_run_that_edited_its_photo_is_read_and_made_again_from_the_picture(tmp_path: Path) -> None:
    folder = made_run(tmp_path / "20260102-030405-desk-abcd", names=("red mug",), edited="desk_cleaned.png").folder
    assert read_run(folder).seen_photo == "/photos/desk.jpg"  # the picture is gone
    (folder / "desk_cleaned.png").write_bytes(b"x")
    job = read_run(folder)
    assert job.seen_photo == str(folder / "desk_cleaned.png")
    recipe = recipe_of_job(job, 0)
    assert (recipe.photo, recipe.original) == (job.seen_photo, "/photos/desk.jpg")
    again = build_again(recipe, base_folder=tmp_path, seed=1, settings=CLEAN)
    assert (again.photo, again.original) == (job.seen_photo, "/photos/desk.jpg") and Stage.EDIT not in again.stages
    assert "desk_cleaned.png" in folder_contents(folder, job).ours


def test_a_record_cannot_name_a_picture_elsewhere(tmp_path: Path) -> None:
    folder = made_run(tmp_path / "20260102-030405-desk-abcd", names=("red mug",), edited="../other.png").folder
    (tmp_path / "other.png").write_bytes(b"x")
    assert read_run(folder).edited == ""


def test_the_files_of_an_edited_search_are_cleaned_away() -> None:
    assert all(map(_is_ours, ("00_mug_edited.png", "00_mug_cutout.png", "desk_cleaned.png", "run.json")))
    assert not any(map(_is_ours, ("cleaned.png", "desk.png", "notes_cleaned.txt")))


def test_the_record_says_what_was_done_to_the_picture() -> None:
    words = dict(settings_in_words("preview", CLEAN))
    assert (words["Picture"], words["Cleaned With"]) == ("Clean the ground", "FLUX.2 klein 4B")
    assert not {"Picture", "Cleaned With"} & dict(settings_in_words("preview", Settings())).keys()
