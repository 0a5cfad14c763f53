"""Generate, Re-texture and Make Again pressed while something runs: they wait, in the artist's order, and each ends where it belongs."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest
from boxes import write_box
from conftest import PACKAGE, part
from drawing import drawn
from scripted import Rehearsal


def press(values, photo, names: str) -> None:
    values.photo, values.names, values.seed, values.texture = str(photo), names, 1, False
    assert bpy.ops.img23d.generate() == {"FINISHED"}


def tick_until(owner, condition, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited too long"
        owner.pump.tick()
        time.sleep(0.005)


def all_done(owner) -> bool:
    runner = owner.applier.runner
    return not runner.is_busy and not runner.has_due and not owner.applier.is_busy


def meshes() -> list[str]:
    return sorted(obj.name for obj in bpy.data.objects if obj.type == "MESH")


def waiting(owner) -> list[str]:
    return ["+".join(job.names) for job in owner.applier.queue.waiting]


def states(owner) -> dict[str, str]:
    return {job.targets[0].name: job.state.name for job in owner.session.jobs}


def panel():
    return drawn(part("panels.main").IMG23D_PT_main)


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
    assert "Waiting" not in panel().said


def test_one_is_removed_and_one_is_cancelled(owner, three_pressed):
    remove = panel().pressed("img23d.queue_remove")
    assert bpy.ops.img23d.queue_remove(job=remove[0]["job"]) == {"FINISHED"}
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
    assert waiting(owner) == ["green box", "blue ball"]
    tick_until(owner, lambda: all_done(owner))
    assert set(states(owner).values()) == {"DONE"} and meshes() == []
    owner.pump.is_stale = True
    job = owner.session.jobs[0]
    assert owner.applier.placer.standings(job)[0].name == "READY"
    assert bpy.ops.img23d.import_result(job=job.id, index=0) == {"FINISHED"} and meshes() == [job.targets[0].name]


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
    owner = part("core.app").current()
    part("scene.outcome").must_wait = lambda: False
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
        assert "These were waiting when Blender ended." in shown.said and "three.png, in kitchen.blend" in shown.said
        bpy.ops.wm.read_homefile(use_empty=True)
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
        press(bpy.context.scene.img23d, photo, "red ball")
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
    base = part("scene.folders").runs_base(bpy.context)
    (path,) = (base / "queue").glob("*.json")
    bpy.ops.preferences.addon_disable(module=PACKAGE)
    path.write_bytes(path.read_bytes()[:100])
    owner = restart(owner)
    assert not waiting(owner) and "A list of waiting jobs was damaged" in panel().said
    assert path.with_suffix(".damaged").is_file()
    path.with_suffix(".damaged").unlink()
    owner.applier.queue.trouble = ""


# --- step by step -------------------------------------------------------------------------------------------------------


@pytest.fixture
def run(owner, values, photo, queue, monkeypatch):
    """One that runs, at the test's pace."""
    rehearsal = Rehearsal(owner, monkeypatch)
    press(values, photo, "cup")
    rehearsal.tick()
    rehearsal.locate("cup")
    return rehearsal


def asked(run) -> list[str]:
    return [type(message).__name__ for message in run.link.said]


def test_a_double_click_makes_one(run, values, photo, queue):
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    assert waiting(run.owner) == []
    press(values, photo, "bowl")
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    assert waiting(run.owner) == ["bowl"]
    time.sleep(0.6)
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    assert waiting(run.owner) == ["bowl", "bowl"], "meant"


def test_results_that_wait_for_the_artist_do_not_keep_the_next_one(run, values, photo, queue, tmp_path):
    press(values, photo, "bowl")
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.object.mode_set(mode="EDIT")
    first = run.job
    run.mesh(0, write_box(tmp_path / "a.glb", 0.4, 0.8, 0.3), textured=False)
    run.finish()
    assert run.owner.applier.waiting == "Waits until you leave Edit Mode."
    assert run.owner.session.active is not None and run.owner.session.active is not first and asked(run) == ["Generate", "Generate"]
    bpy.ops.object.mode_set(mode="OBJECT")
    run.tick()
    assert meshes() == ["Cube", "cup"]


def test_a_mesh_in_edit_mode_lets_the_next_one_pass(run, values, photo, queue):
    bpy.ops.mesh.primitive_cube_add()
    values.retexture_picture = str(photo)
    assert bpy.ops.img23d.retexture() == {"FINISHED"}
    press(values, photo, "bowl")
    bpy.ops.object.mode_set(mode="EDIT")
    run.finish()
    assert asked(run) == ["Generate", "Generate"] and waiting(run.owner) == ["Cube"]
    run.finish()
    assert run.owner.applier.waiting == "Waits until you leave Edit Mode."
    bpy.ops.object.mode_set(mode="OBJECT")
    run.tick()
    assert asked(run)[2:] == ["Paint"] and waiting(run.owner) == []


def test_the_place_is_that_of_the_press(run, values, photo, queue, tmp_path):
    values.layout = "CURSOR"
    bpy.context.scene.cursor.location = (4, 5, 0)
    press(values, photo, "bowl")
    bpy.context.scene.cursor.location, values.layout = (-9, 0, 0), "PHOTO"
    run.finish()
    run.tick()
    run.locate("bowl")
    run.mesh(0, write_box(tmp_path / "a.glb", 0.4, 0.8, 0.3), textured=False)
    assert tuple(round(number) for number in bpy.data.objects["bowl"].location[:2]) == (4, 5)


def test_the_scene_is_that_of_the_press_though_another_one_is_shown(run, values, photo, queue):
    press(values, photo, "bowl")
    kitchen = bpy.context.scene
    bpy.ops.scene.new(type="EMPTY")
    run.finish()
    run.tick()
    assert run.owner.applier.placer._spots[run.job.id].scene() == kitchen


def test_again_in_place_twice_is_no_work_of_the_artists(owner, values, photo, queue, monkeypatch, tmp_path):
    rehearsal = Rehearsal(owner, monkeypatch)
    press(values, photo, "cup")
    rehearsal.tick()
    rehearsal.locate("cup")
    rehearsal.mesh(0, write_box(tmp_path / "a.glb", 0.4, 0.8, 0.3), textured=False)
    rehearsal.finish()
    bpy.context.window_manager.img23d.again_place = "IN_PLACE"
    cup = bpy.data.objects["cup"]
    bpy.context.view_layer.objects.active = cup
    assert bpy.ops.img23d.make_again(new_seed=True) == {"FINISHED"}
    time.sleep(0.6)
    assert bpy.ops.img23d.make_again(new_seed=True) == {"FINISHED"}
    assert waiting(owner) == ["cup"]
    for width in (0.3, 0.5):
        rehearsal.tick()
        rehearsal.locate("cup")
        rehearsal.mesh(0, write_box(tmp_path / f"{width}.glb", width, 0.8, 0.3), textured=False)
        rehearsal.finish()
    assert meshes() == ["cup"]
    width = max(corner[0] for corner in cup.bound_box) - min(corner[0] for corner in cup.bound_box)
    assert width == pytest.approx(0.5, rel=1e-3), "the last one"


def test_again_in_place_beside_what_the_artist_changed_while_it_waited(run, values, photo, queue, tmp_path):
    run.mesh(0, write_box(tmp_path / "a.glb", 0.4, 0.8, 0.3), textured=False)
    bpy.context.window_manager.img23d.again_place = "IN_PLACE"
    bpy.context.view_layer.objects.active = bpy.data.objects["cup"]
    assert bpy.ops.img23d.make_again() == {"FINISHED"}
    bpy.data.objects["cup"].data.vertices[0].co.x -= 0.1
    changed = tuple(bpy.data.objects["cup"].data.vertices[0].co)
    run.finish()
    run.tick()
    run.locate("cup")
    run.mesh(0, write_box(tmp_path / "b.glb", 0.2, 0.4, 0.2), textured=False)
    assert meshes() == ["cup", "cup.001"] and tuple(bpy.data.objects["cup"].data.vertices[0].co) == changed


def test_again_of_what_was_deleted_while_it_waited_is_said(run, values, photo, queue, tmp_path):
    run.mesh(0, write_box(tmp_path / "a.glb", 0.4, 0.8, 0.3), textured=False)
    bpy.context.view_layer.objects.active = bpy.data.objects["cup"]
    assert bpy.ops.img23d.make_again() == {"FINISHED"}
    bpy.data.objects.remove(bpy.data.objects["cup"])
    run.finish()
    run.tick()
    assert asked(run) == ["Generate"] and "“cup” is no longer in this file, so it was not made again." in panel().said


def test_a_backend_that_cannot_start_keeps_what_waits(run, values, photo, queue, monkeypatch):
    errors = part("shared.img23d_protocol")
    press(values, photo, "bowl")
    press(values, photo, "spoon")
    run.owner.session.shutdown()

    def refuse():
        raise errors.Img23DError(errors.ErrorCode.BACKEND_START, "The backend could not be started.")

    with monkeypatch.context() as patch:
        patch.setattr(run.link, "start", refuse)
        run.tick()
        assert waiting(run.owner) == ["bowl", "spoon"] and not run.owner.session.active
        assert "could not be started" in panel().said and panel().pressed("img23d.queue_go_on")
    bpy.ops.img23d.queue_go_on()
    run.tick()
    assert asked(run) == ["Generate", "Generate"] and waiting(run.owner) == ["spoon"]


def test_a_press_on_a_list_that_has_just_moved_does_nothing(run, values, photo, queue):
    for name in ("bowl", "spoon"):
        press(values, photo, name)
    second = queue.waiting[1].id
    run.finish()
    assert waiting(run.owner) == ["spoon"] and queue.is_settling
    remove, cancel = part("operators.queue").IMG23D_OT_queue_remove, part("operators.generate").IMG23D_OT_cancel
    assert clicked(remove, job=second) == ["The list has just moved: look at it, and press again."] and waiting(run.owner) == ["spoon"]
    assert clicked(cancel) == ["The next one has just begun: press again to stop it as well."]
    assert run.owner.session.active is not None
    time.sleep(0.6)
    assert clicked(remove, job=second) == [] and not queue.waiting
    assert clicked(cancel) == [] and run.owner.session.active is None


def clicked(operator, **values) -> list[str]:
    """What the operator says to a click; without a window Blender calls `execute` only."""
    said: list[str] = []
    button = SimpleNamespace(**values, report=lambda _, text: said.append(text))
    button.execute = lambda context: operator.execute(button, context)
    operator.invoke(button, bpy.context, None)
    return said


def test_what_waits_is_spared_when_old_runs_make_room(run, values, photo, queue, tmp_path):
    folder = part("scene.folders").runs_base(bpy.context) / "runs" / "20200101-000000-old-abcdef01"
    folder.mkdir(parents=True)
    cutout = folder / "00_cup_cutout.png"
    cutout.write_bytes(Path(photo).read_bytes())
    bpy.ops.mesh.primitive_cube_add()
    values.retexture_picture = str(cutout)
    assert bpy.ops.img23d.retexture() == {"FINISHED"}
    assert folder in set(run.owner.in_use._used())


def test_the_rest_of_a_row_waits_for_its_file(owner, values, photo, queue, monkeypatch, tmp_path):
    rehearsal = Rehearsal(owner, monkeypatch)
    for x in (0, 3):
        bpy.ops.mesh.primitive_cube_add(location=(x, 0, 0))
    bpy.ops.object.select_all(action="SELECT")
    path = str(tmp_path / "kitchen.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.context.scene.img23d.retexture_picture = str(photo)
    assert bpy.ops.img23d.retexture() == {"FINISHED"}
    rehearsal.tick()
    first = rehearsal.link.said[-1].name
    bpy.ops.wm.read_homefile(use_empty=True)
    failed = rehearsal.messages.Failed(job=rehearsal.job.id, code="photo_uniform", sentence="The picture has one colour.")
    rehearsal.link.say(failed)
    rehearsal.tick()
    assert len(waiting(owner)) == 1 and not owner.applier.queue.is_busy and not owner.applier.runner.has_due
    bpy.ops.wm.open_mainfile(filepath=path)
    rehearsal.tick()
    assert rehearsal.link.said[-1].name == ({"Cube", "Cube.001"} - {first}).pop() and not waiting(owner)


def test_a_thousand_ticks_of_a_full_list_are_cheap(run, values, photo, queue):
    for number in range(99):
        queue.add(part("core.queued_jobs").QueuedJob(**{**vars(_any(run, values, photo)), "id": str(number)}))
    run.owner.pump.tick_seconds.clear()
    for _ in range(200):
        run.owner.pump.tick()
    quiet = sorted(run.owner.pump.tick_seconds)
    assert quiet[len(quiet) // 2] < 0.005
    start = time.perf_counter()
    panel()
    assert time.perf_counter() - start < 0.05


def _any(run, values, photo):
    values.names = "bowl"
    return part("scene.queued").queued_generate(
        bpy.context, run.owner.applier.files, part("scene.requests").generate_request(bpy.context)
    )
