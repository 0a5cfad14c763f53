"""The list of what was found in the photo: searched, corrected, made."""

from __future__ import annotations

from pathlib import Path

import bpy
import photos
import pytest
from conftest import part
from drawing import Layout, drawn
from test_generate import generate

EDGES = ("left", "top", "right", "bottom")


def find(values, photo, names: str) -> None:
    values.photo, values.names = str(photo), names
    assert bpy.ops.img23d.find_targets() == {"FINISHED"}


def names_of(values) -> list[str]:
    return [row.name for row in values.targets]


def edges(row) -> list[float]:
    return [getattr(row, edge) for edge in EDGES]


def draw_around(row, *sides: float) -> None:
    row.left, row.top, row.right, row.bottom = sides


def choose(values, name: str):
    values.active_target = names_of(values).index(name)
    return values.targets[values.active_target]


def request():
    return part("app.jobs.requests").generate_request(bpy.context)


def said(item) -> str:
    """What the line of the list says."""
    layout, panel = Layout(), part("panels.tab").IMG23D_UL_targets
    panel.draw_item(None, bpy.context, layout, None, item, 0, None, "")
    return layout.said


def undo_after(*, changes) -> None:
    """Does it as one step, and undoes it."""
    bpy.ops.ed.undo_push(message="before")
    changes()
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()


# --- with the real backend --------------------------------------------------------------------------------------------


def test_find_lists_what_there_is_with_its_cutout(values, photo):
    find(values, photo, "red ball, green box, blue ball")
    assert names_of(values) == ["red ball", "green box", "blue ball"] and values.found_names == values.names
    assert [row.left for row in values.targets] == sorted(row.left for row in values.targets)
    for row in values.targets:
        assert row.has_box and row.use and not row.is_drawn
        assert row.cutout.endswith(".png") and Path(row.cutout).is_file() and Path(row.cutout).parents[1].name == "searches"
    assert not bpy.data.objects.keys(), "only looked"


def test_what_was_not_found_is_shown_as_such_and_not_made(values, photo):
    find(values, photo, "red ball, green box, blue ball, elephant")
    (missing,) = (row for row in values.targets if not row.has_box)
    assert missing.note.endswith(".") and not missing.cutout
    assert "Not found" in said(missing) and "Not found" not in said(values.targets[0])
    choose(values, missing.name)
    assert missing.note.split()[0] in drawn(part("panels.tab").IMG23D_PT_targets).said
    assert missing.name not in [wanted.name for wanted in request().wanted] and len(request().wanted) == 3


def test_generate_makes_the_list_as_it_was_corrected(values, photo):
    find(values, photo, "red ball, green box, blue ball")
    choose(values, "red ball").name = "Granny's ball"
    choose(values, "green box")
    assert bpy.ops.img23d.remove_target() == {"FINISHED"}
    values.targets[1].use = False
    assert [obj.name for obj in generate(values, photo, values.names, texture=False)] == ["Granny's ball"]
    assert bpy.ops.img23d.find_targets() == {"FINISHED"}
    assert sorted(names_of(values)) == ["Granny's ball", "blue ball", "green box"], "Find brings back what was dropped"


def test_a_name_that_is_typed_later_is_looked_for(values, photo):
    find(values, photo, "red ball")
    values.names = "red ball, blue ball"
    red, blue = request().wanted
    assert red.box is not None and (blue.name, blue.box) == ("blue ball", None)


def test_the_list_with_nothing_switched_on(values, photo, owner):
    find(values, photo, "red ball")
    values.targets[0].use = False
    with pytest.raises(RuntimeError, match="Nothing in the list is to be made"):
        bpy.ops.img23d.generate()
    assert owner.refusal.startswith("Nothing in the list")


def test_a_box_without_any_width_says_so(values, photo):
    find(values, photo, "red ball")
    values.targets[0].right = values.targets[0].left
    with pytest.raises(RuntimeError, match="The box of “red ball” must lie inside the photo"):
        bpy.ops.img23d.generate()


def test_height_and_strokes_travel_in_metres(values, photo):
    strokes, stroke = part("core.boxes.strokes"), part("shared.img23d_protocol.messages").Stroke(xs=(0.1,), ys=(0.5,), radius=0.02)
    find(values, photo, "red ball")
    bpy.context.scene.unit_settings.scale_length = 0.01  # the scene counts centimetres
    values.targets[0].height, values.targets[0].strokes = 25.0, strokes.written([stroke])
    (wanted,) = request().wanted
    assert wanted.height == pytest.approx(0.25) and wanted.strokes == (stroke,)
    assert bpy.ops.img23d.find_targets() == {"FINISHED"}
    assert values.targets[0].height == pytest.approx(25.0) and strokes.parse_strokes(values.targets[0].strokes) == (stroke,)


def test_a_box_that_is_changed_is_drawn_and_stays(values, photo):
    find(values, photo, "red ball, blue ball")
    red = choose(values, "red ball")
    draw_around(red, 40.0, 10.0, 60.0, 90.0)
    assert red.is_drawn and not red.cutout, "the old cut-out was of another box"
    assert "Drawn by you" in drawn(part("panels.tab").IMG23D_PT_targets).said
    assert bpy.ops.img23d.find_targets() == {"FINISHED"}
    red, blue = values.targets
    assert edges(red) == [40.0, 10.0, 60.0, 90.0] and red.is_drawn and not blue.is_drawn
    assert Path(red.cutout).is_file(), "what was drawn is cut out as well"


def test_one_is_found_again_by_its_new_name(values, photo):
    find(values, photo, "red ball, green box, blue ball")
    before = [edges(row) for row in values.targets]
    green = choose(values, "green box")
    choose(values, "blue ball")
    bpy.ops.img23d.remove_target()
    draw_around(choose(values, "green box"), 1.0, 1.0, 5.0, 5.0)
    green.name = "blue thing"
    choose(values, "blue thing")
    assert bpy.ops.img23d.find_target_again() == {"FINISHED"}
    red, again = values.targets
    assert edges(red) == before[0] and again.name == "blue thing"
    assert edges(again) == pytest.approx(before[2], abs=2.0) and not again.is_drawn and Path(again.cutout).is_file()


def test_two_hundred_names_are_listed(values, photo):
    find(values, photo, ", ".join(["red ball, green box, blue ball", *(f"thing {n}" for n in range(197))]))
    assert len(values.targets) == 200 and sum(row.has_box for row in values.targets) >= 3


def test_find_with_nothing_typed_lists_the_whole_picture(values, photo):
    find(values, photo, "")
    assert names_of(values) == [photo.stem] and values.targets[0].has_box
    assert len(request().wanted) == 1


def test_generate_looks_first_where_that_is_wanted(values, photo):
    values.check_first = True
    assert generate(values, photo, "red ball") == [] and names_of(values) == ["red ball"]
    assert "press Generate again" in drawn(part("panels.tab").IMG23D_PT_targets).said
    values.names = "red ball, blue ball"
    assert generate(values, photo, values.names) == [] and len(values.targets) == 2, "the names are other ones"
    assert len(generate(values, photo, values.names, texture=False)) == 2


# --- the buttons ------------------------------------------------------------------------------------------------------


def test_add_duplicate_move_drop_and_empty(values):
    values.names = "cup, book"
    for _ in range(3):
        bpy.ops.img23d.add_target()
    assert names_of(values) == ["cup", "book", "Thing 3"] and all(row.is_drawn and row.has_box for row in values.targets)
    draw_around(choose(values, "cup"), 10.0, 20.0, 30.0, 40.0)
    bpy.ops.img23d.duplicate_target()
    assert names_of(values) == ["cup", "cup", "book", "Thing 3"] and values.active_target == 1
    assert edges(values.targets[1]) == pytest.approx([10.0, 20.0, 30.0, 40.0])
    assert bpy.ops.img23d.move_target(direction="DOWN") == {"FINISHED"}
    assert bpy.ops.img23d.move_target(direction="DOWN") == {"FINISHED"}
    assert bpy.ops.img23d.move_target(direction="DOWN") == {"CANCELLED"}
    assert names_of(values) == ["cup", "book", "Thing 3", "cup"] and values.active_target == 3
    bpy.ops.img23d.move_target(direction="UP")
    bpy.ops.img23d.remove_target()
    assert names_of(values) == ["cup", "book", "Thing 3"] and values.active_target == 2
    bpy.ops.img23d.clear_targets()
    assert not values.targets


@pytest.mark.parametrize("button", ["duplicate_target", "remove_target", "move_target", "clear_targets", "find_target_again"])
def test_buttons_that_need_a_line_are_grey_without_one(values, button):
    assert not getattr(bpy.ops.img23d, button).poll()
    bpy.ops.img23d.add_target()
    assert getattr(bpy.ops.img23d, button).poll()
    values.active_target = 5
    assert getattr(bpy.ops.img23d, button).poll() == (button == "clear_targets")


def test_another_photo_empties_the_list_and_undo_brings_both_back(values, photo, pictures):
    find(values, photo, "red ball")
    values.photo = str(photo)
    assert len(values.targets) == 1, "the same photo again"
    other = photos.write_png(pictures / "other.png", photos.three_things(180, 80))
    undo_after(changes=lambda: bpy.ops.img23d.choose_photo(filepath=str(other)))
    values = bpy.context.scene.img23d
    assert names_of(values) == ["red ball"] and values.photo == str(photo)
    values.photo = str(other)
    assert not values.targets and values.found_names == ""


@pytest.mark.parametrize("button", ["add_target", "duplicate_target", "remove_target", "move_target", "clear_targets"])
def test_each_button_is_undone(values, photo, button):
    find(values, photo, "red ball, blue ball")
    values.active_target = 1
    undo_after(changes=lambda: getattr(bpy.ops.img23d, button)())
    values = bpy.context.scene.img23d
    assert names_of(values) == ["red ball", "blue ball"] and all(row.cutout for row in values.targets)


def test_a_search_is_one_step_to_undo_and_its_pictures_stay(owner, values, photo):
    bpy.ops.ed.undo_push(message="before")
    find(values, photo, "red ball")
    cutout = values.targets[0].cutout
    bpy.context.scene.img23d.targets[0].name = "ball"
    bpy.ops.ed.undo_push(message="renamed")
    bpy.ops.ed.undo()
    assert names_of(bpy.context.scene.img23d) == ["red ball"]
    owner.applier.targets.is_stale = True  # as `registration` says after an undo
    owner.pump.tick()
    assert bpy.context.scene.img23d.targets[0].cutout == cutout
    bpy.ops.ed.undo()
    assert not bpy.context.scene.img23d.targets
