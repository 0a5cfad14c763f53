"""Generate, Re-texture and Make Again pressed while something runs: they wait, in the artist's order, and each ends where it belongs."""

from __future__ import annotations

import os
import signal

import bpy
import pytest
from conftest import PACKAGE, part, quick_settings
from queueing import all_done, meshes, panel, press, states, tick_until, waiting


@pytest.fixture
def queue(owner, as_with_a_window):
    return owner.applier.queue


@pytest.fixture
def three_pressed(owner, values, photo, queue):
    for name in ("red ball", "green box", "blue ball"):
        press(values, photo, name)
    return queue


# --- with the real backend ----------------------------------------------------------------------------------------------


def test_three_presses_in_the_artists_order(owner, three_pressed):
    assert waiting(owner) == ["green box", "blue ball"] and states(owner) == {"red ball": "WAITING"}
    shown = panel()
    assert "Waiting (2)" in shown.said and "green box" in shown.said and "three.png" in shown.said
    assert shown.pressed("img23d.generate"), "stays where it is"
    up = [button for button in shown.pressed("img23d.queue_move") if button["step"] == -1]
    assert bpy.ops.img23d.queue_move(**up[1]) == {"FINISHED"}
    assert waiting(owner) == ["blue ball", "green box"]
    tick_until(owner, lambda: all_done(owner))
    assert [job.targets[0].name for job in owner.session.jobs] == ["green box", "blue ball", "red ball"]
    assert set(states(owner).values()) == {"DONE"} and meshes() == ["blue ball", "green box", "red ball"]
    shown = panel()
    assert "Waiting" not in shown.said and "Nothing waits any more" in shown.said, "what stands below has not moved"
    assert bpy.ops.img23d.queue_clear() == {"FINISHED"} and not panel().pressed("img23d.queue_clear")


def test_one_is_removed_and_one_is_cancelled(owner, three_pressed):
    last, *each = panel().pressed("img23d.queue_remove")  # at the tab's top, and in the list
    assert last == each[-1] and len(each) == 2
    assert bpy.ops.img23d.queue_remove(job=each[0]["job"]) == {"FINISHED"}
    owner.pump.tick()
    assert bpy.ops.img23d.cancel() == {"FINISHED"}
    tick_until(owner, lambda: all_done(owner))
    assert states(owner) == {"red ball": "CANCELLED", "blue ball": "DONE"} and meshes() == ["blue ball"]


def test_the_middle_one_fails_and_the_last_one_is_made(owner, values, photo, queue, tmp_path):
    import photos

    press(values, photo, "red ball")
    blank = photos.write_png(tmp_path / "blank.png", photos.three_things() * 0 + 200) or tmp_path / "blank.png"
    press(values, blank, "green box")
    press(values, photo, "blue ball")
    tick_until(owner, lambda: all_done(owner))
    assert states(owner) == {"red ball": "DONE", "green box": "FAILED", "blue ball": "DONE"}
    assert meshes() == ["blue ball", "red ball"]
    (setback,) = queue.setbacks
    said = panel().said
    assert f"green box: {setback.sentence}" in said and setback.sentence == owner.session.jobs[1].error


def test_a_photo_that_has_gone_is_said_and_tried_again_when_it_is_back(owner, values, photo, queue, tmp_path):
    other = tmp_path / "other.png"
    other.write_bytes(photo.read_bytes())
    press(values, photo, "red ball")
    press(values, other, "green box")
    press(values, photo, "blue ball")
    other.unlink()
    tick_until(owner, lambda: all_done(owner))
    assert states(owner) == {"red ball": "DONE", "blue ball": "DONE"}
    shown = panel()
    assert "green box: The photo “other.png” is not there" in shown.said
    other.write_bytes(photo.read_bytes())
    (again,) = shown.pressed("img23d.queue_try_again")
    assert bpy.ops.img23d.queue_try_again(**again) == {"FINISHED"} and not queue.setbacks
    tick_until(owner, lambda: all_done(owner))
    assert meshes() == ["blue ball", "green box", "red ball"]


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_the_backend_is_killed_and_the_next_one_gets_a_new_one(owner, three_pressed):
    tick_until(owner, lambda: owner.session.hello is not None)
    os.kill(owner.session.hello.pid, signal.SIGKILL)
    tick_until(owner, lambda: all_done(owner))
    assert states(owner) == {"red ball": "FAILED", "green box": "DONE", "blue ball": "DONE"}
    assert [setback.job.names for setback in three_pressed.setbacks] == [("red ball",)]


def test_a_mesh_and_a_thing_made_again_wait_as_well(owner, values, photo, queue):
    press(values, photo, "red ball")
    tick_until(owner, lambda: all_done(owner))
    ball = bpy.data.objects["red ball"]
    bpy.ops.mesh.primitive_cube_add(location=(5, 0, 0))
    cube = bpy.context.object
    press(values, photo, "green box")
    values.retexture_picture = str(photo)
    assert bpy.ops.img23d.retexture() == {"FINISHED"}
    bpy.context.view_layer.objects.active = ball
    bpy.context.window_manager.img23d.again_place = "BESIDE"
    assert bpy.ops.img23d.make_again() == {"FINISHED"}
    said = panel().said
    assert "Re-texture Cube" in said and "red ball again" in said and waiting(owner) == ["Cube", "red ball"]
    tick_until(owner, lambda: all_done(owner))
    assert meshes() == ["Cube", "green box", "red ball", "red ball.001"] and cube.data.uv_layers.get("Img23D")
    assert not queue.setbacks and [job.state.name for job in owner.session.jobs] == ["DONE"] * 4


def test_another_file_is_opened_and_its_results_wait_in_the_list(owner, values, photo, three_pressed, empty_file):
    bpy.ops.wm.read_homefile(use_empty=True)
    assert waiting(owner) == ["green box", "blue ball"] and "three.png, in empty.blend" in panel().said
    tick_until(owner, lambda: all_done(owner))
    assert set(states(owner).values()) == {"DONE"} and meshes() == []
    owner.pump.is_stale = True
    job = owner.session.jobs[0]
    assert owner.applier.placer.standings(job)[0].name == "READY"
    assert bpy.ops.img23d.import_result(job=job.id, index=0) == {"FINISHED"} and meshes() == [job.targets[0].name]


def test_a_file_that_was_never_saved_is_said_to_be_gone(owner, photo, queue):
    bpy.ops.wm.read_homefile(use_empty=True)
    for name in ("red ball", "green box"):
        press(quick_settings(), photo, name)
    bpy.ops.wm.read_homefile(use_empty=True)
    assert "three.png, in a file that is not open" in panel().said
    tick_until(owner, lambda: all_done(owner))
    assert set(states(owner).values()) == {"DONE"} and meshes() == []


def test_saved_and_opened_again_they_come_into_their_file(owner, values, photo, three_pressed, tmp_path):
    path = str(tmp_path / "kitchen.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=path)
    tick_until(owner, lambda: all_done(owner))
    assert meshes() == ["blue ball", "green box"], "what ran meanwhile waits in the list, as ever"
    assert set(states(owner).values()) == {"DONE"}


def test_undo_past_the_button_changes_nothing_for_a_photo(owner, values, photo, queue):
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.ed.undo_push(message="cube")
    press(values, photo, "red ball")
    press(values, photo, "green box")
    values.retexture_picture = str(photo)
    assert bpy.ops.img23d.retexture() == {"FINISHED"}
    assert waiting(owner) == ["green box", "Cube"]
    bpy.ops.ed.undo()
    assert meshes() == []
    tick_until(owner, lambda: all_done(owner))
    assert meshes() == ["green box", "red ball"]
    assert "“Cube” is no longer in this file, so it was not re-textured." in panel().said


# --- a restart ----------------------------------------------------------------------------------------------------------


def restart(owner):
    """The extension ends, as with Blender, and begins anew; a window's first tick looks for what was left."""
    bpy.ops.preferences.addon_disable(module=PACKAGE)
    bpy.ops.preferences.addon_enable(module=PACKAGE)
    owner = part("core.session.app").current()
    part("app.outcome").must_wait = lambda: False
    owner.applier.runner.take_over()
    return owner


def test_a_restart_keeps_those_that_wait_and_begins_nothing_by_itself(owner, values, photo, three_pressed, tmp_path):
    bpy.ops.mesh.primitive_cube_add()
    values.retexture_picture = str(photo)
    assert bpy.ops.img23d.retexture() == {"FINISHED"}
    path = str(tmp_path / "kitchen.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    owner = restart(owner)
    try:
        assert waiting(owner) == ["green box", "blue ball", "Cube"] and not owner.session.jobs
        for _ in range(5):
            owner.pump.tick()
        assert not owner.session.jobs and owner.session.active is None
        shown = panel()
        assert "These were waiting when Blender ended." in shown.said and "in kitchen.blend" not in shown.said
        bpy.ops.wm.read_homefile(use_empty=True)
        assert "three.png, in kitchen.blend" in panel().said
        assert bpy.ops.img23d.queue_go_on() == {"FINISHED"}
        tick_until(owner, lambda: all_done(owner))
        assert waiting(owner) == ["Cube"], "a mesh waits for its file"
        assert meshes() == [] and set(states(owner).values()) == {"DONE"}
        bpy.ops.wm.open_mainfile(filepath=path)
        tick_until(owner, lambda: all_done(owner))
        assert waiting(owner) == [] and bpy.data.objects["Cube"].data.uv_layers.get("Img23D")
    finally:
        owner.applier.queue.clear()
        owner.applier.runner.close()
        owner.session.shutdown()
        owner.session.tick()


def test_a_restart_in_its_file_brings_them_into_their_scene(owner, values, photo, three_pressed, tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "kitchen.blend"))
    owner = restart(owner)
    try:
        bpy.ops.img23d.queue_go_on()
        tick_until(owner, lambda: all_done(owner))
        assert meshes() == ["blue ball", "green box"]
    finally:
        owner.applier.queue.clear()
        owner.applier.runner.close()
        owner.session.shutdown()
        owner.session.tick()


def test_a_new_press_goes_past_what_was_left(owner, values, photo, three_pressed, tmp_path):
    owner = restart(owner)
    try:
        press(quick_settings(), photo, "red ball")
        assert owner.session.active is not None and waiting(owner) == ["green box", "blue ball"]
        tick_until(owner, lambda: all_done(owner))
        assert meshes() == ["red ball"] and waiting(owner) == ["green box", "blue ball"]
        assert bpy.ops.img23d.queue_clear() == {"FINISHED"} and not waiting(owner)
        owner = restart(owner)
        assert not waiting(owner), "removed is removed"
    finally:
        owner.applier.queue.clear()
        owner.session.shutdown()
        owner.session.tick()


def test_a_damaged_list_is_one_sentence(owner, values, photo, three_pressed):
    base = part("scene.file.folders").runs_base(bpy.context)
    (path,) = (base / "queue").glob("*.json")
    bpy.ops.preferences.addon_disable(module=PACKAGE)
    path.write_bytes(path.read_bytes()[:100])
    owner = restart(owner)
    assert not waiting(owner) and "A list of waiting jobs was damaged" in panel().said
    assert path.with_suffix(".damaged").is_file()
    path.with_suffix(".damaged").unlink()
    owner.applier.queue.trouble = ""
