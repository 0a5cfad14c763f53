"""Any mesh can be re-textured: modifiers that make faces, mirrored objects, n-gons, loose parts, shared and large meshes."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from mesh_state import QUARTERS, blocks, everything, indices, share_in_place, write_quarters
from scripted import Rehearsal
from test_retexture import retexture

FRONT = {"forward": (0, 1, 0), "up": (0, 0, 1)}


@pytest.fixture(scope="module")
def quarters(pictures):
    return write_quarters(pictures / "quarters.png")


@pytest.fixture
def ball(owner):
    bpy.ops.mesh.primitive_uv_sphere_add(segments=24, ring_count=16)
    return bpy.context.object


@pytest.fixture
def half_ball(ball):
    """The right half, which a mirror and a subdivision complete."""
    mesh = ball.data
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.bisect(plane_co=(0, 0, 0), plane_no=(1, 0, 0), clear_inner=True)
    bpy.ops.object.mode_set(mode="OBJECT")
    assert min(vertex.co.x for vertex in mesh.vertices) > -1e-5
    ball.modifiers.new("Mirror", "MIRROR").use_mirror_u = False
    ball.modifiers.new("Subdivision", "SUBSURF")
    return ball


def is_kept(obj, act) -> bool:
    """Whether all that is the artist's own is the same after `act`."""
    before = everything(obj)
    assert act() == {"FINISHED"}
    return everything(obj) == before


def test_subdivided_faces_show_what_the_picture_shows(values, quarters, ball):
    ball.modifiers.new("Subdivision", "SUBSURF")
    assert is_kept(ball, lambda: retexture(values, quarters))
    assert share_in_place(ball, **FRONT) > 0.95
    assert [layer.name for layer in ball.data.uv_layers] == ["UVMap", "Img23D"]


def test_mirrored_halves_show_the_colours_of_the_first(values, quarters, half_ball, owner):
    """Both have the same coordinates, so only one half's colours can be kept; a mixture would be noise."""
    assert is_kept(half_ball, lambda: retexture(values, quarters))
    shown = half_ball.evaluated_get(bpy.context.view_layer.depsgraph).data
    assert len(shown.polygons) > 4 * len(half_ball.data.polygons) and "Img23D" in shown.uv_layers
    assert share_in_place(half_ball, **FRONT, colours=QUARTERS[:, [1, 1]]) > 0.95
    assert "show the same texture" in " ".join(owner.session.jobs[0].notes)


@pytest.mark.parametrize("kind", ["ARRAY", "SOLIDIFY", "DECIMATE", "BOOLEAN"])
def test_modifiers_that_change_the_faces(values, quarters, ball, kind):
    modifier = ball.modifiers.new("m", kind)
    if kind == "BOOLEAN":
        bpy.ops.mesh.primitive_cube_add(size=1.0, location=(0, 0, 1))
        modifier.object = bpy.context.object
        bpy.ops.object.select_all(action="DESELECT")
        bpy.context.view_layer.objects.active = ball
    assert is_kept(ball, lambda: retexture(values, quarters))
    assert set(indices(ball)) == {1} and "Img23D" in ball.data.uv_layers


def test_a_modifier_that_is_switched_off_stays_off(values, quarters, ball, owner):
    ball.modifiers.new("Subdivision", "SUBSURF").show_viewport = False
    assert is_kept(ball, lambda: retexture(values, quarters))
    assert share_in_place(ball, **FRONT) > 0.95


def test_modifiers_without_uv_maps_are_a_sentence(values, quarters, ball):
    _replaced_by_geometry_nodes(ball)
    before = blocks()
    with pytest.raises(RuntimeError, match="apply them first"):
        retexture(values, quarters)
    assert blocks() == before and len(ball.data.uv_layers) == 1


def _replaced_by_geometry_nodes(obj):
    group = bpy.data.node_groups.new("cube", "GeometryNodeTree")
    group.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    cube, output = group.nodes.new("GeometryNodeMeshCube"), group.nodes.new("NodeGroupOutput")
    group.links.new(cube.outputs["Mesh"], output.inputs[0])
    obj.modifiers.new("Nodes", "NODES").node_group = group


@pytest.mark.parametrize("scale", [(-1, 1, 1), (1, -1, 1), (-1.2, -1, -0.8)])
def test_a_mirrored_object_is_painted_on_its_outside(values, quarters, ball, scale):
    ball.scale = scale
    ball.rotation_euler.z = 0.5
    assert is_kept(ball, lambda: retexture(values, quarters))
    front, up = (ball.matrix_world.col[axis].to_3d().normalized() for axis in (1, 2))
    assert share_in_place(ball, forward=front, up=up) > 0.95


@pytest.mark.parametrize("scale", [(1, 1, 1), (-1, 1, 1), (-1, -1, -1), (-1, -1, 1)])
def test_outsides_look_outside(values, quarters, ball, owner, as_with_a_window, monkeypatch, scale):
    ball.scale = scale
    rehearsal = Rehearsal(owner, monkeypatch)
    retexture(values, quarters, retexture_uv="OWN")
    rehearsal.tick()
    file = np.load(rehearsal.link.said[0].mesh)
    first, second, third = (file["vertices"][file["triangles"][:, corner]] for corner in range(3))
    volume = np.einsum("ti,ti->", first, np.cross(second, third)) / 6
    assert volume == pytest.approx(4.1, abs=0.2), "negative where the triangles are turned inside out"
    uv = np.empty((len(ball.data.loops), 2), np.float32)
    ball.data.uv_layers[0].uv.foreach_get("vector", uv.reshape(-1))
    assert np.array_equal(file["uv"], uv[file["corners"]])


def test_faces_with_many_corners_and_loose_parts(values, quarters, ball):
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.dissolve_limited(angle_limit=0.3)
    bpy.ops.object.mode_set(mode="OBJECT")
    mesh = bpy.data.meshes.new("loose")
    points = [(0, 0, 1.2), (0, 0, 1.4), (0, 0, 5)]
    mesh.from_pydata(points, [(0, 1)], [])
    loose = bpy.data.objects.new("loose", mesh)
    bpy.context.scene.collection.objects.link(loose)
    loose.select_set(True)
    bpy.ops.object.join()
    assert max(len(face.vertices) for face in ball.data.polygons) > 4 and len(ball.data.vertices) > 3
    assert is_kept(ball, lambda: retexture(values, quarters))
    assert set(indices(ball)) == {1}


def test_objects_that_share_a_mesh_all_show_the_texture(values, quarters, ball, owner):
    twin = ball.copy()
    bpy.context.scene.collection.objects.link(twin)
    twin.select_set(True)
    assert is_kept(ball, lambda: retexture(values, quarters))
    assert len(owner.session.jobs) == 1, "one mesh is painted once"
    assert "2 objects share this mesh" in " ".join(owner.session.jobs[0].notes)
    assert twin.data is ball.data and twin.material_slots[0].name == ball.material_slots[0].name
    bpy.context.view_layer.objects.active = twin
    assert bpy.ops.img23d.switch_texture() == {"FINISHED"}
    assert set(indices(ball)) == {0}


def test_a_material_that_belongs_to_the_object_comes_back(values, quarters, ball):
    ball.data.materials.append(None)
    ball.material_slots[0].link = "OBJECT"
    ball.material_slots[0].material = bpy.data.materials.new("mine")
    assert is_kept(ball, lambda: retexture(values, quarters))
    assert [slot.link for slot in ball.material_slots] == ["OBJECT", "DATA"] and set(indices(ball)) == {1}
    bpy.ops.img23d.switch_texture()
    assert ball.material_slots[0].material.name == "mine" and set(indices(ball)) == {0}


def test_a_hidden_object(values, quarters, ball):
    ball.modifiers.new("Subdivision", "SUBSURF")
    ball.hide_viewport = True
    assert is_kept(ball, lambda: retexture(values, quarters))
    ball.hide_viewport = False
    assert share_in_place(ball, **FRONT) > 0.95


@pytest.mark.parametrize("grows", [False, True])
def test_the_meshs_own_uv_map(values, quarters, ball, grows, owner):
    if grows:
        ball.modifiers.new("Subdivision", "SUBSURF")
    ball.data.uv_layers.new(name="not rendered")
    assert is_kept(ball, lambda: retexture(values, quarters, retexture_uv="OWN"))
    assert [layer.name for layer in ball.data.uv_layers] == ["UVMap", "not rendered"]
    nodes = ball.data.materials[-1].node_tree.nodes
    assert next(node for node in nodes if node.type == "UVMAP").uv_map == "UVMap"
    assert share_in_place(ball, **FRONT, uv_map="UVMap") > 0.95


@pytest.mark.parametrize("grows", [False, True])
def test_an_own_uv_map_that_covers_itself_gets_a_new_one_beside_it(values, quarters, ball, grows, owner):
    if grows:
        ball.modifiers.new("Subdivision", "SUBSURF")
    uv = np.tile(np.float32((0.4, 0.4, 0.5, 0.4, 0.5, 0.5)), len(ball.data.loops))[: 2 * len(ball.data.loops)]
    ball.data.uv_layers[0].uv.foreach_set("vector", uv)
    assert is_kept(ball, lambda: retexture(values, quarters, retexture_uv="OWN"))
    assert [layer.name for layer in ball.data.uv_layers] == ["UVMap", "Img23D"]
    job = owner.session.jobs[0]
    assert "a new one was made" in " ".join((*job.notes, *job.targets[0].notes))
    assert share_in_place(ball, **FRONT) > 0.95


def test_own_uv_map_wanted_where_there_is_none(values, quarters, owner):
    bpy.ops.mesh.primitive_cube_add(calc_uvs=False)
    assert retexture(values, quarters, retexture_uv="OWN") == {"FINISHED"}
    assert [layer.name for layer in bpy.context.object.data.uv_layers] == ["Img23D"]
    assert "has no UV map of its own" in " ".join(owner.session.jobs[0].notes)


def test_an_own_uv_map_changed_meanwhile_is_not_painted(values, quarters, ball, owner, as_with_a_window, monkeypatch):
    rehearsal = Rehearsal(owner, monkeypatch)
    retexture(values, quarters, retexture_uv="OWN")
    rehearsal.tick()
    ball.data.uv_layers[0].uv[7].vector = (0.5, 0.5)
    rehearsal.link.say(rehearsal.messages.PaintReady(job=rehearsal.job.id, texture="t.png"))
    rehearsal.finish()
    assert "changed meanwhile" in owner.applier.failures[rehearsal.job.id, 0] and not ball.data.materials


def test_a_large_mesh_is_written_whole(values, quarters, owner, as_with_a_window, monkeypatch):
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=550, y_subdivisions=550)
    grid = bpy.context.object
    rehearsal = Rehearsal(owner, monkeypatch)
    assert is_kept(grid, lambda: retexture(values, quarters))
    rehearsal.tick()
    (request,) = rehearsal.link.said
    file = np.load(request.mesh)
    assert len(file["triangles"]) == len(file["corners"]) == 2 * 550 * 550
    assert file["corner_count"] == 4 * 550 * 550 and file["vertices"].dtype == np.float32
    vertices = np.empty(len(grid.data.loops), np.int32)
    grid.data.loops.foreach_get("vertex_index", vertices)
    assert np.array_equal(vertices[file["corners"]], file["triangles"])
    assert np.array_equal(np.unique(file["corners"]), np.arange(len(vertices)))


def test_more_faces_than_can_be_painted_are_left_to_the_modifiers(values, quarters, ball, owner, as_with_a_window, monkeypatch):
    from conftest import part

    monkeypatch.setattr(part("scene.retexture.capture"), "TRIANGLES_MAX", 1000)
    ball.modifiers.new("Subdivision", "SUBSURF")
    rehearsal = Rehearsal(owner, monkeypatch)
    retexture(values, quarters)
    rehearsal.tick()
    (request,) = rehearsal.link.said
    assert type(request).__name__ == "Paint" and int(np.load(request.mesh)["corner_count"]) == len(ball.data.loops)
    assert "painted without them" in " ".join(rehearsal.job.notes)
