"""Re-texture: one UV map and one material more, and not a bit of anything else changed."""

from __future__ import annotations

import hashlib

import bpy
import numpy as np
import pytest
from scripted import Rehearsal


def _digest(collection, attribute: str, width: int, dtype=np.float32) -> str:
    values = np.empty(len(collection) * width, dtype)
    collection.foreach_get(attribute, values)
    return hashlib.sha256(values.tobytes()).hexdigest()


def everything(obj) -> dict[str, object]:
    """What must stay as it is."""
    mesh = obj.data
    own_maps = [layer for layer in mesh.uv_layers if not layer.name.startswith("Img23D")]
    return {
        "vertices": _digest(mesh.vertices, "co", 3),
        "corners": _digest(mesh.loops, "vertex_index", 1, np.int32),
        "faces": _digest(mesh.polygons, "loop_start", 1, np.int32),
        "uv": [(layer.name, layer.active_render, _digest(layer.uv, "vector", 2)) for layer in own_maps],
        "active uv": mesh.uv_layers.active.name,
        "weights": [
            [(g.name, round(g.weight(v.index), 6)) for g in obj.vertex_groups if g.index in {e.group for e in v.groups}]
            for v in mesh.vertices
        ],
        "keys": [(key.name, key.value, _digest(key.data, "co", 3)) for key in mesh.shape_keys.key_blocks],
        "modifiers": [(modifier.name, modifier.type, modifier.show_viewport) for modifier in obj.modifiers],
        "transform": [tuple(row) for row in obj.matrix_basis],
        "name": (obj.name, mesh.name),
    }


def indices(obj) -> list[int]:
    return [polygon.material_index for polygon in obj.data.polygons]


@pytest.fixture
def rigged(owner):
    """A ball with two materials, two UV maps, weights, shape keys and modifiers, turned and moved."""
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
    group = obj.vertex_groups.new(name="top")
    group.add([v.index for v in mesh.vertices if v.co.z > 0], 0.7, "ADD")
    obj.shape_key_add(name="Basis")
    obj.shape_key_add(name="long", from_mix=False).data[3].co.z += 1
    mesh.shape_keys.key_blocks["long"].value = 0.4
    obj.modifiers.new("Smooth", "SMOOTH")
    obj.modifiers.new("Subdivision", "SUBSURF")
    bpy.context.view_layer.update()
    return obj


def retexture(values, photo, **settings):
    values.retexture_picture, values.seed = str(photo), 3
    for name, value in settings.items():
        setattr(values, name, value)
    return bpy.ops.img23d.retexture()


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
    """Left half red, right half blue, on a turned cube: its own front shows both, the sides of each colour match."""
    import photos

    picture = np.full((100, 140, 3), 240, np.uint8)
    picture[20:80, 30:70], picture[20:80, 70:110] = (200, 30, 30), (30, 30, 200)
    path = photos.write_png(pictures / "halves.png", picture)
    bpy.ops.mesh.primitive_cube_add(rotation=(0, 0, 2.0), location=(3, 0, 0))
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.subdivide(number_cuts=6)
    bpy.ops.object.mode_set(mode="OBJECT")
    cube = bpy.context.object
    retexture(values, path)
    image = next(n.image for n in cube.data.materials[-1].node_tree.nodes if n.type == "TEX_IMAGE")
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    pixels = pixels.reshape(image.size[1], image.size[0], 4)
    uv = cube.data.uv_layers["Img23D"].uv
    right = []
    for polygon in cube.data.polygons:
        if polygon.normal.y < -0.9 and abs(polygon.center.x) > 0.3:
            middle = np.mean([uv[corner].vector for corner in polygon.loop_indices], axis=0)
            red, _, blue = pixels[int(middle[1] * image.size[1]), int(middle[0] * image.size[0]), :3]
            right.append((red > blue) == (polygon.center.x < 0))
    assert len(right) > 20 and np.mean(right) > 0.95


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


def _shared():
    twin = bpy.context.object.copy()
    bpy.context.scene.collection.objects.link(twin)


def _many_uv_maps():
    while len(bpy.context.object.data.uv_layers) < 8:
        bpy.context.object.data.uv_layers.new()


@pytest.mark.parametrize(
    ("spoil", "word"), [(_edit_mode, "Edit Mode"), (_shared, "single-user"), (_many_uv_maps, "UV maps")]
)
def test_what_cannot_be_painted_is_one_sentence(values, photo, rigged, owner, spoil, word):
    spoil()
    with pytest.raises(RuntimeError, match=word):
        retexture(values, photo)
    assert word in owner.refusal and len(rigged.data.materials) == 2


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


def test_deleted_meanwhile(values, photo, rigged, owner, as_with_a_window, monkeypatch):
    rehearsal = Rehearsal(owner, monkeypatch)
    retexture(values, photo)
    rehearsal.tick()
    bpy.data.objects.remove(rigged)
    rehearsal.link.say(rehearsal.messages.PaintReady(job=rehearsal.job.id, texture="t.png", uv="u.npy"))
    rehearsal.finish()
    assert "no longer in this file" in owner.applier.failures[rehearsal.job.id, 0]
