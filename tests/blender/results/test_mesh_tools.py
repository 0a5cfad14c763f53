"""What is done with a mesh when it is there: quads with its texture, copies with fewer faces, its origin, its scale."""

from __future__ import annotations

import math
import shutil
import time

import bmesh
import bpy
import numpy as np
import pytest
from conftest import part
from drawing import drawn
from mathutils import Matrix, Vector
from mathutils.bvhtree import BVHTree
from test_made_again import room


def textured_ball(name: str = "ball", *, subdivisions: int = 5) -> bpy.types.Object:
    """Triangles only, with a picture whose red and green tell the place (x, z) on the surface, on a layout in two halves."""
    mesh = bpy.data.meshes.new(name)
    shape = bmesh.new()
    bmesh.ops.create_icosphere(shape, subdivisions=subdivisions, radius=0.5)
    layer = shape.loops.layers.uv.new("UVMap")
    for face in shape.faces:
        is_front = face.calc_center_median().y < 0
        for loop in face.loops:
            x, _, z = loop.vert.co
            loop[layer].uv = (0.25 + 0.45 * x + (0.0 if is_front else 0.5), 0.5 + 0.9 * z)
        face.smooth = True
    shape.to_mesh(mesh)
    shape.free()
    image = bpy.data.images.new(name, 256, 256, alpha=False)
    u, v = np.meshgrid((np.arange(256) + 0.5) / 256, (np.arange(256) + 0.5) / 256)
    x, z = ((u % 0.5) - 0.25) / 0.45, (v - 0.5) / 0.9
    pixels = np.stack([np.clip(x + 0.5, 0, 1), np.clip(z + 0.5, 0, 1), (u < 0.5).astype(float), np.ones_like(u)], -1)
    image.pixels.foreach_set(pixels.astype(np.float32).ravel())
    image.pack()
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    picture = material.node_tree.nodes.new("ShaderNodeTexImage")
    picture.image = image
    material.node_tree.links.new(picture.outputs["Color"], material.node_tree.nodes["Principled BSDF"].inputs["Base Color"])
    mesh.materials.append(material)
    obj = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(obj)
    bpy.context.view_layer.objects.active = obj
    obj.select_set(True)
    bpy.context.view_layer.update()
    return obj


def picture_of(obj) -> np.ndarray:
    nodes = obj.data.materials[0].node_tree.nodes
    image = next(node.image for node in nodes if node.type == "TEX_IMAGE")
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    return pixels.reshape(image.size[1], image.size[0], image.channels)


def seen_at(obj, count: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Places on the surface (N, 3), and what its picture shows there (N, 3): by its own triangles, and not the extension's code."""
    mesh, pixels = obj.data, picture_of(obj)
    mesh.calc_loop_triangles()
    layer, random = mesh.uv_layers[0].uv, np.random.default_rng(3)
    places, colours = [], []
    for number in random.integers(0, len(mesh.loop_triangles), count).tolist():
        triangle = mesh.loop_triangles[number]
        weights = random.dirichlet((1, 1, 1))
        places.append(sum(w * np.array(mesh.vertices[v].co) for w, v in zip(weights, triangle.vertices, strict=True)))
        u, v = sum(w * np.array(layer[loop].vector) for w, loop in zip(weights, triangle.loops, strict=True))
        height, width = pixels.shape[:2]
        colours.append(pixels[min(int(v * height), height - 1), min(int(u * width), width - 1), :3])
    return np.array(places), np.array(colours)


def sides(obj) -> set[int]:
    return {len(face.vertices) for face in obj.data.polygons}


def test_quads_with_the_picture_where_it_was(owner):
    ball = textured_ball()
    ball.location, ball.name = (1, 2, 3), "my ball"
    bevel = ball.modifiers.new("Bevel", "BEVEL")
    uid, faces = ball.session_uid, len(ball.data.polygons)
    tree = BVHTree.FromPolygons([tuple(v.co) for v in ball.data.vertices], [tuple(f.vertices) for f in ball.data.polygons])
    assert bpy.ops.img23d.make_quads(faces=1500) == {"FINISHED"}
    assert owner.applier.remesher.said == ""
    ball = bpy.data.objects["my ball"]
    assert ball.session_uid == uid and tuple(ball.location) == (1, 2, 3) and ball.modifiers.keys() == ["Bevel"] and ball.select_get()
    assert sides(ball) == {4} and 1000 < len(ball.data.polygons) < 2200 and faces == 5120
    places, colours = seen_at(ball)
    assert max(tree.find_nearest(Vector(place))[3] for place in places) < 0.02, "the surface is where it was"
    wrong = np.abs(colours[:, :2] - np.clip(places[:, ::2] + 0.5, 0, 1)).max(axis=1)
    assert np.mean(wrong) < 0.01 and np.quantile(wrong, 0.99) < 0.03
    front = places[:, 1] < -0.03
    back = places[:, 1] > 0.03
    assert (colours[front, 2] > 0.9).mean() > 0.99 and (colours[back, 2] < 0.1).mean() > 0.99
    assert len(bpy.data.images) == 1 and len(bpy.data.meshes) == 1 and len(bpy.data.materials) == 1, "nothing is left over"
    assert bevel is not None


def test_one_step_back(owner):
    ball = textured_ball()
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.img23d.make_quads(faces=500) == {"FINISHED"}
    assert sides(bpy.data.objects["ball"]) == {4}
    bpy.ops.ed.undo()
    assert sides(bpy.data.objects["ball"]) == {3}
    assert ball is not None


@pytest.mark.parametrize(
    ("corners", "faces"),
    [
        ([(0, 0, 0), (0, 0, 1), (1, 0, 0), (-1, 1, 0), (-1, -1, 0)], [(0, 1, 2), (0, 1, 3), (0, 1, 4)]),
        ([(0, 0, 0), (0, 0, 1), (1, 0, 0), (1, 0, 1), (-1, 1, 0), (-1, 1, 1), (-1, -1, 0), (-1, -1, 1)], [(0, 1, 3, 2), (0, 1, 5, 4), (0, 1, 7, 6)]),
    ],
    ids=["triangles", "quads"],
)
def test_a_mesh_with_bad_edges_stays_and_says_so(owner, corners, faces):
    """Three walls that share one edge. Blender 4.2's QuadriFlow warns, says that it has finished, and has changed nothing."""
    mesh = bpy.data.meshes.new("fan")
    mesh.from_pydata(corners, [], faces)
    obj = bpy.data.objects.new("fan", mesh)
    bpy.context.scene.collection.objects.link(obj)
    bpy.context.view_layer.objects.active = obj
    assert bpy.ops.img23d.make_quads() == {"FINISHED"}
    assert "“fan” stays as it is: its surface has holes" in owner.applier.remesher.said
    assert bpy.data.objects["fan"].data == mesh and sides(obj) == {len(faces[0])} and not owner.applier.is_busy


class Slow:
    """A quad maker that never ends."""

    def __init__(self, command) -> None:
        self.command, self.is_ended = command, False

    def status(self):
        return None

    def end(self) -> None:
        self.is_ended = True


@pytest.fixture
def slow(owner, monkeypatch, as_with_a_window):
    made = []
    monkeypatch.setattr(owner.applier.remesher, "_start", lambda command: made.append(Slow(command)) or made[-1])
    return made


def test_one_that_takes_too_long_is_ended(owner, slow, monkeypatch):
    textured_ball()
    assert bpy.ops.img23d.make_quads() == {"FINISHED"}
    owner.pump.tick()
    owner.pump.tick()
    assert owner.applier.remesher.progress.startswith("Making quads of “ball”: 0 s")
    assert owner.applier.remesher.progress in drawn(part("panels.tab").IMG23D_PT_mesh_tools).said
    monkeypatch.setattr(part("scene.remesh.remesher"), "LIMIT", -1.0)
    owner.pump.tick()
    assert slow[0].is_ended and "took more than" in owner.applier.remesher.said and not owner.applier.is_busy


def test_it_can_be_stopped_and_another_file_ends_it(owner, slow, empty_file):
    textured_ball()
    bpy.ops.img23d.make_quads()
    owner.pump.tick()
    assert bpy.ops.img23d.stop_quads() == {"FINISHED"} and slow[0].is_ended and not owner.applier.is_busy
    bpy.ops.img23d.make_quads()
    owner.pump.tick()
    bpy.ops.wm.open_mainfile(filepath=empty_file)
    owner.pump.tick()
    assert slow[1].is_ended and not owner.applier.is_busy


def test_what_was_changed_meanwhile_stays(owner, as_with_a_window):
    ball = textured_ball()
    assert bpy.ops.img23d.make_quads(faces=500) == {"FINISHED"}
    owner.pump.tick()
    ball.data.vertices[0].co.x += 0.1
    end = time.monotonic() + 120
    while owner.applier.is_busy and time.monotonic() < end:
        owner.pump.tick()
        time.sleep(0.01)
    assert sides(ball) == {3} and "was changed while quads" in owner.applier.remesher.said


def longest_wait(owner, press) -> float:
    """Seconds of the main thread's own, for which Blender's window stands still at most, from the press of a button until nothing is left
    to do: what other programs take of the processor meanwhile is not counted.
    """
    start = time.thread_time()
    assert press() == {"FINISHED"}
    longest, end = time.thread_time() - start, time.monotonic() + 120
    while owner.applier.is_busy and time.monotonic() < end:
        start = time.thread_time()
        owner.pump.tick()
        longest = max(longest, time.thread_time() - start)
        time.sleep(0.01)
    print(f"longest tick {1000 * longest:.0f} ms")
    return longest


def test_no_tick_of_it_is_felt(owner, as_with_a_window):
    textured_ball()
    longest = longest_wait(owner, lambda: bpy.ops.img23d.make_quads(faces=3000))
    assert sides(bpy.data.objects["ball"]) == {4} and longest < 0.5


class Copier:
    """Stands in for the quad maker, which takes minutes for such a mesh: what it makes is the mesh as it was."""

    def __init__(self, command) -> None:
        source, target = command[command.index("--") + 1 :][:2]
        shutil.copy(source, target)

    def status(self) -> int:
        return 0

    def end(self) -> None:
        """It has ended."""


def large_wall(side: int = 700, pixels: int = 4096) -> bpy.types.Object:
    """About a million triangles side by side, of a material that is the artist's own, with a picture."""
    plane = textured_ball("wall", subdivisions=1)
    x, y = (one.ravel() for one in np.meshgrid(np.arange(side), np.arange(side)))
    corner = (y * side + x).reshape(side, side)
    a, b, c, d = (one.ravel() for one in (corner[:-1, :-1], corner[:-1, 1:], corner[1:, 1:], corner[1:, :-1]))
    triangles = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).ravel()
    mesh = bpy.data.meshes.new("wall")
    mesh.vertices.add(side * side)
    mesh.vertices.foreach_set("co", np.stack([x / side, 0 * x, y / side], 1).astype(np.float32).ravel())
    mesh.loops.add(len(triangles))
    mesh.loops.foreach_set("vertex_index", triangles.astype(np.int32))
    mesh.polygons.add(len(triangles) // 3)
    mesh.polygons.foreach_set("loop_start", np.arange(0, len(triangles), 3, dtype=np.int32))
    mesh.uv_layers.new(name="UVMap")
    mesh.update(calc_edges=True)
    mesh.materials.append(plane.data.materials[0])
    image = next(node.image for node in mesh.materials[0].node_tree.nodes if node.type == "TEX_IMAGE")
    image.scale(pixels, pixels)
    image.pack()
    plane.data = mesh
    return plane


def test_no_tick_of_a_large_mesh_is_felt(owner, as_with_a_window, monkeypatch):
    monkeypatch.setattr(owner.applier.remesher, "_start", Copier)
    wall = large_wall()
    old, faces = wall.data, len(wall.data.polygons)
    longest = longest_wait(owner, lambda: bpy.ops.img23d.make_quads(faces=50_000))
    assert wall.data != old and len(wall.data.polygons) == faces > 900_000 and owner.applier.remesher.said == ""
    assert longest < 0.5


def test_quads_keep_the_artists_own_material(owner, as_with_a_window, monkeypatch):
    """Its picture is another one, and nothing else of it."""
    monkeypatch.setattr(owner.applier.remesher, "_start", Copier)
    ball = textured_ball()
    material = ball.data.materials[0]
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Roughness"].default_value, shader.inputs["Metallic"].default_value = 0.125, 1.0
    material.diffuse_color, material.use_backface_culling = (0.25, 0.5, 0.75, 1.0), True
    longest_wait(owner, lambda: bpy.ops.img23d.make_quads(faces=500))
    now = ball.data.materials[0]
    shader = now.node_tree.nodes["Principled BSDF"]
    assert (shader.inputs["Roughness"].default_value, shader.inputs["Metallic"].default_value) == (0.125, 1.0)
    assert tuple(now.diffuse_color) == (0.25, 0.5, 0.75, 1.0) and now.use_backface_culling
    assert part("scene.glb.materials").SLOT_TAG not in now, "it is not ours to replace"


def test_no_tick_of_levels_is_felt(owner, as_with_a_window):
    ball = textured_ball(subdivisions=7)
    longest = longest_wait(owner, lambda: bpy.ops.img23d.add_levels(count=3))
    sizes = [len(obj.data.polygons) for obj in bpy.data.collections["ball LODs"].objects]
    assert sizes == pytest.approx([share * len(ball.data.polygons) for share in (0.5, 0.25, 0.12)], rel=0.03)
    assert longest < 0.5


def test_a_run_may_end_in_quads(photo, values, owner):
    values.photo, values.names, values.quads, values.faces = str(photo), "red ball", True, 2000
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    (ball,) = (obj for obj in bpy.data.objects if obj.type == "MESH")
    assert sides(ball) == {4} and ball.data.uv_layers and picture_of(ball).size
    assert owner.session.jobs[0].request.settings.common.quads
    values.quads = False
    part("app.commands.reuse").reuse(owner.session.jobs[0], bpy.context.scene)
    assert values.quads


def test_each_row_has_its_number_of_faces(photo, values, owner):
    values.photo, values.faces = str(photo), 3000
    values.names = "red ball, blue ball"
    assert bpy.ops.img23d.find_targets() == {"FINISHED"}
    values.targets[0].faces = 600
    values.targets[1].faces = 20
    assert values.targets[1].faces == 500, "the fewest that any engine makes"
    values.targets[1].faces = 0
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    job = owner.session.jobs[0]
    assert [one.faces for one in job.request.wanted] == [600, 0]
    first, second = (owner.applier.placer.object_of(job, index) for index in range(2))
    assert len(first.data.polygons) <= 600 < len(second.data.polygons) <= 3000
    read = part("core.runs.history").read_run(part("scene.file.folders").Path(job.request.run_folder))
    values.targets.clear()
    part("app.commands.reuse").reuse(read, bpy.context.scene)
    assert [row.faces for row in values.targets] == [600, 0]
    assert first["img23d_faces"] == 600
    assert ("Faces", "600") in owner.history.making(first).words


def test_levels_of_detail(owner):
    ball = textured_ball()
    ball.location, ball.scale = (1, 2, 3), (2, 2, 2)
    bpy.context.view_layer.update()
    faces, image = len(ball.data.polygons), ball.data.materials[0]
    for _ in range(2):
        assert bpy.ops.img23d.add_levels(count=3) == {"FINISHED"}
        collection = bpy.data.collections["ball LODs"]
        assert [obj.name for obj in collection.objects] == ["ball_LOD1", "ball_LOD2", "ball_LOD3"], "a second time they are made anew"
    for obj, share in zip(collection.objects, (0.5, 0.25, 0.12), strict=True):
        assert len(obj.data.polygons) == pytest.approx(share * faces, rel=0.03)
        assert obj.matrix_world == ball.matrix_world and obj.data.materials[:] == [image] and obj.hide_get()
        assert obj.hide_render, "a picture of the scene shows the object once"
        places, colours = seen_at(obj, 300)
        assert np.median(np.abs(colours[:, :2] - np.clip(places[:, ::2] + 0.5, 0, 1)).max(axis=1)) < 0.03
    assert len(ball.data.polygons) == faces and len(bpy.data.meshes) == 4 and len(bpy.data.materials) == len(bpy.data.images) == 1


def test_levels_are_one_step_back(owner):
    textured_ball()
    bpy.ops.ed.undo_push(message="before")
    assert bpy.ops.img23d.add_levels(count=2) == {"FINISHED"}
    assert len(bpy.data.objects) == 3
    bpy.ops.ed.undo()
    assert [obj.name for obj in bpy.data.objects] == ["ball"] and not bpy.data.collections


def test_levels_of_several_materials_keep_each_where_it_is(owner):
    ball = textured_ball()
    gold = bpy.data.materials.new("gold")
    ball.data.materials.append(gold)
    for face in ball.data.polygons:
        face.material_index = int(face.center.z > 0)
    assert bpy.ops.img23d.add_levels(count=1) == {"FINISHED"}
    (copy,) = bpy.data.collections["ball LODs"].objects
    assert copy.data.materials[:] == ball.data.materials[:] and len(bpy.data.materials) == 2
    wrong = [face for face in copy.data.polygons if face.material_index != int(face.center.z > 0) and abs(face.center.z) > 0.05]
    assert not wrong


def test_levels_are_made_again_in_a_collection_that_is_left_out_of_the_view(owner):
    textured_ball()
    assert bpy.ops.img23d.add_levels(count=1) == {"FINISHED"}
    bpy.context.view_layer.layer_collection.children["ball LODs"].exclude = True
    bpy.data.objects["ball"].select_set(True)
    assert bpy.ops.img23d.add_levels(count=2) == {"FINISHED"}
    assert [obj.name for obj in bpy.data.collections["ball LODs"].objects] == ["ball_LOD1", "ball_LOD2"]


def test_levels_can_be_stopped(owner, slow):
    textured_ball()
    assert bpy.ops.img23d.add_levels(count=2) == {"FINISHED"}
    owner.pump.tick()
    owner.pump.tick()
    panel = part("panels.tab").IMG23D_PT_mesh_tools
    assert owner.applier.remesher.progress.startswith("Making levels of “ball”: 0 s")
    assert owner.applier.remesher.progress in drawn(panel).said
    assert bpy.ops.img23d.stop_quads() == {"FINISHED"} and slow[0].is_ended and not owner.applier.is_busy
    assert [obj.name for obj in bpy.data.objects] == ["ball"] and not bpy.data.collections and len(bpy.data.meshes) == 1


def test_levels_of_what_was_changed_meanwhile_are_not_added(owner, as_with_a_window):
    ball = textured_ball()
    bpy.ops.img23d.add_levels(count=1)
    owner.pump.tick()
    ball.data.vertices[0].co.x += 0.1
    longest_wait(owner, lambda: {"FINISHED"})
    assert [obj.name for obj in bpy.data.objects] == ["ball"] and "was changed while" in owner.applier.remesher.said


@pytest.mark.parametrize("place", ["BASE", "MIDDLE"])
def test_the_origin_moves_and_nothing_else(owner, place):
    ball = textured_ball()
    ball.data.transform(Matrix.Translation((0.3, -0.2, 1.7)))
    ball.location, ball.rotation_euler, ball.scale = (1, 2, 3), (0.3, 0.2, 0.9), (2, 2, 2)
    child = bpy.data.objects.new("hat", None)
    bpy.context.scene.collection.objects.link(child)
    child.parent, child.location = ball, (0, 0, 1)
    bpy.context.view_layer.update()
    before, hat, middle = [ball.matrix_world @ v.co for v in ball.data.vertices], child.matrix_world.copy(), Vector((0.3, -0.2, 1.7))
    expected = ball.matrix_world @ (middle if place == "MIDDLE" else middle - Vector((0, 0, 0.5)))
    assert bpy.ops.img23d.set_origin(place=place) == {"FINISHED"}
    bpy.context.view_layer.update()
    assert (ball.matrix_world.translation - expected).length < 1e-4
    assert max((ball.matrix_world @ v.co - old).length for v, old in zip(ball.data.vertices, before, strict=True)) < 1e-4
    assert (child.matrix_world.translation - hat.translation).length < 1e-4


@pytest.mark.parametrize("scale", [(2, 3, 0.5), (-1, 2, 1)])
def test_the_scale_is_applied(owner, scale):
    ball = textured_ball()
    ball.location, ball.rotation_euler, ball.scale = (1, 2, 3), (0.3, 0.2, 0.9), scale
    bpy.context.view_layer.update()
    low, high = room(ball)
    before = sorted(tuple(round(x, 4) for x in ball.matrix_world @ v.co) for v in ball.data.vertices)
    assert bpy.ops.img23d.apply_scale() == {"FINISHED"}
    bpy.context.view_layer.update()
    after = sorted(tuple(round(x, 4) for x in ball.matrix_world @ v.co) for v in ball.data.vertices)
    assert tuple(ball.scale) == (1, 1, 1) and np.allclose(before, after, atol=2e-4)
    shape = bmesh.new()
    shape.from_mesh(ball.data)
    assert shape.calc_volume(signed=True) > 0, "the faces look outwards"
    shape.free()
    assert math.isfinite(low[0]) and math.isfinite(high[0])


@pytest.mark.parametrize("command", ["set_origin", "apply_scale"])
def test_a_mesh_that_is_shared_is_not_changed(owner, command):
    ball = textured_ball()
    other = bpy.data.objects.new("other", ball.data)
    bpy.context.scene.collection.objects.link(other)
    with pytest.raises(RuntimeError, match="shares its mesh with another object"):
        getattr(bpy.ops.img23d, command)()


def test_several_materials_are_refused(owner):
    ball = textured_ball()
    ball.data.materials.append(bpy.data.materials.new("gold"))
    ball.data.polygons[0].material_index = 1
    with pytest.raises(RuntimeError, match="shows several materials"):
        bpy.ops.img23d.make_quads()
