"""A .blend or a run's folder that somebody has changed by hand: nothing is raised, nothing stands still, nothing else is opened."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import bpy
import pytest
from conftest import part
from drawing import drawn
from test_history import base as base  # base is a fixture
from test_history import generate, read
from test_in_the_middle import glbs as glbs  # a fixture

PANELS = (
    "IMG23D_PT_main",
    "IMG23D_PT_targets",
    "IMG23D_PT_results",
    "IMG23D_PT_made",
    "IMG23D_PT_shape",
    "IMG23D_PT_texture",
    "IMG23D_PT_history",
)


def draw_all() -> None:
    for name in PANELS:
        panel = getattr(part("panels.tab"), name)
        if not hasattr(panel, "poll") or panel.poll(bpy.context):
            drawn(panel)


@pytest.fixture
def store(values, photo):
    """The stored values of the scene, as a program that knows nothing of their limits sees them; one row in the list."""
    values.photo, values.names, values.texture, values.seed = str(photo), "red ball", False, 5
    row = values.targets.add()
    row.name, row.left, row.right, row.top, row.bottom = "cup", 5.0, 30.0, 20.0, 80.0
    return bpy.context.scene["img23d"]


ROW = {
    "left": [math.nan, math.inf, -1e30, "x", [1, 2]],
    "height": [math.nan, math.inf, -5.0, 1e30, "tall"],
    "strokes": ["[" * 100_000, '[{"xs": [NaN], "ys": [1], "radius": 1, "adds": true}]', 7],
    "note": [5, [1.0]],
    "use": [7, -1, "x"],
    "name": ["x" * 100_000],
}


def put(store, key: str, value: object) -> bool:
    """Whether Blender stores such a value at all."""
    try:
        store.pop(key, None)
        store[key] = value
    except (TypeError, ValueError, KeyError):
        return False
    return True


def make_or_be_told() -> None:
    draw_all()
    try:
        assert bpy.ops.img23d.generate() == {"FINISHED"}
    except RuntimeError as error:
        assert "Traceback" not in str(error), error
    assert part("core.session.app").current().session.active is None
    draw_all()


@pytest.mark.parametrize("key", ROW)
def test_a_row_of_a_tampered_file_is_a_sentence_or_is_mended(owner, values, store, key):
    stored = 0
    for value in ROW[key]:
        if put(store["targets"][0], key, value):
            stored += 1
            make_or_be_told()
    assert stored > 0


SCENE = {
    "engine": [99, -1, "x"],
    "texture_size": [99],
    "shape": [99],
    "seed": [2**31 - 1, -(2**31), 1.5, "x"],
    "faces": [-5, 2**31 - 1],
    "thickness": [math.nan, math.inf, -1.0],
    "guidance": [math.nan, 1e30],
    "active_target": [-7, 2**31 - 1],
    "layout": [77],
    "speed": [50],
    "painter": [50],
    "photo": [7],
    "targets": ["text", 7, [1, 2, 3], {"a": 1}],
}


@pytest.mark.parametrize("key", SCENE)
def test_settings_of_a_tampered_file_are_a_sentence_or_are_mended(owner, values, store, key):
    stored = 0
    for value in SCENE[key]:
        if put(store, key, value):
            stored += 1
            make_or_be_told()
            owner.pump.tick()
    assert stored > 0


@pytest.mark.parametrize("typed", [math.nan, math.inf, 1e20])
def test_a_height_that_is_typed_and_that_nothing_has_is_refused(values, typed):
    row = values.targets.add()
    row.height = 0.25
    row.height = typed
    assert row.height == 0.0
    row.height = 12.0
    assert row.height == 12.0


@pytest.mark.parametrize("typed", [math.nan, math.inf, 1e30])
def test_an_objects_real_height_is_a_number(owner, base, photo, typed):
    (obj,) = generate(photo, "red ball")
    bpy.context.view_layer.objects.active = obj
    before = obj.scale[:]
    with pytest.raises(RuntimeError, match="height"):
        bpy.ops.img23d.set_real_height(height=typed)
    assert obj.scale[:] == before


TAGS = {
    "img23d_target": [[1, 2], {"a": 1}, "x", 2**31 - 1, -1, 0.5],
    "img23d_run": [[1, 2], 5, {"a": 1}],
    "img23d_box": [[math.nan] * 4, [1e300, 0.0, 0.0, 1.0], "x", {"a": 1}],
    "img23d_settings": ["[" * 100_000, 5, [1, 2]],
    "img23d_seed": ["x", -5, [1]],
    "img23d_photo": [5, "", "x" * 10_000],
    "img23d_run_folder": [5, "/dev", "/proc/self/fd", "x" * 10_000],
    "img23d_time": [5, "x", [1]],
}


def test_tags_of_a_tampered_file_stop_nothing(owner, base, photo):
    (obj,) = generate(photo, "red ball")
    sound = {tag: obj[tag].to_list() if hasattr(obj[tag], "to_list") else obj[tag] for tag in TAGS}
    for key, several in TAGS.items():
        for value in several:
            for tag, before in sound.items():
                assert put(obj, tag, before)
            assert put(obj, key, value)
            _look_everywhere(owner, obj)
            assert part("scene.retexture.own_picture").own_picture(obj) is not None


@pytest.mark.parametrize("key", ["img23d_box", "img23d_settings", "img23d_seed", "img23d_photo", "img23d_run_folder"])
def test_what_is_made_again_from_tampered_tags_is_a_sentence_or_an_object(owner, base, photo, key):
    (obj,) = generate(photo, "red ball")
    obj["img23d_run_folder"] = str(base / "gone")
    for value in TAGS[key][:2]:
        assert put(obj, key, value)
        bpy.context.view_layer.objects.active = obj
        try:
            bpy.ops.img23d.make_again()
        except RuntimeError as error:
            assert "Traceback" not in str(error), error
        assert owner.session.active is None


def _look_everywhere(owner, obj) -> None:
    """What ticks, panels and the history do with an object that is selected."""
    bpy.context.view_layer.objects.active = obj
    read(owner)
    for job in owner.session.jobs:
        owner.applier.placer.standings(job)
    owner.pump.is_stale = True
    owner.pump.tick()
    draw_all()


def test_a_result_as_large_as_the_universe_does_not_stop_the_window(owner, base, photo):
    (obj,) = generate(photo, "red ball")
    obj.scale = (1e12,) * 3
    bpy.context.view_layer.update()
    assert len(generate(photo, "red ball")) == 1


# --- records --------------------------------------------------------------------------------------------------------


def test_an_old_record_with_integers_beyond_blenders_is_used_again(owner, base, photo):
    generate(photo, "red ball")
    folder = Path(owner.session.jobs[0].request.run_folder)
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    record["seed"] = 2**40
    record["settings"]["preview"]["outlines"] |= {"faces": 2**33, "thickness": 1e300}
    record["settings"]["hunyuan3d"]["shape"] |= {"steps": 2**63, "faces": 10**30, "guidance": 1e40}
    record["wanted"] = [{"name": "red ball", "box": {"left": -1e30, "top": 0, "right": 7, "bottom": 1}, "height": 1e200}]
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    owner.session.jobs.clear()
    job = part("core.runs.history").read_run(folder)
    owner.session.jobs.append(job)
    assert bpy.ops.img23d.reuse_run(job=job.id) == {"FINISHED"}
    values = bpy.context.scene.img23d
    assert 500 <= values.faces <= 200_000 and values.names and values.targets[0].height == 0.0
    draw_all()
    values.texture = False
    assert bpy.ops.img23d.generate() == {"FINISHED"}


# --- an object's own picture -------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes in a folder")
def test_painting_from_a_record_that_is_a_pipe_does_not_wait(owner, base, photo, tmp_path):
    (obj,) = generate(photo, "red ball")
    (tmp_path / "odd").mkdir()
    os.mkfifo(tmp_path / "odd" / "run.json")
    obj["img23d_run_folder"] = str(tmp_path / "odd")
    assert part("scene.retexture.own_picture").own_picture(obj) == str(photo)


@pytest.mark.parametrize("name", ["/etc/hostname", "../../three.png"])
def test_an_objects_own_picture_lies_in_its_runs_folder(owner, base, photo, name):
    (obj,) = generate(photo, "red ball")
    path = Path(obj["img23d_run_folder"]) / "run.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["targets"][0]["files"]["cutout"] = name
    path.write_text(json.dumps(record), encoding="utf-8")
    assert part("scene.retexture.own_picture").own_picture(obj) == str(photo)
