"""The whole way with the extension's own backend: Suzanne, a chair, and what cannot be split."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from conftest import part
from dividing import digest, farthest, group, parts, world_points
from drawing import drawn
from test_lids import open_edges


def chair() -> bpy.types.Object:
    """A seat, four legs and a back of cubes that touch: one object."""
    boxes = [((0, 0, 1), (1, 1, 0.1)), ((0, 0.45, 1.6), (1, 0.1, 1.0))]
    boxes += [((x, y, 0.45), (0.1, 0.1, 0.95)) for x in (-0.4, 0.4) for y in (-0.4, 0.4)]
    made = []
    for place, size in boxes:
        bpy.ops.mesh.primitive_cube_add(size=1.0, location=place, scale=size)
        made.append(bpy.context.object)
    for one in made:
        one.select_set(True)
    bpy.ops.object.join()
    bpy.ops.object.transform_apply()
    bpy.context.object.name = "Chair"
    return bpy.context.object


@pytest.mark.parametrize("closed", [True, False])
def test_a_chair(owner, closed):
    obj = chair()
    before, where = digest(obj.data), world_points([obj])
    assert bpy.ops.img23d.make_parts() == {"FINISHED"}
    assert len(obj.img23d_parts.rows) == 6
    bpy.context.scene.img23d.parts_closed = closed
    assert bpy.ops.img23d.cut_parts() == {"FINISHED"}
    made = parts()
    assert len(made) == 6 and digest(obj.data) == before and obj.hide_viewport
    assert farthest(where, world_points(made)) < 1e-5
    if closed:
        assert [open_edges(one) for one in made] == [0] * 6
    bpy.context.view_layer.objects.active = group()
    assert bpy.ops.img23d.join_parts() == {"FINISHED"} and bpy.context.object.name == "Chair"


def test_suzanne_subdivided_and_closed(owner):
    bpy.ops.mesh.primitive_monkey_add(location=(3, 1, 0), rotation=(0, 0, 0.4))
    obj = bpy.context.object
    obj.modifiers.new("Subdivision", "SUBSURF")
    before = digest(obj.data)
    assert bpy.ops.img23d.make_parts() == {"FINISHED"}
    host = bpy.context.object
    assert host.img23d_parts.source == obj and len(host.img23d_parts.rows) >= 3
    shown = world_points([host])
    assert bpy.ops.img23d.cut_parts() == {"FINISHED"}
    assert len(parts()) >= 3 and digest(obj.data) == before
    low, high = shown.min(axis=0), shown.max(axis=0)
    points = world_points(parts())
    assert (points >= low - 1e-3).all() and (points <= high + 1e-3).all()
    assert all(len(one.data.uv_layers) == len(obj.data.uv_layers) for one in parts())


def test_more_and_fewer_parts(owner):
    bpy.ops.mesh.primitive_monkey_add()
    obj, counts = bpy.context.object, []
    for more in (-3.0, 0.0, 3.0):
        bpy.context.scene.img23d.parts_more = more
        assert bpy.ops.img23d.split_again() == {"FINISHED"}
        counts.append(len(obj.img23d_parts.rows))
    assert counts[0] <= counts[1] <= counts[2] and counts[0] < counts[2]


@pytest.mark.parametrize("what", ["plane", "one face", "soup", "thousand"])
def test_odd_meshes(owner, what):
    mesh = bpy.data.meshes.new(what)
    rng = np.random.default_rng(1)
    if what == "plane":
        bpy.ops.mesh.primitive_grid_add(x_subdivisions=8, y_subdivisions=8)
        mesh = bpy.context.object.data
    elif what == "one face":
        mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    elif what == "soup":
        mesh.from_pydata(rng.random((60, 3)).tolist(), [], rng.integers(0, 60, (80, 3)).tolist())
        mesh.validate()
    else:
        points = [(x % 40 + dx, x // 40 + dy, dz) for x in range(1000) for dx, dy, dz in ((0, 0, 0), (0.5, 0, 0), (0, 0.5, 0), (0, 0, 0.5))]
        mesh.from_pydata(points, [], [tuple(4 * x + i for i in face) for x in range(1000) for face in ((0, 2, 1), (0, 1, 3), (1, 2, 3), (0, 3, 2))])
    obj = bpy.data.objects.new(what, mesh)
    bpy.context.scene.collection.objects.link(obj)
    bpy.context.view_layer.objects.active = obj
    before, faces = digest(mesh), len(mesh.polygons)
    try:
        done = bpy.ops.img23d.make_parts()
    except RuntimeError as error:
        assert "Traceback" not in str(error) and len(str(error)) < 400
        assert digest(mesh) == before and not obj.img23d_parts.rows
        return
    assert done == {"FINISHED"} and obj.img23d_parts.rows
    assert bpy.ops.img23d.cut_parts() == {"FINISHED"}
    assert digest(mesh) == before and sum(len(one.data.polygons) for one in parts()) >= 0.9 * faces
    assert part("panels.tab").IMG23D_PT_parts.poll(bpy.context) and drawn(part("panels.tab").IMG23D_PT_parts)
