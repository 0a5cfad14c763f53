"""The exploded view by one slider, and one object again."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from dividing import by_height, cut, digest, farthest, group, make_parts, parts, world_points

HEIGHTS = by_height(2.8, 3.2)
EXACT = 1e-5


def explode(amount: float) -> None:
    empty = group()
    empty["explode"] = amount
    empty.update_tag()
    bpy.context.view_layer.update()


@pytest.fixture
def pieces(rehearsal, whole) -> bpy.types.Object:
    """The whole object, cut."""
    make_parts(rehearsal, HEIGHTS)
    cut()
    return whole


def test_the_slider_pulls_the_parts_apart_and_back(pieces):
    places = {one.name: one.matrix_world.copy() for one in parts()}
    data = {one.name: digest(one.data) for one in parts()}
    explode(1.0)
    moved = {one.name: (one.matrix_world.translation - places[one.name].translation) for one in parts()}
    assert moved["high"].z > 0.1 and moved["low"].z < -0.1
    assert all(tuple(one.location) == tuple(places[one.name].translation - group().location) or one.location.length for one in parts())
    explode(0.0)
    assert all(one.matrix_world == places[one.name] for one in parts()), "exactly in place"
    assert {one.name: digest(one.data) for one in parts()} == data


def test_the_exploded_view_needs_no_extension(pieces, tmp_path):
    """Saved, and opened by a Blender that does not know this extension."""
    import os
    import subprocess
    import sys

    explode(1.0)
    high = tuple(bpy.data.objects["high"].matrix_world.translation)
    path = str(tmp_path / "exploded.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    script = (
        "import bpy, os, sys; bpy.ops.wm.read_factory_settings(use_empty=True); bpy.ops.wm.open_mainfile(filepath=sys.argv[1]);"
        "bpy.context.view_layer.update(); o = bpy.data.objects['high']; print('AT', *o.matrix_world.translation);"
        "e = next(x for x in bpy.data.objects if 'explode' in x); e['explode'] = 0.0; e.update_tag(); bpy.context.view_layer.update();"
        "print('BACK', *o.matrix_world.translation); print('BROKEN', sum(not d.is_valid for x in bpy.data.objects if x.animation_data for d in x.animation_data.drivers));"
        "sys.stdout.flush(); os._exit(0)"
    )
    alone = os.environ | {"BLENDER_USER_RESOURCES": str(tmp_path / "user")}  # or it would take this Blender's extensions away
    said = subprocess.run([sys.executable, "-s", "-c", script, path], capture_output=True, text=True, timeout=60, env=alone).stdout
    told = {line.split()[0]: tuple(map(float, line.split()[1:])) for line in said.splitlines() if line.startswith(("AT", "BACK", "BROKEN"))}
    explode(0.0)
    assert told["AT"] == pytest.approx(high, abs=1e-5) and told["BROKEN"] == (0.0,)
    assert told["BACK"] == pytest.approx(tuple(bpy.data.objects["high"].matrix_world.translation), abs=1e-5)


def test_untouched_parts_become_the_whole_as_it_was(rehearsal, whole):
    before = digest(whole.data)
    make_parts(rehearsal, HEIGHTS)
    cut()
    explode(0.7)
    assert bpy.ops.img23d.join_parts() == {"FINISHED"}
    assert [obj.name for obj in bpy.data.objects] == ["Sphere"] and bpy.context.object == whole and len(bpy.data.meshes) == 1
    assert not (whole.hide_viewport or whole.hide_render) and digest(whole.data) == before and not bpy.data.collections


def test_one_that_was_hidden_before_is_hidden_again(rehearsal, whole):
    whole.hide_render = True
    make_parts(rehearsal, HEIGHTS)
    cut()
    bpy.ops.img23d.join_parts()
    assert whole.hide_render and not whole.hide_viewport


@pytest.mark.parametrize("edit", ["moved", "vertex", "material", "modifier", "deleted", "weight", "painted"])
def test_edits_are_never_lost(pieces, edit):
    low = bpy.data.objects["low"]
    if edit == "moved":
        low.location.x += 5.0
    elif edit == "vertex":
        low.data.vertices[0].co.z -= 1.0
    elif edit == "material":
        low.material_slots[0].material = bpy.data.materials.new("own")
    elif edit == "modifier":
        low.modifiers.new("m", "SUBSURF")
    elif edit == "deleted":
        bpy.data.objects.remove(low)
    elif edit == "weight":
        low.vertex_groups.new(name="own").add([0, 1, 2], 0.5, "REPLACE")
    else:
        low.data.color_attributes.new("own", "BYTE_COLOR", "CORNER")
    count = sum(len(one.data.polygons) for one in parts())
    bpy.context.view_layer.objects.active = bpy.data.objects["high"]
    assert bpy.ops.img23d.join_parts() == {"FINISHED"}
    joined = bpy.context.object
    assert joined != pieces and pieces.hide_viewport and pieces.users_scene, "the whole one as it was is kept"
    assert len(joined.data.polygons) == count and not parts()
    if edit == "moved":
        assert world_points([joined])[:, 0].max() > 5.0
    elif edit == "material":
        assert "own" in [slot.material.name for slot in joined.material_slots]
    elif edit == "weight":
        assert "own" in joined.vertex_groups
    elif edit == "painted":
        assert "own" in joined.data.color_attributes


def test_what_is_joined_is_welded_where_it_was_cut(rehearsal, whole):
    where = world_points([whole])
    make_parts(rehearsal, HEIGHTS)
    cut()
    explode(1.0)
    bpy.data.objects["low"].material_slots[0].material = bpy.data.materials.new("own")
    bpy.ops.img23d.join_parts()
    joined = bpy.context.object
    assert len(joined.data.vertices) == len(whole.data.vertices) and len(joined.data.polygons) == len(whole.data.polygons)
    assert farthest(world_points([joined]), where) < EXACT and [layer.name for layer in joined.data.uv_layers] == ["UVMap"]
    assert sorted(slot.material.name for slot in joined.material_slots) == ["lower", "own", "upper"]


def test_joining_is_one_step_of_undo(pieces):
    bpy.ops.img23d.join_parts()
    bpy.ops.ed.undo_push(message="as an operator of the interface does")
    bpy.ops.ed.undo()
    assert len(parts()) == 3 and bpy.data.objects["Sphere"].hide_viewport


def test_what_was_put_into_the_collection_stays(pieces):
    lamp = bpy.data.objects.new("lamp", bpy.data.lights.new("lamp", "POINT"))
    group().users_collection[0].objects.link(lamp)
    bpy.ops.img23d.join_parts()
    assert lamp.users_scene and "Sphere" in bpy.data.collections


def test_what_hangs_on_a_part_stays_where_it_is(pieces):
    lamp = bpy.data.objects.new("lamp", bpy.data.lights.new("lamp", "POINT"))
    bpy.context.scene.collection.objects.link(lamp)
    lamp.parent = bpy.data.objects["high"]
    bpy.context.view_layer.update()
    where = np.array(lamp.matrix_world)
    bpy.ops.img23d.join_parts()
    bpy.context.view_layer.update()
    assert lamp.users_scene and np.allclose(np.array(lamp.matrix_world), where, atol=1e-5)


def test_the_deleted_whole_is_made_of_its_parts(pieces):
    bpy.data.objects.remove(pieces)
    assert bpy.ops.img23d.join_parts() == {"FINISHED"}
    assert len(bpy.context.object.data.polygons) == 24 * 16 and not parts()


def test_a_saved_cut_can_be_joined(pieces, tmp_path):
    path = str(tmp_path / "cut.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=path)
    bpy.context.view_layer.objects.active = bpy.data.objects["middle"]
    assert bpy.ops.img23d.join_parts() == {"FINISHED"} and [obj.name for obj in bpy.data.objects] == ["Sphere"]
