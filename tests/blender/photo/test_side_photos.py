"""Further photos in the row's details: chosen, pasted, cleared, undone, and asked for."""

from __future__ import annotations

import bpy
import pytest
from conftest import part
from drawing import drawn
from test_targets import request, undo_after


@pytest.fixture
def row(owner, values, photo):
    values.photo = str(photo)
    assert bpy.ops.img23d.add_target() == {"FINISHED"}
    return lambda: values.targets[0]


def test_a_side_is_chosen_asked_for_and_cleared(row, photo):
    assert bpy.ops.img23d.choose_side(side="back", filepath=str(photo)) == {"FINISHED"}
    assert row().back_photo == str(photo) and row().left_photo == ""
    (wanted,) = request().wanted
    assert [(one.side, one.photo) for one in wanted.sides] == [("back", str(photo))]
    assert bpy.ops.img23d.clear_side(side="back") == {"FINISHED"}
    assert request().wanted[0].sides == ()


def test_a_side_goes_along_with_a_copy_and_not_to_an_engine_that_takes_one_photo(row, values, photo):
    bpy.ops.img23d.choose_side(side="left", filepath=str(photo))
    bpy.ops.img23d.duplicate_target()
    assert [target.left_photo for target in values.targets] == [str(photo)] * 2
    values.engine = "hunyuan3d"
    assert all(one.sides == () for one in request().wanted)


def test_a_side_can_be_undone(row, values, photo):
    undo_after(changes=lambda: bpy.ops.img23d.choose_side(side="right", filepath=str(photo)))
    assert bpy.context.scene.img23d.targets[0].right_photo == ""


def test_the_slots_are_drawn_where_the_engine_heeds_them(row, values, photo):
    panel = part("panels.sidebar.targets").IMG23D_PT_targets
    said = drawn(panel).said
    assert all(word in said for word in ("Further Photos", "Left", "Back", "Right"))
    values.engine = "hunyuan3d"
    assert "Further Photos" not in drawn(panel).said
