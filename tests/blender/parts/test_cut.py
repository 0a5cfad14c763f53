"""The cut: objects of their own at the same place with all that was on the mesh; the whole one is kept as it was."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from conftest import part
from dividing import by_height, cut, digest, farthest, make_parts, parts, world_points
from drawing import drawn
from mathutils import Vector

HEIGHTS = by_height(2.8, 3.2)
EXACT = 1e-5  # single precision, a few metres from the origin


def armature_for(obj, angle: float = 0.5) -> bpy.types.Object:
    """One bone that turns the upper half."""
    data = bpy.data.armatures.new("rig")
    rig = bpy.data.objects.new("rig", data)
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    bone = data.edit_bones.new("upper")
    bone.head, bone.tail = (1, 2, 3), (1, 2, 4)
    bpy.ops.object.mode_set(mode="OBJECT")
    group = obj.vertex_groups.new(name="upper")
    for vertex in obj.data.vertices:
        if vertex.co.z > -0.5:
            group.add([vertex.index], min(1.0, vertex.co.z + 0.5), "REPLACE")
    obj.modifiers.new("Armature", "ARMATURE").object = rig
    rig.pose.bones["upper"].rotation_mode = "XYZ"
    rig.pose.bones["upper"].rotation_euler = (angle, 0.2, 0.1)
    bpy.context.view_layer.objects.active = obj
    return rig


def turn(rig, angle: float) -> None:
    rig.pose.bones["upper"].rotation_euler = (angle, -0.3, 0.0)


def test_parts_stand_where_the_whole_stood(rehearsal, whole):
    before, where = digest(whole.data), world_points([whole])
    make_parts(rehearsal, HEIGHTS)
    group = cut()
    made = parts()
    assert [one.name for one in made] == ["high", "low", "middle"] and all(one.parent == group for one in made)
    assert farthest(world_points(made), where) < EXACT and farthest(where, world_points(made)) < EXACT
    assert sum(len(one.data.polygons) for one in made) == len(whole.data.polygons)
    assert digest(whole.data) == before
    assert whole.hide_viewport and whole.hide_render and whole.name == "Sphere" and group.users_collection[0].name == "Sphere"
    assert {obj.name for obj in group.users_collection[0].objects} == {group.name, *(one.name for one in made)}


def test_origins_are_in_the_middle_of_the_parts(rehearsal, whole):
    make_parts(rehearsal, HEIGHTS)
    cut()
    for one in parts():
        points = np.array([vertex.co for vertex in one.data.vertices])
        assert np.allclose((points.min(axis=0) + points.max(axis=0)) / 2, 0.0, atol=1e-6)


def test_materials_and_uv_maps_stay(rehearsal, whole):
    before = _materials([whole])
    make_parts(rehearsal, HEIGHTS)
    cut()
    assert _materials(parts()) == before
    for one in parts():
        assert {polygon.material_index for polygon in one.data.polygons} == set(range(len(one.data.materials))), "only the slots that are used"
        assert [layer.name for layer in one.data.uv_layers] == ["UVMap"] and one.data.uv_layers[0].active_render
        assert not {"img23d_part", "img23d_parts", "img23d_vertex", "img23d_normal"} & set(one.data.attributes.keys())


def _materials(objects) -> dict[tuple[float, ...], str]:
    """By the middles of the faces in the world, in centimetres."""
    found = {}
    for obj in objects:
        for polygon in obj.data.polygons:
            middle = obj.matrix_world @ polygon.center
            found[tuple(round(number, 2) + 0.0 for number in middle)] = obj.data.materials[polygon.material_index].name
    return found


def test_what_each_corner_looked_like_it_looks_like_still(rehearsal, whole):
    """Place, normal and UV of each corner of a face, as the viewport shows them."""
    normals = [Vector((0.3, 0.1, 1.0)).normalized() for _ in whole.data.loops]
    whole.data.normals_split_custom_set(normals)
    before = _looks([whole])
    make_parts(rehearsal, HEIGHTS)
    cut()
    after = _looks(parts())
    assert len(after) == len(before) > 300
    assert _all_near(before, after) and _all_near(after, before)


def _looks(objects) -> list[tuple[float, ...]]:
    found = []
    for obj in objects:
        turned = obj.matrix_world.to_3x3().inverted().transposed()
        normals, uv = obj.data.corner_normals, obj.data.uv_layers[0].uv
        for polygon in obj.data.polygons:
            for corner in polygon.loop_indices:
                place = obj.matrix_world @ obj.data.vertices[obj.data.loops[corner].vertex_index].co
                normal = (turned @ Vector(normals[corner].vector)).normalized()
                found.append((*place, *normal, *uv[corner].vector))
    return found


def _all_near(before, after) -> bool:
    one, other = np.array(before), np.array(after)
    for row in one[:: max(1, len(one) // 200)]:
        assert np.abs(other - row).max(axis=1).min() < 2e-3, row
    return True


def test_attributes_and_weights_stay(rehearsal, whole):
    mesh = whole.data
    values = mesh.attributes.new("value", "FLOAT", "POINT")
    values.data.foreach_set("value", np.arange(len(mesh.vertices), dtype=np.float32))
    group = whole.vertex_groups.new(name="soft")
    for vertex in mesh.vertices:
        group.add([vertex.index], round(vertex.index / len(mesh.vertices), 3), "REPLACE")
    places = {index: whole.matrix_world @ vertex.co for index, vertex in enumerate(mesh.vertices)}
    make_parts(rehearsal, HEIGHTS)
    cut()
    bpy.context.view_layer.update()
    for one in parts():
        assert [group.name for group in one.vertex_groups] == ["soft"]
        for vertex, value in zip(one.data.vertices, one.data.attributes["value"].data, strict=True):
            index = round(value.value)
            assert (places[index] - one.matrix_world @ vertex.co).length < EXACT
            assert vertex.groups[0].weight == pytest.approx(round(index / len(mesh.vertices), 3))


@pytest.mark.parametrize("scale", [(-1, 1, 1), (1, -2, 3), (-1, -1, -1)])
def test_mirrored_and_stretched(rehearsal, whole, scale):
    whole.scale = scale
    bpy.context.view_layer.update()
    where = world_points([whole])
    outside = _volume(whole)
    make_parts(rehearsal, HEIGHTS)
    cut()
    assert farthest(world_points(parts()), where) < EXACT
    assert sum(map(_volume, parts())) == pytest.approx(outside, rel=1e-4), "outsides look outside"


def _volume(obj) -> float:
    """Below the faces towards the origin, as the viewport shows them; negative where they are inside out. Open parts add up to the whole."""
    obj.data.calc_loop_triangles()
    turned = -1.0 if obj.matrix_world.determinant() < 0 else 1.0
    total = 0.0
    for triangle in obj.data.loop_triangles:
        a, b, c = (obj.matrix_world @ obj.data.vertices[index].co for index in triangle.vertices)
        total += a.dot(b.cross(c)) / 6 * turned
    return total


def test_below_a_turned_and_stretched_parent(rehearsal, whole):
    parent = bpy.data.objects.new("parent", None)
    bpy.context.scene.collection.objects.link(parent)
    parent.scale, parent.rotation_euler = (1, 3, 0.5), (0.3, 0.2, 1)
    whole.parent = parent
    where = world_points([whole])
    heights = by_height(*np.quantile(where[:, 2], (0.35, 0.65)))
    make_parts(rehearsal, heights)
    group = cut()
    assert group.parent == parent and farthest(world_points(parts()), where) < 5 * EXACT
    parent.location.x += 2.0
    assert farthest(world_points(parts()), where + (2.0, 0.0, 0.0)) < 5 * EXACT, "the parts follow what held the whole"


def test_a_rigged_character_still_bends(rehearsal, whole):
    rig = armature_for(whole)
    posed, before = world_points([whole]), digest(whole.data)
    heights = by_height(*np.quantile(posed[:, 2], (0.35, 0.65)))
    make_parts(rehearsal, heights)
    cut()
    assert farthest(world_points(parts()), posed) < EXACT and digest(whole.data) == before
    turn(rig, -0.4)
    whole.hide_viewport = False
    assert farthest(world_points(parts()), world_points([whole])) < EXACT
    assert all([modifier.type for modifier in one.modifiers] == ["ARMATURE"] for one in parts())


def test_a_character_that_its_parent_bends(rehearsal, whole):
    rig = armature_for(whole)
    whole.modifiers.clear()
    whole.parent, whole.parent_type = rig, "ARMATURE"
    posed = world_points([whole])
    make_parts(rehearsal, by_height(*np.quantile(posed[:, 2], (0.35, 0.65))))
    cut()
    assert farthest(world_points(parts()), posed) < EXACT
    turn(rig, -0.4)
    whole.hide_viewport = False
    assert farthest(world_points(parts()), world_points([whole])) < EXACT


def test_a_subdivided_character_bends_as_well(rehearsal, whole, owner):
    rig = armature_for(whole, angle=0.0)
    rig.pose.bones["upper"].rotation_euler = (0, 0, 0)
    whole.modifiers.new("Subdivision", "SUBSURF")
    shown, before = world_points([whole]), digest(whole.data)
    make_parts(rehearsal, HEIGHTS)
    cut()
    assert farthest(world_points(parts())[::7], shown) < EXACT and digest(whole.data) == before
    assert "armature comes last" in owner.session.notice
    turn(rig, 0.3)
    assert farthest(world_points(parts())[::7], shown) > 0.05, "it moves"
    assert not whole.img23d_parts.stand_in and whole.hide_viewport and not whole.hide_get()


def test_shape_keys_stay(rehearsal, whole):
    whole.shape_key_add(name="Basis")
    key = whole.shape_key_add(name="Tall")
    for point in key.data:
        point.co.z *= 1.5
    key.value = 0.5
    where = world_points([whole])
    make_parts(rehearsal, HEIGHTS)
    cut()
    assert farthest(world_points(parts()), where) < EXACT
    assert all([block.name for block in one.data.shape_keys.key_blocks] == ["Basis", "Tall"] for one in parts())
    for one in (*parts(), whole):
        one.data.shape_keys.key_blocks["Tall"].value = 0.9
    whole.hide_viewport = False
    assert farthest(world_points(parts()), world_points([whole])) < EXACT


def test_materials_of_the_object_and_not_of_the_mesh(rehearsal, whole):
    whole.material_slots[0].link = "OBJECT"
    whole.material_slots[0].material = bpy.data.materials.new("of the object")
    make_parts(rehearsal, HEIGHTS)
    cut()
    names = {material.name for one in parts() for material in one.data.materials}
    assert names == {"of the object", "upper"}


def test_what_is_left_out_is_in_the_whole_only(rehearsal, whole):
    make_parts(rehearsal, HEIGHTS)
    whole.img23d_parts.rows[1].use = False
    cut()
    assert [one.name for one in parts()] == ["high", "low"]


def test_all_left_out_is_a_sentence(rehearsal, whole):
    make_parts(rehearsal, HEIGHTS)
    for row in whole.img23d_parts.rows:
        row.use = False
    with pytest.raises(RuntimeError, match="tick those"):
        cut()
    assert not whole.hide_viewport and len(whole.img23d_parts.rows) == 3


def test_merged_and_renamed_parts_are_cut_so(rehearsal, whole):
    make_parts(rehearsal, HEIGHTS)
    whole.img23d_parts.active = 0
    bpy.ops.img23d.mark_part(number=1)
    bpy.ops.img23d.merge_parts()
    whole.img23d_parts.rows[0].name = "body"
    cut()
    assert [one.name for one in parts()] == ["body", "high"]


def test_the_cut_is_one_step_of_undo(rehearsal, whole):
    bpy.ops.ed.undo_push(message="before")
    make_parts(rehearsal, HEIGHTS)
    cut()
    assert len(bpy.data.objects) == 5
    bpy.ops.ed.undo()
    whole = bpy.data.objects["Sphere"]
    assert [obj.name for obj in bpy.data.objects] == ["Sphere"] and not bpy.data.collections
    assert len(whole.img23d_parts.rows) == 3 and not whole.hide_viewport
    bpy.ops.ed.redo()
    assert len(parts()) == 3 and bpy.data.objects["Sphere"].hide_viewport


def test_nothing_else_is_left_in_the_file(rehearsal, whole):
    make_parts(rehearsal, HEIGHTS)
    cut()
    assert len(bpy.data.objects) == 5 and len(bpy.data.meshes) == 4 and not bpy.data.node_groups and len(bpy.data.materials) == 3


def test_each_part_knows_where_it_came_from(rehearsal, whole):
    whole["img23d_photo"], whole["img23d_engine"], whole["img23d_textured"] = "/photos/duck.jpg", "instantmesh", True
    request = make_parts(rehearsal, HEIGHTS)
    cut()
    for one in parts():
        assert (one["img23d_part_of"], one["img23d_splitter"], one["img23d_split_run"]) == ("Sphere", "preview", request.job)
        assert one["img23d_photo"] == "/photos/duck.jpg" and one["img23d_whole_engine"] == "instantmesh" and one["img23d_split_licence"] == ""
        assert one["img23d_whole_licences"] == "Non-commercial"
    bpy.context.view_layer.objects.active = parts()[0]
    said = drawn(part("panels.tab").IMG23D_PT_made).said
    assert "Part Of Sphere" in said and "Split With Built In" in said and "InstantMesh" in said and "Non-commercial" in said


def test_edits_after_the_preview_are_cut_as_they_are(rehearsal, whole):
    make_parts(rehearsal, HEIGHTS)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.subdivide()
    bpy.ops.object.mode_set(mode="OBJECT")
    count = len(whole.data.polygons)
    cut()
    assert sum(len(one.data.polygons) for one in parts()) == count


def test_a_modifier_that_was_added_after_the_preview(rehearsal, whole):
    make_parts(rehearsal, HEIGHTS)
    whole.modifiers.new("m", "SUBSURF")
    shown = len(part("scene.mesh.evaluated").new_mesh_of(whole, bpy.context.view_layer).polygons)
    cut()
    assert sum(len(one.data.polygons) for one in parts()) == shown


@pytest.mark.parametrize("kind", ["SUBSURF", "MIRROR", "SOLIDIFY"])
def test_what_modifiers_make_is_what_is_cut(rehearsal, whole, kind):
    whole.modifiers.new("m", kind)
    shown, before = world_points([whole]), digest(whole.data)
    make_parts(rehearsal, HEIGHTS)
    cut()
    assert farthest(world_points(parts())[::5], shown) < EXACT and digest(whole.data) == before
    assert not [one for obj in parts() for one in obj.modifiers] and [obj for obj in bpy.data.objects if obj.img23d_parts.rows] == []
    assert len(bpy.data.meshes) == 4, "the preview's own object is gone"
