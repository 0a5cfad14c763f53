"""What an artist does while a job runs: nothing is lost, and nothing lands on the wrong object."""

from __future__ import annotations

import time
from types import SimpleNamespace

import bpy
import pytest
from boxes import write_box
from conftest import part
from drawing import Layout
from mesh_state import in_edit_mode
from scripted import Rehearsal
from test_generate import generate


@pytest.fixture(scope="module")
def glbs(empty_file, pictures, tmp_path_factory):
    """The plain and the painted GLB of a real run."""
    bpy.ops.wm.open_mainfile(filepath=empty_file)
    generate(bpy.context.scene.img23d, pictures / "three.png", "red ball")
    (target,) = part("core.session.app").current().session.jobs[0].targets
    return target.main.path.replace(".glb", "_shape.glb"), target.main.path


@pytest.fixture
def run(owner, values, photo, as_with_a_window, monkeypatch):
    """A run of two names, located; the test says what comes next."""
    rehearsal = Rehearsal(owner, monkeypatch)
    values.photo, values.names = str(photo), "cup, bowl"
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    rehearsal.tick()
    rehearsal.locate("cup", "bowl")
    return rehearsal


def standing(run, index):
    return run.owner.applier.placer.standings(run.job)[index].name


def has_texture(obj) -> bool:
    return any(node.type == "TEX_IMAGE" for node in obj.data.materials[0].node_tree.nodes)


def test_objects_arrive_one_by_one_and_are_painted_in_place(run, glbs):
    run.mesh(0, glbs[0], textured=False)
    cup = bpy.data.objects["cup"]
    uid = cup.session_uid
    run.mesh(1, glbs[0], textured=False)
    run.mesh(0, glbs[1], textured=True)
    assert sorted(bpy.data.objects.keys()) == ["bowl", "cup"]
    cup = bpy.data.objects["cup"]
    assert cup.session_uid == uid and has_texture(cup) and not has_texture(bpy.data.objects["bowl"])
    assert cup.location.x < bpy.data.objects["bowl"].location.x
    run.mesh(1, glbs[1], textured=True)
    run.finish(2)
    assert len(bpy.data.meshes) == 2 and len(bpy.data.materials) == 2, "nothing is left over of the plain ones"
    assert sorted(mesh.name for mesh in bpy.data.meshes) == ["bowl", "cup"]


def test_moved_renamed_parented_meanwhile(run, glbs):
    run.mesh(0, glbs[0], textured=False)
    cup, parent = bpy.data.objects["cup"], bpy.data.objects.new("parent", None)
    bpy.context.scene.collection.objects.link(parent)
    cup.name, cup.location, cup.rotation_euler.z, cup.parent = "my favourite", (5, 6, 7), 1.0, parent
    cup.modifiers.new("Bevel", "BEVEL")
    impostor = bpy.data.objects.new("cup", bpy.data.meshes.new("cup of mine"))
    bpy.context.scene.collection.objects.link(impostor)
    run.mesh(1, glbs[0], textured=False)
    run.mesh(0, glbs[1], textured=True)
    cup = bpy.data.objects["my favourite"]
    assert has_texture(cup) and tuple(cup.location) == (5, 6, 7) and cup.rotation_euler.z == 1.0
    assert cup.parent.name == "parent" and cup.modifiers.keys() == ["Bevel"]
    assert not len(bpy.data.objects["cup"].data.vertices), "an object that only has the name is not touched"


def test_an_artists_material_keeps_its_slot(run, glbs):
    run.mesh(0, glbs[0], textured=False)
    cup = bpy.data.objects["cup"]
    gold = bpy.data.materials.new("gold")
    cup.data.materials[0] = gold
    run.mesh(0, glbs[1], textured=True)
    materials = bpy.data.objects["cup"].data.materials
    assert materials[0].name == "gold" and len(materials) == 2


def test_a_sculpted_mesh_is_left_alone(run, glbs):
    run.mesh(0, glbs[0], textured=False)
    bpy.data.objects["cup"].data.vertices[0].co.x += 0.25
    moved = tuple(bpy.data.objects["cup"].data.vertices[0].co)
    run.mesh(0, glbs[1], textured=True)
    run.finish()
    assert tuple(bpy.data.objects["cup"].data.vertices[0].co) == moved
    assert not has_texture(bpy.data.objects["cup"]) and standing(run, 0) == "EDITED"
    assert bpy.ops.img23d.import_result(index=0) == {"FINISHED"}
    assert has_texture(bpy.data.objects["cup.001"]) and standing(run, 0) == "IN_SCENE"


def test_a_copy_is_not_taken_for_the_original(run, glbs):
    run.mesh(0, glbs[0], textured=False)
    copy = bpy.data.objects["cup"].copy()
    copy.data = copy.data.copy()
    bpy.context.scene.collection.objects.link(copy)
    bpy.data.objects.remove(bpy.data.objects["cup"])
    copy.name = "cup"
    run.mesh(0, glbs[1], textured=True)
    assert not has_texture(bpy.data.objects["cup"]) and standing(run, 0) == "GONE"


def test_linked_duplicates_are_painted_as_well(run, glbs):
    run.mesh(0, glbs[0], textured=False)
    twin = bpy.data.objects["cup"].copy()
    bpy.context.scene.collection.objects.link(twin)
    twin.location.x += 2
    run.mesh(0, glbs[1], textured=True)
    cup, twin = bpy.data.objects["cup"], bpy.data.objects["cup.001"]
    assert cup.data == twin.data and has_texture(twin) and twin.location.x > cup.location.x + 1.9
    assert [mesh.name for mesh in bpy.data.meshes] == ["cup"]


def test_deleted_meanwhile(run, glbs):
    run.mesh(0, glbs[0], textured=False)
    bpy.data.objects.remove(bpy.data.objects["cup"])
    run.mesh(0, glbs[1], textured=True)
    run.mesh(1, glbs[1], textured=True)
    run.finish(2)
    assert bpy.data.objects.keys() == ["bowl"] and standing(run, 0) == "GONE"
    assert bpy.ops.img23d.import_result(index=0) == {"FINISHED"}
    assert sorted(bpy.data.objects.keys()) == ["bowl", "cup"] and has_texture(bpy.data.objects["cup"])


def test_the_collection_deleted_meanwhile(run, glbs):
    run.mesh(0, glbs[0], textured=False)
    bpy.data.collections.remove(bpy.data.collections["three"])
    run.mesh(1, glbs[0], textured=False)
    run.finish()
    assert "bowl" in bpy.context.scene.objects


def test_the_scene_deleted_meanwhile(run, glbs):
    other = bpy.data.scenes.new("other")
    bpy.context.window.scene = other
    bpy.data.scenes.remove(bpy.data.scenes["Scene"])
    run.mesh(0, glbs[0], textured=False)
    run.finish()
    assert not bpy.data.objects.keys() and standing(run, 0) == "READY"
    assert bpy.ops.img23d.import_result(index=0) == {"FINISHED"}
    assert "cup" in other.objects


def test_another_scene_shown_meanwhile(run, glbs):
    bpy.context.window.scene = bpy.data.scenes.new("other")
    run.mesh(0, glbs[0], textured=False)
    run.mesh(0, glbs[1], textured=True)
    run.finish()
    assert not bpy.data.objects.keys()
    assert run.owner.applier.waiting == "Waits until the scene “Scene” is shown again."
    bpy.context.window.scene = bpy.data.scenes["Scene"]
    run.tick()
    assert "cup" in bpy.data.scenes["Scene"].objects and not len(bpy.data.scenes["other"].objects)


def test_a_file_loaded_meanwhile(run, glbs, empty_file):
    run.mesh(0, glbs[0], textured=False)
    bpy.ops.wm.open_mainfile(filepath=empty_file)
    run.mesh(0, glbs[1], textured=True)
    run.mesh(1, glbs[1], textured=True)
    run.finish(2)
    assert not bpy.data.objects.keys(), "results of another file do not appear by themselves"
    assert [target.main is not None for target in run.job.targets] == [True, True]
    for index in range(2):
        assert bpy.ops.img23d.import_result(index=index) == {"FINISHED"}
    assert sorted(bpy.data.objects.keys()) == ["bowl", "cup"]
    assert bpy.data.objects["cup"].location.x < bpy.data.objects["bowl"].location.x
    assert [standing(run, index) for index in range(2)] == ["IN_SCENE", "IN_SCENE"]


def test_waits_in_edit_mode_and_says_so(run, glbs):
    obj = in_edit_mode("mine")
    run.mesh(0, glbs[0], textured=False)
    run.mesh(0, glbs[1], textured=True)
    run.finish()
    assert "cup" not in bpy.data.objects and obj.mode == "EDIT"
    assert run.owner.applier.waiting == "Waits until you leave Edit Mode."
    bpy.ops.object.mode_set(mode="OBJECT")
    run.tick(20)  # a slow machine does less in each
    assert has_texture(bpy.data.objects["cup"]) and run.owner.applier.waiting == ""
    assert bpy.context.view_layer.objects.active == obj, "the artist was at work on it"


def test_what_is_on_its_way_is_not_imported_a_second_time(run, glbs):
    in_edit_mode("mine")
    for index in range(2):
        run.mesh(index, glbs[1], textured=True)
    run.finish(2)
    run.owner.standings = run.owner.applier.standings(run.job)  # as the timer looks them up where there is a window
    assert [row_of(run, index).texts for index in range(2)] == [["Ready"], ["Ready"]]
    assert not row_of(run, 0).buttons
    bpy.ops.object.mode_set(mode="OBJECT")
    with pytest.raises(RuntimeError, match="is on its way"):
        bpy.ops.img23d.import_result(index=0)
    with pytest.raises(RuntimeError, match="All finished results of this run are in this file already"):
        bpy.ops.img23d.import_run()
    until = time.monotonic() + 30
    while run.owner.applier.is_busy and time.monotonic() < until:
        run.tick()
        time.sleep(0.001)  # the other is read meanwhile
    assert sorted(bpy.data.objects.keys()) == ["bowl", "cup", "mine"]


def row_of(run, index) -> Layout:
    layout = Layout()
    part("panels.results.results")._draw_state(layout, SimpleNamespace(region=None), run.owner, run.job, run.job.targets[index], index)
    return layout


def test_undo_and_redo_meanwhile(run, glbs):
    bpy.ops.ed.undo_push(message="before")
    run.mesh(0, glbs[0], textured=False)
    bpy.ops.ed.undo_push(message="the artist did something")
    bpy.ops.ed.undo()
    run.mesh(0, glbs[1], textured=True)
    run.mesh(1, glbs[1], textured=True)
    run.finish(2)
    assert "cup" not in bpy.data.objects and has_texture(bpy.data.objects["bowl"])
    assert standing(run, 0) == "GONE"
    assert bpy.ops.img23d.import_result(index=0) == {"FINISHED"}


def test_one_undo_step_a_run(run, glbs):
    bpy.ops.ed.undo_push(message="before")
    for index in range(2):
        run.mesh(index, glbs[0], textured=False)
        run.mesh(index, glbs[1], textured=True)
    run.finish(2)
    bpy.ops.ed.undo()
    assert not bpy.data.objects.keys()
    bpy.ops.ed.redo()
    assert sorted(bpy.data.objects.keys()) == ["bowl", "cup"]
    assert all(has_texture(obj) for obj in bpy.data.objects)


def test_cancelled_in_the_middle_keeps_what_is_finished(run, glbs):
    run.mesh(0, glbs[1], textured=True)
    assert bpy.ops.img23d.cancel() == {"FINISHED"}
    run.link.say(run.messages.Cancelled(job=run.job.id))
    run.tick()
    assert run.job.state.name == "CANCELLED" and bpy.data.objects.keys() == ["cup"]
    assert not bpy.ops.img23d.cancel.poll() and bpy.ops.img23d.generate.poll()


def test_a_search_has_no_place_in_the_queue_and_says_so(run):
    assert not bpy.ops.img23d.find_targets.poll()
    bpy.context.scene.img23d.check_first = True
    bpy.context.scene.img23d.names = "spoon"
    with pytest.raises(RuntimeError, match="press Generate again when that is over"):
        bpy.ops.img23d.generate()
    assert not run.owner.applier.queue.waiting


def test_a_damaged_mesh_is_a_sentence(run, tmp_path, glbs):
    damaged = tmp_path / "damaged.glb"
    damaged.write_bytes(b"glTF nonsense")
    run.mesh(0, damaged, textured=False)
    run.mesh(1, glbs[1], textured=True)
    run.finish()
    assert bpy.data.objects.keys() == ["bowl"]
    assert "Generate again" in run.owner.applier.failures[run.job.id, 0]


def test_a_file_of_another_program_is_a_sentence(run, tmp_path):
    run.mesh(0, write_box(tmp_path / "foreign.glb", 1.0, 1.0, 1.0, generator="Another"), textured=False)
    assert "File > Import" in run.owner.applier.failures[run.job.id, 0] and not bpy.data.objects


def test_units_other_than_metres(owner, values, photo, glbs, as_with_a_window, monkeypatch):
    bpy.context.scene.unit_settings.scale_length = 0.01
    rehearsal = Rehearsal(owner, monkeypatch)
    values.photo, values.names = str(photo), "cup"
    bpy.ops.img23d.generate()
    rehearsal.tick()
    rehearsal.locate("cup")
    rehearsal.mesh(0, glbs[0], textured=False)
    bpy.context.view_layer.update()
    assert max(bpy.data.objects["cup"].dimensions) == pytest.approx(100, rel=0.05)
