"""Re-texture: one UV map and one material more, and not a bit of anything else changed."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from measured import measured
from mesh_state import blocks, everything, indices, share_in_place, whole, write_quarters
from scripted import Rehearsal


@pytest.fixture
def rigged(owner):
    """A ball with two materials, two UV maps, weights, shape keys, an armature in a pose and modifiers, turned and moved."""
    bpy.ops.object.armature_add()
    rig = bpy.context.object
    rig.name = "rig"
    bpy.ops.mesh.primitive_uv_sphere_add(segments=24, ring_count=12)
    obj = bpy.context.object
    mesh = obj.data
    obj.name, obj.location, obj.rotation_euler = "ball", (1, 2, 3), (0.3, 0.2, 0.1)
    mesh.uv_layers.new(name="second")
    mesh.uv_layers["second"].active_render = True
    for name in ("skin", "stripe"):
        mesh.materials.append(bpy.data.materials.new(name))
    for polygon in mesh.polygons:
        polygon.material_index = polygon.index % 2
    group = obj.vertex_groups.new(name="Bone")
    group.add([v.index for v in mesh.vertices if v.co.z > 0], 0.7, "ADD")
    obj.shape_key_add(name="Basis")
    obj.shape_key_add(name="long", from_mix=False).data[3].co.z += 1
    mesh.shape_keys.key_blocks["long"].value = 0.4
    obj.modifiers.new("Armature", "ARMATURE").object = rig
    rig.pose.bones["Bone"].location = (0, 0, 0.5)
    obj.modifiers.new("Smooth", "SMOOTH")
    bpy.context.view_layer.update()
    return obj


def retexture(values, photo, **settings):
    values.retexture_picture, values.seed = str(photo), 3
    for name, value in settings.items():
        setattr(values, name, value)
    return bpy.ops.img23d.retexture()


def test_the_first_one_pushes_nothing_down(values, photo, rigged):
    values.retexture_picture = str(photo)
    before = measured("retexture").height()
    assert retexture(values, photo) == {"FINISHED"}
    assert measured("retexture").height() == pytest.approx(before)


def test_everything_else_stays(values, photo, rigged):
    before, faces = everything(rigged), indices(rigged)
    assert retexture(values, photo) == {"FINISHED"}
    assert everything(rigged) == before
    assert [layer.name for layer in rigged.data.uv_layers] == ["UVMap", "second", "Img23D"]
    names = [material.name for material in rigged.data.materials]
    assert names[:2] == ["skin", "stripe"] and len(names) == 3
    assert set(indices(rigged)) == {2}
    nodes = rigged.data.materials[2].node_tree.nodes
    assert next(node for node in nodes if node.type == "UVMAP").uv_map == "Img23D"
    assert next(node for node in nodes if node.type == "TEX_IMAGE").image.packed_file is not None
    assert bpy.ops.img23d.switch_texture() == {"FINISHED"}
    assert indices(rigged) == faces and everything(rigged) == before
    assert bpy.ops.img23d.switch_texture() == {"FINISHED"}
    assert set(indices(rigged)) == {2} and everything(rigged) == before


@pytest.mark.parametrize("grows", [False, True])
def test_undo_gives_everything_back(values, photo, rigged, grows):
    if grows:
        rigged.modifiers.new("Subdivision", "SUBSURF")
    bpy.ops.ed.undo_push(message="before")
    before = whole(rigged)
    assert retexture(values, photo) == {"FINISHED"}
    after = whole(bpy.data.objects["ball"])
    assert after["maps"] != before["maps"] and after["indices"] != before["indices"]
    bpy.ops.ed.undo()
    assert whole(bpy.data.objects["ball"]) == before
    bpy.ops.ed.redo()
    assert whole(bpy.data.objects["ball"]) == after


def test_a_posed_character_is_painted_in_its_pose(values, rigged, owner, as_with_a_window, monkeypatch, photo):
    rehearsal = Rehearsal(owner, monkeypatch)
    retexture(values, photo)
    rehearsal.tick()
    (request,) = rehearsal.link.said
    posed = np.load(request.mesh)["vertices"]
    shown = rigged.evaluated_get(bpy.context.view_layer.depsgraph).data
    wanted = np.array([rigged.matrix_world @ vertex.co for vertex in shown.vertices])
    rest = np.array([rigged.matrix_world @ vertex.co for vertex in rigged.data.vertices])
    assert np.allclose(posed, wanted, atol=1e-5) and not np.allclose(posed, rest, atol=0.05)


def test_faces_given_other_materials_in_between_are_remembered(values, photo, rigged):
    retexture(values, photo)
    bpy.ops.img23d.switch_texture()
    rigged.data.polygons[0].material_index = 1
    faces = indices(rigged)
    bpy.ops.img23d.switch_texture()
    bpy.ops.img23d.switch_texture()
    assert indices(rigged) == faces


def test_twice_is_numbered_and_switches_to_the_first_materials(values, photo, rigged):
    faces = indices(rigged)
    retexture(values, photo)
    retexture(values, photo)
    assert [layer.name for layer in rigged.data.uv_layers][2:] == ["Img23D", "Img23D.001"]
    assert set(indices(rigged)) == {3}
    bpy.ops.img23d.switch_texture()
    assert indices(rigged) == faces


def test_a_mesh_without_uv_or_material(values, photo, owner):
    bpy.ops.mesh.primitive_cube_add(calc_uvs=False)
    cube = bpy.context.object
    assert retexture(values, photo) == {"FINISHED"}
    assert set(indices(cube)) == {1} and cube.data.materials[0] is None
    bpy.ops.img23d.switch_texture()
    assert set(indices(cube)) == {0}


def test_the_front_is_the_objects_minus_y_side(values, pictures, owner):
    bpy.ops.mesh.primitive_uv_sphere_add(rotation=(0, 0, 2.0), location=(3, 0, 0))
    ball = bpy.context.object
    retexture(values, write_quarters(pictures / "quarters.png"))
    assert share_in_place(ball, forward=ball.matrix_world.col[1][:3], up=(0, 0, 1)) > 0.95


def test_saved_and_opened_again_it_still_switches(values, photo, rigged, tmp_path):
    faces = indices(rigged)
    retexture(values, photo)
    path = str(tmp_path / "saved.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    ball = bpy.data.objects["ball"]
    image = next(n.image for n in ball.data.materials[2].node_tree.nodes if n.type == "TEX_IMAGE")
    assert image.packed_file is not None and image.size[0] == 1024
    assert bpy.ops.img23d.switch_texture() == {"FINISHED"}
    assert indices(ball) == faces


def _edit_mode():
    bpy.ops.object.mode_set(mode="EDIT")


def _twin_in_edit_mode():
    ball = bpy.context.object
    twin = ball.copy()
    bpy.context.scene.collection.objects.link(twin)
    ball.select_set(False)
    bpy.context.view_layer.objects.active = twin
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.context.view_layer.objects.active = ball
    ball.select_set(True)


def _sculpt_mode():
    bpy.ops.object.mode_set(mode="SCULPT")


def _many_uv_maps():
    while len(bpy.context.object.data.uv_layers) < 8:
        bpy.context.object.data.uv_layers.new()


def _scaled_to_nothing():
    bpy.context.object.scale.y = 0.0


def _lost_vertex():
    bpy.context.object.shape_key_clear()
    bpy.context.object.data.vertices[5].co.x = float("nan")


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (_edit_mode, "Leave Edit Mode"),
        (_twin_in_edit_mode, "Leave Edit Mode"),
        (_sculpt_mode, "Object Mode"),
        (_many_uv_maps, "UV maps"),
        (_scaled_to_nothing, "scaled to nothing"),
        (_lost_vertex, "no valid position"),
    ],
)
def test_what_cannot_be_painted_is_one_sentence(values, photo, rigged, owner, spoil, word):
    spoil()
    before = blocks()
    with pytest.raises(RuntimeError, match=word):
        retexture(values, photo)
    assert word in owner.refusal and len(rigged.data.materials) == 2
    assert blocks() == before


def test_linked_from_another_file(values, photo, owner, tmp_path):
    bpy.ops.mesh.primitive_cube_add()
    path = str(tmp_path / "library.blend")
    bpy.data.libraries.write(path, {bpy.context.object})
    bpy.data.objects.remove(bpy.context.object)
    with bpy.data.libraries.load(path, link=True) as (source, target):
        target.objects = source.objects
    (cube,) = target.objects
    bpy.context.scene.collection.objects.link(cube)
    bpy.context.view_layer.objects.active = cube
    with pytest.raises(RuntimeError, match="make it local"):
        retexture(values, photo)


def test_no_faces(values, photo, owner):
    obj = bpy.data.objects.new("no faces", bpy.data.meshes.new("m"))
    bpy.context.scene.collection.objects.link(obj)
    bpy.context.view_layer.objects.active = obj
    with pytest.raises(RuntimeError, match="no faces"):
        retexture(values, photo)


def test_changed_meanwhile_is_not_painted(values, photo, rigged, owner, as_with_a_window, monkeypatch):
    rehearsal = Rehearsal(owner, monkeypatch)
    retexture(values, photo)
    rehearsal.tick()
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.subdivide()
    m = rehearsal.messages
    rehearsal.link.say(m.PaintReady(job=rehearsal.job.id, texture="t.png", uv="u.npy"))
    rehearsal.finish()
    assert owner.applier.waiting == "Waits until you leave Edit Mode."
    bpy.ops.object.mode_set(mode="OBJECT")
    rehearsal.tick()
    assert "changed meanwhile" in owner.applier.failures[rehearsal.job.id, 0]
    assert len(bpy.data.objects["ball"].data.uv_layers) == 2
    assert bpy.ops.img23d.retexture.poll()


def test_deleted_meanwhile(values, photo, rigged, owner, as_with_a_window, monkeypatch):
    rehearsal = Rehearsal(owner, monkeypatch)
    retexture(values, photo)
    rehearsal.tick()
    bpy.data.objects.remove(rigged)
    rehearsal.link.say(rehearsal.messages.PaintReady(job=rehearsal.job.id, texture="t.png", uv="u.npy"))
    rehearsal.finish()
    assert "no longer in this file" in owner.applier.failures[rehearsal.job.id, 0]
