"""The photo cleaned from the panel: the real backend with a small trained editor; what is taken becomes the photo, what is refused does not."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import part
from test_learned import MODELS, PYTHON, tick_until
from test_learned import ends_with_the_last_that_needs_it as ends_with_the_last_that_needs_it  # fixtures
from test_learned import learned as learned

pytestmark = pytest.mark.skipif(not (PYTHON and MODELS and Path(MODELS, "flux2-klein-4b").is_dir()), reason="IMG23D_TINY_MODELS has no editor")


PLAIN = 224  # shade of the ground that the small editor was trained with
_WRITE = "import sys, cv2; from tiny.clutter import photo; cv2.imwrite(sys.argv[1], photo(6, 256).rgb[:, :, ::-1])"


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    """One thing amid clutter, drawn where OpenCV is."""
    path = tmp_path_factory.mktemp("photos") / "table.png"
    subprocess.run([PYTHON, "-c", _WRITE, str(path)], check=True, cwd=Path(__file__).parents[2])
    return path


@pytest.fixture
def cluttered(learned, table, tmp_path):
    """The built-in engine makes the thing of what it sees."""
    path = shutil.copy(table, tmp_path)
    learned.photo, learned.names, learned.engine, learned.edit = str(path), "", "preview", True
    learned.cutter = part("shared.img23d_protocol.options.preview").LIGHT_CUTTER
    return learned


def cleaned(owner) -> str:
    return part("app.commands.cleaning").offered(owner, bpy.context.scene.img23d)


def wait(owner) -> None:
    tick_until(owner, lambda: owner.session.active is None)


def share_of_plain(path: str) -> float:
    """Of the border's pixels."""
    image = bpy.data.images.load(path)
    pixels = np.array(image.pixels[:]).reshape(image.size[1], image.size[0], 4)[:, :, :3] * 255
    border = np.concatenate([pixels[:6].reshape(-1, 3), pixels[-6:].reshape(-1, 3)])
    return float((np.abs(border - PLAIN).max(axis=1) < 30).mean())


def test_taken_it_is_the_photo_and_the_run_knows_from_what(cluttered, owner, as_with_a_window):
    original = cluttered.photo
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    assert owner.session.active.is_edit and cleaned(owner) == ""
    wait(owner)
    picture = cleaned(owner)
    assert Path(picture).name == "table_cleaned.png" and "pictures" in Path(picture).parts
    assert share_of_plain(picture) > 0.9 > share_of_plain(original)
    with pytest.raises(RuntimeError, match="take it, or keep the photo"):  # it is to be looked at first
        bpy.ops.img23d.generate()
    assert bpy.ops.img23d.take_picture() == {"FINISHED"}
    assert (cluttered.photo, cluttered.original_photo) == (picture, original)
    run = owner.session.active
    assert run.is_generation and (run.request.photo, run.request.original) == (picture, original)  # Generate went on
    wait(owner)
    tick_until(owner, lambda: any(obj.type == "MESH" for obj in bpy.data.objects))
    record = json.loads(Path(run.request.run_folder, "run.json").read_text(encoding="utf-8"))
    assert record["original"] == original and "edit" not in record["seconds"]
    kept = Path(run.request.run_folder, record["edited"])
    assert kept.is_file() and run.seen_photo == str(kept)
    # Made of a run that is read from its folder, boxes refer to the same picture
    past = part("core.runs.history").read_run(Path(run.request.run_folder))
    assert past.seen_photo == str(kept) and past.request.original == original
    cluttered.photo = original
    part("app.commands.reuse").reuse(past, bpy.context.scene)
    assert (cluttered.photo, cluttered.original_photo) == (str(kept), original)
    camera = next((one for one in bpy.data.objects if one.type == "CAMERA" and one.data.background_images), None)
    assert camera is None or bpy.path.abspath(camera.data.background_images[0].image.filepath) == str(kept)


def test_refused_the_photo_goes_on(cluttered, owner, as_with_a_window):
    original = cluttered.photo
    assert bpy.ops.img23d.find_targets() == {"FINISHED"}
    wait(owner)
    assert cleaned(owner)
    assert bpy.ops.img23d.keep_photo() == {"FINISHED"}
    assert cluttered.photo == original and cleaned(owner) == ""
    search = owner.session.active
    assert search.is_search and search.request.photo == original and not search.request.settings.edit.edit
    wait(owner)
    assert bpy.ops.img23d.find_targets() == {"FINISHED"} and owner.session.active.is_search  # it is not asked again
    wait(owner)


def test_back_to_the_photo(cluttered, owner, as_with_a_window):
    original = cluttered.photo
    assert bpy.ops.img23d.clean_picture() == {"FINISHED"}
    wait(owner)
    bpy.ops.img23d.take_picture()
    assert owner.session.active is None  # nothing was to follow
    cluttered.targets.add()
    assert bpy.ops.img23d.back_to_photo() == {"FINISHED"}
    assert (cluttered.photo, cluttered.original_photo, len(cluttered.targets)) == (original, "", 0)


def test_a_script_gets_the_cleaned_picture(cluttered, owner):
    original = cluttered.photo
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    assert cluttered.original_photo == original and owner.session.jobs[0].request.photo == cluttered.photo != original


def test_each_cut_out_is_shown_as_it_was_edited(cluttered, owner):
    cluttered.edit_of = "things"
    assert bpy.ops.img23d.find_targets() == {"FINISHED"}
    for _ in range(3):
        owner.pump.tick()
    (row,) = cluttered.targets
    assert row.cutout.endswith("_edited.png") and Path(row.cutout).is_file()
    row.is_edited = False
    request = part("app.jobs.requests").generate_request(bpy.context)
    assert [one.is_edited for one in request.wanted] == [False] and request.settings.edit.edits_things


def test_without_the_model_it_is_said_and_nothing_begins(cluttered, owner, tmp_path, monkeypatch):
    from conftest import PACKAGE

    assert part("core.requests").build_settings().edit.edit is False  # off, until the artist says so
    empty = tmp_path / "models"
    shutil.copytree(Path(MODELS, "birefnet-lite"), empty / "birefnet-lite")
    bpy.context.preferences.addons[PACKAGE].preferences.models_folder = str(empty)
    owner.session.shutdown()
    with pytest.raises(RuntimeError, match=r"FLUX\.2 klein 4B.* is not downloaded"):
        bpy.ops.img23d.clean_picture()
    owner.session.inspect()
    tick_until(owner, lambda: owner.session.weights)
    owner.models.want()
    owner.models.update(bpy.context, owner)
    assert owner.models.view.lacks_editor == "flux2-klein-4b"


def test_the_text_can_be_changed(cluttered):
    prompts = part("shared.img23d_protocol.options.edit").PROMPTS
    cluttered.edit_preset = "complete"
    assert bpy.ops.img23d.write_edit() == {"FINISHED"} and cluttered.edit_prompt == prompts["complete"]
    cluttered.edit_prompt = "Paint it blue."
    assert part("app.jobs.requests").panel_settings(bpy.context).edit.told == "Paint it blue."
