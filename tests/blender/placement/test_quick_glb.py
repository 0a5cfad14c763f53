"""A GLB of the backend is the same object whether it is built from its arrays or comes through Blender's importer."""

from __future__ import annotations

import json
import struct
import time
from pathlib import Path

import bmesh
import bpy
import numpy as np
import pytest
from conftest import part
from test_in_the_middle import glbs as glbs  # a fixture


def by_blender(path) -> bpy.types.Object:
    """The second reader: what Blender's own importer makes of the file, without an empty above it."""
    before = set(bpy.data.objects)
    bpy.ops.import_scene.gltf(filepath=str(path), import_shading="SMOOTH", merge_vertices=True, import_pack_images=True)
    (obj,) = (one for one in set(bpy.data.objects) - before if one.type == "MESH")
    obj.data.transform(obj.matrix_world)
    obj.parent = None
    obj.rotation_mode = "XYZ"
    obj.matrix_basis.identity()
    obj.select_set(False)
    return obj


def imported(path, reader=None) -> bpy.types.Object:
    place = part("scene.file.windows").workplace_of(bpy.context.scene)
    return part("scene.glb.importer").import_glb(str(path), place, bpy.context.scene.collection, reader or part("scene.glb.reader").GlbReader())


def corners(obj) -> np.ndarray:
    """(F, 3, 5) position and UV of each corner, triangles and their corners in an order of their own."""
    mesh = obj.data
    points, places = np.empty(len(mesh.vertices) * 3, np.float32), np.empty(len(mesh.loops), np.int32)
    mesh.vertices.foreach_get("co", points)
    mesh.loops.foreach_get("vertex_index", places)
    uv = np.zeros(len(mesh.loops) * 2, np.float32)
    if mesh.uv_layers:
        mesh.uv_layers.active.uv.foreach_get("vector", uv)
    rows = np.concatenate((points.reshape(-1, 3)[places], uv.reshape(-1, 2)), axis=1).reshape(-1, 3, 5)
    turned = [min(np.roll(triangle, shift, axis=0).tolist() for shift in range(3)) for triangle in rows]
    return np.array(sorted(turned))


def material(obj) -> bpy.types.Material:
    (found,) = obj.data.materials
    return found


def nodes(obj) -> dict:
    return {node.type: node for node in material(obj).node_tree.nodes}


@pytest.mark.parametrize("kind", [0, 1], ids=["plain", "painted"])
def test_the_same_object_as_through_blenders_importer(owner, glbs, kind):
    quick, slow = imported(glbs[kind]), by_blender(glbs[kind])
    np.testing.assert_allclose(corners(quick), corners(slow), atol=1e-6)
    assert [len(part) for part in (quick.data.vertices, quick.data.edges, quick.data.polygons)] == [
        len(part) for part in (slow.data.vertices, slow.data.edges, slow.data.polygons)
    ]
    assert [layer.name for layer in quick.data.uv_layers] == [layer.name for layer in slow.data.uv_layers]
    assert not quick.data.has_custom_normals and all(polygon.use_smooth for polygon in quick.data.polygons)
    assert quick.data.validate(verbose=True) is False, "Blender has nothing to correct"
    assert nodes(quick).keys() == nodes(slow).keys()
    colours = [nodes(obj)["BSDF_PRINCIPLED"].inputs["Base Color"].default_value[:] for obj in (quick, slow)]
    assert colours[0] == pytest.approx(colours[1])
    assert quick.matrix_basis == slow.matrix_basis and quick.parent is None and not quick.select_get()
    mesh = bmesh.new()
    mesh.from_mesh(quick.data)
    assert all(edge.is_manifold for edge in mesh.edges) and mesh.calc_volume(signed=True) > 0
    mesh.free()


def test_the_same_picture(owner, glbs):
    quick, slow = imported(glbs[1]), by_blender(glbs[1])
    pictures = [nodes(obj)["TEX_IMAGE"] for obj in (quick, slow)]
    assert pictures[0].extension == pictures[1].extension
    mine, theirs = pictures[0].image, pictures[1].image
    assert mine.packed_file.data == theirs.packed_file.data and mine.size[:] == theirs.size[:]
    assert mine.colorspace_settings.name == theirs.colorspace_settings.name
    wanted = material(slow)["img23d_mean_color"]
    assert material(quick)["img23d_mean_color"].to_list() == pytest.approx(wanted.to_list())


def test_the_colour_in_solid_shading_needs_no_decoding(owner, glbs, monkeypatch):
    materials, obj = part("scene.glb.materials"), imported(glbs[1])
    told = material(obj)["img23d_mean_color"].to_list()
    decoded = materials.mean_colour(nodes(obj)["TEX_IMAGE"].image, obj.data)
    assert told == pytest.approx(decoded, abs=0.02), "the backend measures what Blender would"
    monkeypatch.setattr(materials, "mean_colour", None)
    materials.finish_materials(obj.data, "cup", print)
    assert list(material(obj).diffuse_color)[:3] == pytest.approx(told)
    assert "img23d_mean_color" not in material(obj)


def changed(path: str, new: Path, change) -> Path:
    """The GLB with another JSON part."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack_from("<I", data, 12)
    document = json.loads(data[20 : 20 + length])
    change(document)
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    rest = data[20 + length :]
    header = struct.pack("<4sIIII", b"glTF", 2, 20 + len(text) + len(rest), len(text), 0x4E4F534A)
    new.write_bytes(header + text + rest)
    return new


@pytest.mark.parametrize("kept", [0, 10, 500, -100])
def test_a_file_that_is_cut_off_is_a_sentence(owner, glbs, tmp_path, kept):
    path = tmp_path / "cut.glb"
    path.write_bytes(Path(glbs[1]).read_bytes()[:kept])
    with pytest.raises(part("shared.img23d_protocol").Img23DError):
        imported(path)
    assert not bpy.data.objects


@pytest.mark.parametrize("key", ["accessors", "bufferViews", "materials", "meshes", "asset"])
def test_a_file_without_its_parts_is_a_sentence(owner, glbs, tmp_path, key):
    path = changed(glbs[1], tmp_path / "odd.glb", lambda document: document.pop(key))
    with pytest.raises(part("shared.img23d_protocol").Img23DError):
        part("scene.glb.reader").GlbReader().take(str(path))


def test_files_are_read_ahead_in_the_order_they_come(owner, glbs):
    reader = part("scene.glb.reader").GlbReader()
    for path in (*glbs, *glbs):
        reader.begin(path)
    for path in glbs:
        assert reader.take(path) is not None and not reader.is_reading(path)
    assert reader.take(glbs[0]) is not None, "one that was not begun is read at once"
    reader.close()


def test_more_files_than_are_kept_ahead(owner, glbs, tmp_path):
    reader, data = part("scene.glb.reader").GlbReader(), Path(glbs[0]).read_bytes()
    paths = [tmp_path / f"{number}.glb" for number in range(8)]
    for path in paths:
        path.write_bytes(data)
        reader.begin(str(path))
    assert all(reader.take(str(path)) is not None for path in paths)
    reader.close()


def ready(reader, path: str):
    reader.begin(path)
    while reader.is_reading(path):
        time.sleep(0.001)
    return reader


def prepare(reader, path: str) -> None:
    """In as many ticks as it takes."""
    assert reader.prepare(path)
    for _ in range(3):
        if not reader.prepare(path):
            return
    raise AssertionError("it never ends")


@pytest.mark.parametrize("slice_seconds", [0.0, 60.0], ids=["a slow mesh", "a quick mesh"])
def test_the_mesh_and_its_material_are_made_ahead_of_the_object(owner, glbs, monkeypatch, slice_seconds):
    monkeypatch.setattr(part("scene.glb.reader"), "_SLICE", slice_seconds)
    reader = ready(part("scene.glb.reader").GlbReader(), glbs[1])
    prepare(reader, glbs[1])
    (mesh,) = bpy.data.meshes
    (material,) = mesh.materials
    assert not bpy.data.objects, "nothing to be seen yet"
    obj = imported(glbs[1], reader)
    assert obj.data == mesh and list(obj.data.materials) == [material] and len(bpy.data.images) == 1


def test_an_edited_mesh_is_read_as_blender_tells_it(owner, glbs):
    """In Edit Mode the attributes are hidden; outside of it both ways must tell the same."""
    extents, obj = part("scene.mesh.extents"), imported(glbs[0])
    wanted = np.array([vertex.co[:] for vertex in obj.data.vertices], np.float32)
    np.testing.assert_array_equal(extents.points_of(obj.data), wanted)
    bpy.context.view_layer.objects.active = obj
    bpy.ops.object.mode_set(mode="EDIT")
    np.testing.assert_array_equal(extents.points_of(obj.data), wanted)
    bpy.ops.object.mode_set(mode="OBJECT")
    assert extents.points_of(bpy.data.meshes.new("empty")).shape == (0, 3)


def test_a_mesh_that_was_taken_away_is_made_again(owner, glbs):
    reader = ready(part("scene.glb.reader").GlbReader(), glbs[0])
    prepare(reader, glbs[0])
    bpy.data.meshes.remove(bpy.data.meshes[0])
    assert len(imported(glbs[0], reader).data.polygons) > 100


def test_a_mesh_that_nobody_wants_any_more_goes(owner, glbs):
    reader = part("scene.glb.reader").GlbReader()
    for path in (glbs[1], glbs[0]):
        prepare(ready(reader, path), path)
    assert len(bpy.data.meshes) == len(bpy.data.materials) == 1 and not bpy.data.images
