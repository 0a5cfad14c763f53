"""Things picked with a click: rows, their undo steps, and what happens while the backend looks at the photo."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import bpy
import numpy as np
import photos
import pytest
from conftest import part
from scripted import Rehearsal
from test_targets import choose, draw_around, edges, names_of, request

SIZE = (40, 30)  # of the labels: a square thing at the left, one at the right whose upper half is a part of its own


@pytest.fixture
def own_photo(photo, tmp_path) -> Path:
    """A copy, to be changed and deleted."""
    return Path(shutil.copy(photo, tmp_path / "own.png"))


@pytest.fixture
def picking(owner, values, own_photo, as_with_a_window, monkeypatch):
    """A photo is chosen; nothing was looked at yet."""
    rehearsal = Rehearsal(owner, monkeypatch)
    owner.picker.picks, owner.picker.sentence = None, ""
    owner.picker._waiting.clear()
    values.photo = str(own_photo)
    return rehearsal


def labels(extra: bool = False) -> np.ndarray:
    picture = np.zeros((2, SIZE[1], SIZE[0]), np.uint8)
    picture[:, 10:20, 5:15] = 1
    picture[:, 10:26, 25:35] = 2
    picture[1, 10:18, 25:35] = 3
    if extra:
        picture[:, 2:6, 18:24] = 4
    return picture


def region(run, left: float, top: float, right: float, bottom: float, name: str):
    width, height = SIZE
    box = run.messages.Box(left=left / width, top=top / height, right=right / width, bottom=bottom / height)
    return run.messages.PhotoRegion(box=box, cutout=name)


def answer(run, folder: Path, picked: int = -1, *, extra: bool = False, written: np.ndarray | None = None) -> None:
    """To the job that is running."""
    path = folder / "regions.npy"
    np.save(path, labels(extra) if written is None else written)
    name = run.in_run(path)
    regions = [region(run, 5, 10, 15, 20, "0.png"), region(run, 25, 10, 35, 26, "1.png"), region(run, 25, 10, 35, 18, "2.png")]
    regions += [region(run, 18, 2, 24, 6, "3.png")] if extra else []
    run.link.say(run.messages.Regions(job=run.job.id, labels=name, regions=tuple(regions), photo_width=400, photo_height=300, picked=picked))
    run.tick()
    run.finish(0)


def click(x: float, y: float, **more: object) -> set[str]:
    return bpy.ops.img23d.pick_at(point=(x / SIZE[0], y / SIZE[1]), **more)


def asked(run) -> list:
    return [said for said in run.link.said if type(said).__name__ == "Pick"]


@pytest.fixture
def looked(picking, owner, tmp_path):
    """The photo was looked at."""
    owner.picker.segment(bpy.context)
    picking.tick()
    answer(picking, tmp_path)
    return picking


def test_the_look_is_asked_for_once_and_its_folder_is_a_searchs(looked, owner):
    (first,) = asked(looked)
    assert Path(first.run_folder).parent.name == "searches" and first.point is None
    assert owner.picker.segment(bpy.context) is None and len(asked(looked)) == 1


def test_a_click_makes_a_row_and_asks_nobody(looked, values):
    assert click(10, 15) == {"FINISHED"}
    assert names_of(values) == ["Thing 1"] and values.active_target == 0
    row = values.targets[0]
    assert edges(row) == pytest.approx([12.5, 33.333, 37.5, 66.667], abs=0.01)
    assert row.has_box and row.is_drawn and row.has_point and os.path.basename(row.cutout) == "0.png"
    assert list(row.point) == pytest.approx([0.25, 0.5])
    assert len(asked(looked)) == 1


def test_a_thing_that_is_listed_already_is_selected(looked, values):
    click(10, 15)
    click(30, 24)
    assert len(values.targets) == 2 and values.active_target == 1
    click(6, 11)
    assert len(values.targets) == 2 and values.active_target == 0


def test_what_find_listed_is_selected_too(looked, values):
    row = values.targets.add()
    row.name, row.has_box, row.found_as = "cup", True, "cup"
    row.left, row.top, row.right, row.bottom = 12.0, 33.0, 38.0, 67.0
    row.is_drawn = False
    values.targets.add().name = "other"
    values.active_target = 1
    click(10, 15)
    assert names_of(values) == ["cup", "other"] and values.active_target == 0 and not row.has_point


def test_a_row_without_a_box_gets_what_is_picked(looked, values):
    row = values.targets.add()
    row.name, row.found_as = "cup", "cup"
    click(10, 15)
    assert names_of(values) == ["cup"] and row.has_box and row.has_point


def test_typed_names_are_used_up_first(looked, values):
    values.names = "cup, bowl"
    click(10, 15)
    click(30, 24)
    assert names_of(values) == ["cup", "bowl"]


def test_a_part_is_another_thing_than_the_whole(looked, values):
    click(30, 12)
    click(30, 12, parts=True)
    assert len(values.targets) == 2 and os.path.basename(values.targets[1].cutout) == "2.png"
    click(30, 24, parts=True)
    assert len(values.targets) == 2 and values.active_target == 0


def test_what_was_picked_is_made_by_its_point(looked, values):
    click(10, 15)
    values.targets[0].name = "red ball"
    (wanted,) = request().wanted
    assert wanted.name == "red ball" and wanted.box.left == pytest.approx(0.125)
    assert (wanted.point.x, wanted.point.y) == (pytest.approx(0.25), pytest.approx(0.5))


def test_a_box_that_is_moved_is_no_pick_any_more(looked, values):
    click(10, 15)
    draw_around(values.targets[0], 1.0, 2.0, 30.0, 40.0)
    assert not values.targets[0].has_point and request().wanted[0].point is None and not values.targets[0].cutout


def test_a_copy_keeps_the_point_and_a_reused_run_too(looked, values, owner):
    click(10, 15)
    bpy.ops.img23d.duplicate_target()
    assert values.targets[1].has_point and list(values.targets[1].point) == list(values.targets[0].point)
    wanted = request().wanted
    job = part("core.jobs").new_job(part("app.jobs.requests").generate_request(bpy.context), file_key="", now=0.0)
    part("app.commands.reuse").reuse(job, bpy.context.scene)
    assert [row.has_point for row in values.targets] == [True, True]
    assert [one.point for one in request().wanted] == [one.point for one in wanted]


def test_one_undo_step_a_pick(looked, values):
    bpy.ops.ed.undo_push(message="before")
    click(10, 15)
    click(30, 24)
    bpy.ops.ed.undo()
    values = bpy.context.scene.img23d
    assert [os.path.basename(row.cutout) for row in values.targets] == ["0.png"]
    bpy.ops.ed.undo()
    assert not bpy.context.scene.img23d.targets
    click(30, 24)
    assert [os.path.basename(row.cutout) for row in bpy.context.scene.img23d.targets] == ["1.png"]


def test_where_nothing_is_the_backend_is_asked(looked, values, tmp_path):
    assert click(20, 4) == {"FINISHED"}
    looked.tick()
    _, second = asked(looked)
    assert second.point.x == pytest.approx(0.5) and second.run_folder == asked(looked)[0].run_folder
    answer(looked, tmp_path, picked=3, extra=True)
    assert [os.path.basename(row.cutout) for row in values.targets] == ["3.png"] and values.targets[0].has_point


def test_nothing_there_is_one_sentence(looked, values, owner):
    click(20, 4)
    looked.tick()
    looked.link.say(looked.messages.Failed(job=looked.job.id, code="no_region", sentence="Nothing stands apart there."))
    looked.tick()
    assert owner.picker.sentence == "Nothing stands apart there." and not values.targets and owner.session.active is None
    click(10, 15)
    assert owner.picker.sentence == "" and len(values.targets) == 1


def test_clicks_while_the_photo_is_looked_at_wait_for_it(picking, values, owner, tmp_path):
    click(10, 15)
    picking.tick()
    click(30, 24)
    click(20, 4)
    assert len(asked(picking)) == 1 and not values.targets and owner.picker.is_looking
    answer(picking, tmp_path, picked=0)
    assert [os.path.basename(row.cutout) for row in values.targets] == ["0.png", "1.png"]
    picking.tick()
    assert len(asked(picking)) == 2, "only the one in nothing asks again"
    answer(picking, tmp_path, picked=3, extra=True)
    assert [os.path.basename(row.cutout) for row in values.targets] == ["0.png", "1.png", "3.png"]


def test_another_photo_meanwhile(picking, values, tmp_path, pictures, owner):
    click(10, 15)
    picking.tick()
    values.photo = str(photos.write_png(pictures / "other.png", photos.three_things(180, 80)))
    answer(picking, tmp_path, picked=0)
    assert not values.targets and owner.picker.shown(bpy.context.scene) is None
    click(10, 15)
    picking.tick()
    assert asked(picking)[-1].photo == values.photo


def test_a_photo_that_changed_on_the_disk_is_looked_at_again(looked, values, own_photo):
    photos.write_png(own_photo, photos.three_things(180, 80))
    click(10, 15)
    looked.tick()
    assert len(asked(looked)) == 2 and not values.targets


def test_a_photo_that_is_gone(looked, values, own_photo, owner):
    own_photo.unlink()
    with pytest.raises(RuntimeError, match="is not there"):
        click(10, 15)
    assert not values.targets and owner.session.active is None


def test_another_file_meanwhile(picking, empty_file, tmp_path):
    click(10, 15)
    picking.tick()
    bpy.ops.wm.open_mainfile(filepath=empty_file)
    answer(picking, tmp_path, picked=0)
    assert not bpy.context.scene.img23d.targets


def test_another_scene_meanwhile(picking, values, tmp_path):
    click(10, 15)
    picking.tick()
    first = bpy.context.scene
    second = bpy.data.scenes.new("second")
    bpy.context.window.scene = second
    answer(picking, tmp_path, picked=0)
    assert not second.img23d.targets and [os.path.basename(row.cutout) for row in first.img23d.targets] == ["0.png"]


def test_undo_while_the_backend_looks(picking, values, tmp_path):
    bpy.ops.ed.undo_push(message="one")
    bpy.context.scene.img23d.names = "cup"
    bpy.ops.ed.undo_push(message="two")
    click(10, 15)
    picking.tick()
    bpy.ops.ed.undo()
    answer(picking, tmp_path, picked=0)
    assert [os.path.basename(row.cutout) for row in bpy.context.scene.img23d.targets] == ["0.png"]


def test_a_backend_that_ends_meanwhile(picking, values, owner):
    click(10, 15)
    picking.tick()
    click(30, 24)
    picking.link.say(part("core.session.link").LinkClosed(tail="killed"))
    picking.tick()
    assert owner.session.active is None and owner.picker.sentence and not owner.picker.is_looking and not values.targets
    click(10, 15)
    picking.tick()
    assert len(asked(picking)) == 2


def test_cancelled(picking, values, owner, tmp_path):
    click(10, 15)
    picking.tick()
    click(30, 24)
    bpy.ops.img23d.cancel()
    picking.tick()
    assert owner.session.active is None and not values.targets and not owner.picker.is_looking


@pytest.mark.parametrize(
    "written",
    [
        np.zeros((2, 0, 4), np.uint8),
        np.full((2, 30, 40), 9, np.uint8),
        np.zeros((30, 40), np.uint8),
        np.zeros((2, 30, 40), np.float32),
        np.array(["text"]),
    ],
)
def test_labels_that_make_no_sense(picking, values, owner, tmp_path, written):
    click(10, 15)
    picking.tick()
    answer(picking, tmp_path, picked=0, written=written)
    assert owner.picker.sentence == "What can be picked in the photo could not be read: press Pick in the Photo again."
    assert not values.targets and owner.picker.picks is None


def test_points_outside_of_the_photo_are_kept_in_it_and_without_a_photo_there_is_nothing(values, owner):
    values.photo = ""
    assert not bpy.ops.img23d.pick_at.poll() and not bpy.ops.img23d.pick_in_photo.poll()


def test_a_busy_backend_is_said(picking, values, owner):
    values.names = "cup"
    bpy.ops.img23d.find_targets()
    picking.tick()
    with pytest.raises(RuntimeError, match="A job is running already"):
        click(10, 15)


def test_the_tool_comes_with_the_button_and_goes_with_the_editor(looked, owner):
    tools = bpy.context.workspace.tools
    assert bpy.ops.img23d.pick_in_photo() == {"FINISHED"}
    owner.editors.fit()
    assert tools.from_space_image_mode("VIEW").idname == "img23d.pick_tool"
    (area,) = [area for area in bpy.context.window.screen.areas if area.type == "IMAGE_EDITOR"]
    with bpy.context.temp_override(area=area, region=area.regions[-1]):
        assert bpy.ops.img23d.end_picking() == {"FINISHED"}
    assert tools.from_space_image_mode("VIEW").idname == "img23d.box_tool"
    bpy.ops.img23d.pick_in_photo()
    owner.editors.fit()
    bpy.ops.img23d.close_boxes()
    assert tools.from_space_image_mode("VIEW").idname != "img23d.pick_tool"


def test_the_rim_of_a_region_is_a_line_and_its_inside_a_tint():
    mask = np.zeros((20, 20), bool)
    mask[4:16, 3:18] = True
    highlight = part("scene.photo.overlay_regions").highlight_of(mask)
    assert highlight.shape == (20, 20, 4) and highlight.dtype == np.float32
    assert not highlight[:2].any() and not highlight[:, :1].any() and (highlight[4:16, 3:18, 3] > 0).all()
    assert highlight[4, 10].min() > 0.9 and highlight[15, 3].min() > 0.9 and highlight[10, 10, 3] < 0.5, "bright, and lighter inside"
    assert highlight[3, 10, 3] > 0.5 and not highlight[3, 10, :3].any(), "dark around it"


def test_with_the_real_backend_one_of_two_that_touch(owner, values, pictures):
    """From the click to the object: the picked disc is made, and nothing of the other."""
    picture = np.full((160, 240, 3), 225, np.uint8)
    y, x = np.mgrid[:160, :240]
    picture[(x - 90) ** 2 + (y - 80) ** 2 < 30**2] = (200, 40, 30)
    picture[(x - 147) ** 2 + (y - 80) ** 2 < 30**2] = (20, 90, 190)
    values.photo = str(photos.write_png(pictures / "touching.png", picture))
    values.texture = False
    assert bpy.ops.img23d.pick_at(point=(90 / 240, 0.5)) == {"FINISHED"}
    assert len(values.targets) == 1 and Path(values.targets[0].cutout).is_file()
    assert edges(values.targets[0]) == pytest.approx([25, 31, 50, 69], abs=2.5)
    choose(values, "Thing 1")
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    job = owner.session.jobs[0]
    assert job.targets[0].box.right == pytest.approx(0.5, abs=0.025) and not job.targets[0].error
    width, _, height = bpy.data.objects["Thing 1"].dimensions
    assert width == pytest.approx(height, rel=0.12), "a round one, and not two side by side"
