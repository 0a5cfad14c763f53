"""An object that knows how it was made: made again, made anew, kept as an asset."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import part
from drawing import drawn
from test_history import generate


def points(obj) -> np.ndarray:
    flat = np.empty(len(obj.data.vertices) * 3, np.float32)
    obj.data.vertices.foreach_get("co", flat)
    return flat.reshape(-1, 3)


def made_again(obj, **how) -> list[bpy.types.Object]:
    """What came besides."""
    before = set(bpy.data.objects)
    bpy.context.view_layer.objects.active = obj
    assert bpy.ops.img23d.make_again(**how) == {"FINISHED"}
    return [new for new in set(bpy.data.objects) - before if new.type == "MESH"]


@pytest.fixture
def state(owner):
    state = bpy.context.window_manager.img23d
    state.again_place, state.again_with_panel = "IN_PLACE", False
    return state


def test_the_same_seed_gives_the_same_mesh_in_place(photo, values, state):
    (ball,) = generate(photo, "red ball")
    ball.location, ball.name = (3.0, 1.0, 0.0), "my ball"
    before, run = points(ball), ball["img23d_run"]
    values.names, values.seed = "something else", 99
    assert made_again(ball) == []
    assert np.array_equal(points(ball), before) and ball.name == "my ball" and tuple(ball.location) == (3.0, 1.0, 0.0)
    assert ball["img23d_run"] != run and ball["img23d_seed"] == 7


def test_one_of_several_is_made_again_by_itself_as_it_was(photo, values, state):
    red, blue = sorted(generate(photo, "red ball, blue ball"), key=lambda obj: obj.name, reverse=True)
    before = points(blue)
    assert made_again(blue) == []
    assert np.array_equal(points(blue), before)


def test_another_stands_beside_with_another_seed(photo, state):
    (ball,) = generate(photo, "red ball")
    state.again_place = "BESIDE"
    before = points(ball)
    (new,) = made_again(ball, new_seed=True)
    assert new["img23d_seed"] != 7 and np.array_equal(points(ball), before)
    assert new.location.x - new.dimensions.x / 2 > ball.location.x + ball.dimensions.x / 2, "to its right"


def test_the_panels_settings_are_used_where_that_is_wanted(photo, values, state):
    (ball,) = generate(photo, "red ball")
    faces = len(ball.data.polygons)
    values.faces, values.texture = 600, False
    made_again(ball)
    assert len(ball.data.polygons) == faces
    made_again(ball, with_panel=True)
    assert len(ball.data.polygons) <= 600 and not json.loads(ball["img23d_settings"])["common"]["texture"]


def test_the_tags_are_enough_where_the_runs_folder_is_gone(photo, state):
    (ball,) = generate(photo, "red ball")
    before = points(ball)
    shutil.rmtree(ball["img23d_run_folder"])
    made_again(ball)
    assert np.ptp(points(ball)[:, 2]) == pytest.approx(np.ptp(before[:, 2]), rel=0.02)


def test_a_photo_that_is_gone_is_one_clear_sentence(photo, tmp_path, state):
    moved = tmp_path / "gone.png"
    shutil.copy(photo, moved)
    (ball,) = generate(moved, "red ball")
    moved.unlink()
    bpy.context.view_layer.objects.active = ball
    with pytest.raises(RuntimeError, match="“gone.png” is no longer in"):
        bpy.ops.img23d.make_again()


def test_the_panel_says_how_the_active_object_was_made(photo, owner, state):
    (ball,) = generate(photo, "red ball")
    bpy.context.view_layer.objects.active = ball
    panel = part("panels.tab").IMG23D_PT_made
    assert panel.poll(bpy.context)
    layout = drawn(panel)
    assert "“red ball” from three.png" in layout.said and "Seed 7" in layout.said and "Lathe" not in layout.said
    assert "Preview (built in)" in layout.said and "Today" in layout.said
    assert layout.pressed("img23d.make_again") == [
        {"new_seed": False, "with_panel": False},
        {"new_seed": True, "with_panel": False},
    ]
    owner.history.step(bpy.context)
    assert owner.history.making(ball).recipe.cutout == owner.session.jobs[0].targets[0].cutout
    bpy.context.view_layer.objects.active = None
    layout = drawn(panel)
    assert panel.poll(bpy.context), "the end of a run, which selects something, moves nothing below it"
    assert layout.said == "Select an object that was made from a photo." and not layout.buttons
    owner.session.jobs.clear()
    assert not panel.poll(bpy.context), "in the panel as it is at the start there is no such place"


def test_results_become_assets_with_a_picture_and_words(photo, values):
    red, blue = sorted(generate(photo, "red ball, blue ball"), key=lambda obj: obj.name, reverse=True)
    for obj in (red, blue):
        obj.select_set(True)
    assert bpy.ops.img23d.mark_asset() == {"FINISHED"}
    for obj in (red, blue):
        tags = {tag.name for tag in obj.asset_data.tags}
        assert tags == {*obj.name.split(), "Img23D", "Preview (built in)"}
        assert obj.asset_data.description == "Made from three.png with seed 7" and obj.asset_data.author == ""
        assert obj.preview is not None and obj.preview.image_size[0] == 256


def test_an_object_of_another_file_is_not_marked(photo, tmp_path):
    (ball,) = generate(photo, "red ball")
    path = str(tmp_path / "library.blend")
    bpy.data.libraries.write(path, {ball})
    bpy.data.objects.remove(ball)
    with bpy.data.libraries.load(path, link=True) as (source, wanted):
        wanted.objects = source.objects
    (linked,) = wanted.objects
    bpy.context.scene.collection.objects.link(linked)
    linked.select_set(True)
    bpy.context.view_layer.objects.active = linked
    with pytest.raises(RuntimeError, match="is linked from another file"):
        bpy.ops.img23d.mark_asset()
    with pytest.raises(RuntimeError, match="choose Beside"):
        bpy.ops.img23d.make_again()
    assert Path(path).is_file() and linked.asset_data is None
