"""Every bad input is one clear sentence: in the panel, and as the error of the operator in a script."""

from __future__ import annotations

import bpy
import numpy as np
import photos
import pytest
from mesh_state import in_edit_mode


def _write(folder, name, data: bytes) -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


CASES = {
    "none": (lambda f: "", "No photo is chosen"),
    "gone": (lambda f: str(f / "gone.png"), "gone.png"),
    "folder": (lambda f: str(f), "folder"),
    "empty": (lambda f: _write(f, "empty.png", b""), "empty"),
    "text": (lambda f: _write(f, "text.png", b"this is not a picture" * 50), "not"),
    "truncated": (lambda f: _write(f, "cut.png", photos.png_bytes(photos.three_things())[:900]), "cut.png"),
    "one pixel": (lambda f: _write(f, "one.png", photos.png_bytes(np.full((1, 1, 3), 9, np.uint8))), "1 × 1"),
    "transparent": (
        lambda f: _write(f, "clear.png", photos.png_bytes(np.zeros((64, 64, 4), np.uint8))),
        "transparent",
    ),
    "uniform": (lambda f: _write(f, "flat.png", photos.png_bytes(np.full((64, 64, 3), 99, np.uint8))), "colour"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_photo_is_one_sentence_and_loses_nothing(values, owner, tmp_path, case):
    make, word = CASES[case]
    keep = bpy.data.objects.new("keep", None)
    bpy.context.scene.collection.objects.link(keep)
    values.photo, values.names = make(tmp_path), "cup"
    with pytest.raises(RuntimeError) as raised:
        bpy.ops.img23d.generate()
    sentence = str(raised.value).removeprefix("Error: ").strip()
    assert word in sentence and "Traceback" not in sentence and "\n" not in sentence
    shown = [owner.refusal, *(job.error for job in owner.session.jobs)]
    assert any(text and text in sentence for text in shown), "the panel shows the same"
    assert list(bpy.data.objects.keys()) == ["keep"]
    assert owner.session.active is None


def test_after_a_failure_the_next_run_works(values, photo):
    values.photo = "nowhere.png"
    with pytest.raises(RuntimeError):
        bpy.ops.img23d.generate()
    values.photo, values.names = str(photo), "red ball"
    assert bpy.ops.img23d.generate() == {"FINISHED"}


def test_a_runs_folder_that_cannot_be_written(values, photo, tmp_path):
    from conftest import PACKAGE

    preferences = bpy.context.preferences.addons[PACKAGE].preferences
    (tmp_path / "file").write_text("in the way")
    preferences.runs_folder = str(tmp_path / "file")
    values.photo, values.names = str(photo), "red ball"
    try:
        with pytest.raises(RuntimeError, match="folder"):
            bpy.ops.img23d.generate()
    finally:
        preferences.runs_folder = ""


def test_edit_mode_in_background(values, photo):
    obj = in_edit_mode("o")
    values.photo, values.names = str(photo), "red ball"
    with pytest.raises(RuntimeError, match="Object Mode"):
        bpy.ops.img23d.generate()
    assert obj.mode == "EDIT"
