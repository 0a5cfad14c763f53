"""What waits, step by step: a backend that says what the test tells it to, and an artist who goes on working."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest
from boxes import write_box
from conftest import part
from queueing import meshes, panel, press, waiting
from scripted import Rehearsal


@pytest.fixture
def queue(owner, as_with_a_window):
    return owner.applier.queue


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
    folder = part("scene.file.folders").runs_base(bpy.context) / "runs" / "20200101-000000-old-abcdef01"
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
        queue.add(part("core.queue.queued_jobs").QueuedJob(**{**vars(_any(run, values, photo)), "id": str(number)}))
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
    return part("app.jobs.queued").queued_generate(bpy.context, run.owner.applier.files, part("app.jobs.requests").generate_request(bpy.context))
