"""A thing that is made again: in the object that is there already, or beside it."""

from __future__ import annotations

import bpy
import pytest
from boxes import write_box
from mathutils import Vector
from scripted import Rehearsal
from test_in_the_middle import glbs, has_texture  # noqa: F401  (the plain and the painted GLB of a real run)


@pytest.fixture
def boxes(tmp_path):
    """Of 0.4 x 0.8 x 0.3 m, and a slimmer one that is half as high."""
    return write_box(tmp_path / "a.glb", 0.4, 0.8, 0.3), write_box(tmp_path / "b.glb", 0.2, 0.4, 0.2)


@pytest.fixture
def run(owner, values, photo, as_with_a_window, monkeypatch, boxes):
    """A cup that was made, turned, scaled and moved; then a run that makes it again."""
    rehearsal = Rehearsal(owner, monkeypatch)
    values.photo, values.names = str(photo), "cup"
    begin(rehearsal)
    rehearsal.mesh(0, boxes[0], textured=False)
    rehearsal.finish()
    cup = bpy.data.objects["cup"]
    cup.location, cup.rotation_euler, cup.scale = (1, 2, 0), (0, 0, 0.5), (1.5, 1.5, 1.5)
    cup.modifiers.new("Bevel", "BEVEL")
    bpy.context.view_layer.update()
    begin(rehearsal)
    return rehearsal


def begin(rehearsal) -> None:
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    rehearsal.tick()
    rehearsal.locate("cup")


def placer(run):
    return run.owner.applier.placer


def standing(run, index=0):
    return placer(run).standings(run.job)[index].name


def room(obj):
    bpy.context.view_layer.update()
    points = [obj.matrix_world @ Vector(corner) for corner in obj.bound_box]
    return [min(p[i] for p in points) for i in range(3)], [max(p[i] for p in points) for i in range(3)]


def cups() -> list[str]:
    return sorted(obj.name for obj in bpy.data.objects if obj.type == "MESH")


# --- in place -----------------------------------------------------------------------------------------------------------


def test_in_place_all_but_the_mesh_stays(run, boxes):
    cup = bpy.data.objects["cup"]
    cup.name, cup.parent = "my cup", bpy.data.objects.new("parent", None)
    bpy.context.scene.collection.objects.link(cup.parent)
    uid, mesh, before = cup.session_uid, cup.data.session_uid, cup.matrix_basis.copy()
    placer(run).make_instead(run.job, 0, cup)
    run.mesh(0, boxes[1], textured=False)
    cup = bpy.data.objects["my cup"]
    assert cups() == ["my cup"] and len(bpy.data.meshes) == 1, "nothing is left over"
    assert cup.session_uid == uid and cup.data.session_uid != mesh and cup.matrix_basis == before
    assert cup.parent.name == "parent" and cup.modifiers.keys() == ["Bevel"]
    low, high = room(cup)
    assert high[2] - low[2] == pytest.approx(1.2, rel=1e-4), "as high as before"
    assert cup["img23d_run"] == run.job.id and standing(run) == "IN_SCENE"
    assert standing_of_older(run) == "GONE"
    run.arrange((0.0, 3.0, 0.0, 1.0))
    assert cup.matrix_basis == before and not bpy.data.cameras, "it has its place already"


def standing_of_older(run) -> str:
    return placer(run).standings(run.owner.session.jobs[1])[0].name


def test_in_place_and_then_painted_in_place(run, glbs):
    cup = bpy.data.objects["cup"]
    gold = bpy.data.materials.new("gold")
    cup.data.materials.append(gold)
    placer(run).make_instead(run.job, 0, cup)
    height = cup.dimensions.z
    for path, textured in zip(glbs, (False, True), strict=True):
        run.mesh(0, path, textured=textured)
        bpy.context.view_layer.update()
        assert bpy.data.objects["cup"].dimensions.z == pytest.approx(height, rel=2e-3)
    run.finish()
    cup = bpy.data.objects["cup"]
    assert has_texture(cup) and cups() == ["cup"] and [m.name for m in cup.data.materials] == ["cup", "gold"]
    assert bpy.context.selected_objects == [cup] and standing(run) == "IN_SCENE"


def test_in_place_is_beside_where_the_mesh_was_changed_meanwhile(run, boxes):
    cup = bpy.data.objects["cup"]
    placer(run).make_instead(run.job, 0, cup)
    cup.data.vertices[0].co.x -= 0.1
    changed = tuple(cup.data.vertices[0].co)
    run.mesh(0, boxes[1], textured=False)
    assert tuple(bpy.data.objects["cup"].data.vertices[0].co) == changed and cups() == ["cup", "cup.001"]
    assert room(bpy.data.objects["cup.001"])[0][0] > room(bpy.data.objects["cup"])[1][0]


def test_in_place_of_something_deleted_meanwhile(run, boxes):
    placer(run).make_instead(run.job, 0, bpy.data.objects["cup"])
    bpy.data.objects.remove(bpy.data.objects["cup"])
    run.mesh(0, boxes[1], textured=False)
    assert cups() == ["cup"] and standing(run) == "IN_SCENE"


def test_in_place_is_one_undo_step(run, boxes):
    bpy.ops.ed.undo_push(message="before")
    placer(run).make_instead(run.job, 0, bpy.data.objects["cup"])
    older = bpy.data.objects["cup"]["img23d_run"]
    run.mesh(0, boxes[1], textured=False)
    run.finish()
    bpy.ops.ed.undo()
    cup = bpy.data.objects["cup"]
    assert cup["img23d_run"] == older and max(v.co.z for v in cup.data.vertices) == pytest.approx(0.8)
    bpy.ops.ed.redo()
    assert bpy.data.objects["cup"]["img23d_run"] == run.job.id


# --- beside -------------------------------------------------------------------------------------------------------------


def test_beside_it_stands_to_the_right_as_the_other_one_does(run, boxes):
    cup = bpy.data.objects["cup"]
    cup.location.z = 0.7
    bpy.context.scene.collection.objects.link(cup)
    bpy.data.collections["three"].objects.unlink(cup)
    placer(run).make_beside(run.job, 0, cup)
    run.mesh(0, boxes[0], textured=False)
    cup, other = bpy.data.objects["cup"], bpy.data.objects["cup.001"]
    assert room(other)[0][0] - room(cup)[1][0] == pytest.approx(0.15, abs=1e-4)
    assert other.rotation_euler[:] == pytest.approx((0, 0, 0.5)) and other.scale[:] == pytest.approx((1.5,) * 3)
    assert other.location[1:] == pytest.approx((2, 0.7)) and other.users_collection[:] == cup.users_collection[:]
    place = other.location.copy()
    run.mesh(0, boxes[0], textured=True)
    run.finish()
    assert bpy.data.objects["cup.001"].location == place and cups() == ["cup", "cup.001"]


def test_several_stand_beside_each_other(run, boxes):
    for _ in range(2):
        placer(run).make_beside(run.job, 0, bpy.data.objects["cup"])
        run.mesh(0, boxes[0], textured=False)
        run.finish()
        begin(run)
    lows = [room(bpy.data.objects[name])[0][0] for name in ("cup", "cup.001", "cup.002")]
    assert lows[1] - lows[0] == pytest.approx(lows[2] - lows[1], abs=1e-3) and lows[0] < lows[1]


def test_what_is_imported_beside_a_changed_one_does_not_hide_in_it(run, boxes):
    run.mesh(0, boxes[0], textured=False)
    run.mesh(0, boxes[0], textured=True)
    run.finish()
    made = placer(run).object_of(run.job, 0)
    place = made.location.copy()
    assert bpy.ops.img23d.import_result(index=0) == {"FINISHED"}
    other = placer(run).object_of(run.job, 0)
    assert other != made and made.location == place and room(other)[0][0] > room(made)[1][0]


# --- clear of what is there ---------------------------------------------------------------------------------------------


def cube_at(x: float, y: float, *, high: float = 2.0) -> bpy.types.Object:
    bpy.ops.mesh.primitive_cube_add(size=2.0, location=(x, y, high / 2))
    obj = bpy.context.active_object
    obj.scale.z = high / 2
    bpy.context.view_layer.update()
    return obj


def meet(one, other) -> bool:
    (low, high), (other_low, other_high) = room(one), room(other)
    return all(low[i] < other_high[i] - 1e-4 and other_low[i] < high[i] - 1e-4 for i in range(3))


def test_beside_is_clear_of_the_artists_own_things(owner, values, photo, as_with_a_window, monkeypatch, boxes):
    rehearsal = Rehearsal(owner, monkeypatch)
    values.photo, values.names = str(photo), "cup"
    begin(rehearsal)
    rehearsal.mesh(0, boxes[0], textured=False)
    rehearsal.finish()
    cup = bpy.data.objects["cup"]
    cube = cube_at(cup.location.x + 1.4, cup.location.y)
    begin(rehearsal)
    placer(rehearsal).make_beside(rehearsal.job, 0, bpy.data.objects["cup"])
    rehearsal.mesh(0, boxes[0], textured=False)
    other = bpy.data.objects["cup.001"]
    assert not meet(other, cube)
    assert not meet(other, bpy.data.objects["cup"])
