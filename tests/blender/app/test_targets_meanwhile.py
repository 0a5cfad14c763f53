"""A search that runs, and what the artist does to the list meanwhile."""

from __future__ import annotations

import os
from pathlib import Path

import bpy
import photos
import pytest
from scripted import Rehearsal
from test_targets import choose, draw_around, edges, names_of, request


@pytest.fixture
def looking(owner, values, photo, as_with_a_window, monkeypatch):
    """A search for a cup and a bowl has begun; the test says what comes next."""
    rehearsal = Rehearsal(owner, monkeypatch)
    values.photo, values.names = str(photo), "cup, bowl"
    assert bpy.ops.img23d.find_targets() == {"FINISHED"}
    rehearsal.tick()
    return rehearsal


def cut_out(run, target: int, name: str, note: str = "") -> None:
    run.link.say(run.messages.CutoutReady(job=run.job.id, target=target, file=name, note=note))
    run.tick()


def test_a_search_is_told_where_to_cut_out(looking):
    (asked,) = (said for said in looking.link.said if type(said).__name__ == "Locate")
    assert Path(asked.run_folder).parent.name == "searches" and [one.name for one in asked.wanted] == ["cup", "bowl"]


def test_cutouts_come_one_by_one(looking, values):
    looking.locate("cup", "bowl")
    assert names_of(values) == ["cup", "bowl"] and not any(row.cutout for row in values.targets)
    cut_out(looking, 1, "01_bowl_cutout.png", "Its handle is cut off.")
    assert [os.path.basename(row.cutout) for row in values.targets] == ["", "01_bowl_cutout.png"]
    assert values.targets[1].note == "Its handle is cut off."
    looking.link.say(looking.messages.TargetFailed(job=looking.job.id, target=0, code="internal", sentence="It cannot be cut out."))
    looking.tick()
    assert values.targets[0].note == "It cannot be cut out." and values.targets[0].has_box


def test_the_list_may_be_changed_before_the_cutouts_come(looking, values):
    looking.locate("cup", "bowl")
    values.active_target = 0
    bpy.ops.img23d.move_target(direction="DOWN")
    draw_around(choose(values, "bowl"), 1.0, 2.0, 3.0, 4.0)
    cut_out(looking, 0, "00_cup_cutout.png")
    cut_out(looking, 1, "01_bowl_cutout.png")
    assert {row.name: os.path.basename(row.cutout) for row in values.targets} == {"cup": "00_cup_cutout.png", "bowl": ""}


def test_a_box_that_is_drawn_meanwhile_wins(looking, values):
    bpy.ops.img23d.add_target()
    draw_around(values.targets[0], 1.0, 2.0, 30.0, 40.0)
    looking.locate("cup", "bowl")
    assert names_of(values) == ["cup", "bowl"]
    assert edges(values.targets[0]) == [1.0, 2.0, 30.0, 40.0] and not values.targets[1].is_drawn


def test_names_that_are_typed_meanwhile_were_not_looked_for(looking, values):
    values.names = "cup, bowl, spoon"
    looking.locate("cup", "bowl")
    assert values.found_names == "cup, bowl" and [one.name for one in request().wanted] == ["cup", "bowl", "spoon"]


def test_the_answer_to_another_photo_is_dropped(looking, values, pictures):
    values.photo = str(photos.write_png(pictures / "other.png", photos.three_things(180, 80)))
    looking.locate("cup", "bowl")
    cut_out(looking, 0, "00_cup_cutout.png")
    assert not values.targets and values.found_names == ""


def test_the_answer_to_another_file_is_dropped(looking, empty_file):
    bpy.ops.wm.open_mainfile(filepath=empty_file)
    looking.locate("cup", "bowl")
    assert not bpy.context.scene.img23d.targets


def test_a_row_that_is_dropped_while_it_is_looked_for(looking, values, owner):
    looking.locate("cup", "bowl")
    looking.finish(0)
    choose(values, "bowl")
    assert bpy.ops.img23d.find_target_again() == {"FINISHED"}
    looking.tick()
    bpy.ops.img23d.remove_target()
    looking.locate("bowl")
    assert names_of(values) == ["cup"]
    cut_out(looking, 0, "00_bowl_cutout.png")
    assert not values.targets[0].cutout


def test_one_that_is_not_found_again_keeps_its_box_and_says_so(looking, values):
    looking.locate("cup", "bowl")
    looking.finish(0)
    choose(values, "bowl")
    before = edges(values.targets[1])
    bpy.ops.img23d.find_target_again()
    looking.tick()
    m = looking.messages
    missing = m.LocatedTarget(name="bowl", note="There is no bowl in the photo.")
    looking.link.say(m.Located(job=looking.job.id, targets=(missing,), photo_width=100, photo_height=100))
    looking.tick()
    assert edges(values.targets[1]) == before and values.targets[1].has_box
    assert values.targets[1].note == "There is no bowl in the photo."


def test_a_run_shows_how_far_a_search_is(looking, owner):
    assert owner.session.active is looking.job and not bpy.ops.img23d.find_targets.poll()
    looking.link.say(looking.messages.Progress(job=looking.job.id, stage="locate", fraction=0.5))
    looking.tick()
    assert 0 < looking.job.progress < 1


def test_what_the_kinds_make_comes_after_the_cutouts(looking, values):
    looking.locate("cup", "bowl")
    cut_out(looking, 0, "00_cup_cutout.png")
    looking.link.say(looking.messages.FormsReady(job=looking.job.id, target=0, automatic=looking.messages.ShapeKind.REVOLVE))
    looking.tick()
    assert [(row.shape, row.automatic) for row in values.targets] == [("auto", "revolve"), ("auto", "")]
    draw_around(values.targets[0], 1.0, 2.0, 30.0, 40.0)
    assert values.targets[0].automatic == "", "that was of the old box"


def test_a_row_s_kind_is_asked_for_where_the_engine_heeds_it(looking, values):
    looking.locate("cup", "bowl")
    choose(values, "bowl").shape = "flat"
    assert [one.shape for one in request().wanted] == ["auto", "flat"]
    bpy.ops.img23d.duplicate_target()
    assert [row.shape for row in values.targets] == ["auto", "flat", "flat"]
    values.engine = "hunyuan3d"
    assert [one.shape for one in request().wanted] == ["auto"] * 3
