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
    panel = part("panels.tab").IMG23D_PT_targets
    said = drawn(panel).said
    assert all(word in said for word in ("Further Photos", "Left", "Back", "Right"))
    values.engine = "hunyuan3d"
    assert "Further Photos" not in drawn(panel).said
    values.engine = "instantmesh"
    assert "Further Photos, in place of drawn views" in drawn(panel).said


@pytest.mark.parametrize("engine", ["instantmesh", "preview"])
def test_what_draws_views_is_missed_where_it_is_wanted(row, values, photo, owner, engine):
    """By InstantMesh where a thing has no further photos, by the projection where it is told to have views drawn."""
    messages = part("shared.img23d_protocol.messages")
    names = ("zero123plus", "instantmesh-views", "instantmesh-mesh-large")
    missing = {"stage": "shape", "size_bytes": 1, "state": messages.WeightsState("missing")}
    owner.session.weights = tuple(messages.WeightsInfo(id=name, label=name, **missing) for name in names)

    def missed() -> set[str]:
        request = part("app.forecast")._request(bpy.context, part("app.jobs.requests").panel_settings(bpy.context))
        return {info.id for info in owner.forecaster._missing(owner, request)}

    values.engine = engine
    own = {"instantmesh-mesh-large"} if engine == "instantmesh" else set()
    try:
        if engine == "instantmesh":
            assert missed() == set(names)
            row().left_photo = str(photo)
            row().has_box = True
        assert missed() == own
        values.instantmesh_painter, values.further_views = "preview", "six"
        assert missed() == set(names[:2]) | own
        values.texture = False
        assert missed() == own
    finally:
        owner.session.weights = ()
