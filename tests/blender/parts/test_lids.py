"""Closed parts: the lids and the pieces of triangles that the backend made, with material, texture and weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import part
from dividing import by_height, cut, digest, group, make_parts, parts

HEIGHT = by_height(3.0)


@pytest.fixture
def halves(rehearsal, whole) -> bpy.types.Object:
    """Upright and not scaled, in two parts."""
    whole.rotation_euler, whole.scale, whole.location = (0, 0, 0), (1, 1, 1), (1, 2, 3)
    make_parts(rehearsal, HEIGHT, ("low", "high"))
    return whole


def lids_of(mesh: dict, labels: np.ndarray) -> dict[str, np.ndarray]:
    """A fan over the border of each part, from its middle: made here, and not by the code that is tested."""
    vertices, faces, part_of = [], [], []
    for number in sorted(set(labels.tolist()) - {-1}):
        own = mesh["triangles"][labels == number]
        edges = Counter((int(a), int(b)) for tri in own for a, b in zip(tri, np.roll(tri, -1), strict=True))
        border = [(a, b) for a, b in edges if (b, a) not in edges]
        middle = len(mesh["vertices"]) + len(vertices)
        vertices.append(mesh["vertices"][[a for a, _ in border]].mean(axis=0))
        faces += [(b, a, middle) for a, b in border]
        part_of += [number] * len(border)
    count = len(mesh["triangles"])
    return {
        "vertices": np.array(vertices, np.float32),
        "faces": np.array(faces, np.int32),
        "part": np.array(part_of, np.int32),
        "source": np.full(len(faces), -1, np.int32),
        "dropped": np.zeros(count, bool),
    }


def answer_close(rehearsal, change=lambda lids, mesh, labels: lids, open_parts=()) -> object:
    request = rehearsal.link.said[-1]
    tell_lids(rehearsal, change, open_parts)()
    return request


def tell_lids(rehearsal, change=lambda lids, mesh, labels: lids, open_parts=()) -> Callable[[], None]:
    """What tells the lids, whose file is there."""
    request, m = rehearsal.link.said[-1], rehearsal.messages
    assert isinstance(request, m.Close)
    with np.load(request.mesh) as file:
        mesh = {name: file[name] for name in file.files}
    labels = np.load(request.labels)
    assert labels.dtype == np.int32 and len(labels) == len(mesh["triangles"])
    np.savez(Path(request.run_folder) / "lids.npz", **change(lids_of(mesh, labels), mesh, labels))

    def tell() -> None:
        rehearsal.link.say(m.LidsReady(job=request.job, lids="lids.npz", open_parts=open_parts))
        rehearsal.tick()
        rehearsal.finish(1)

    return tell


def press_cut(rehearsal) -> None:
    bpy.context.scene.img23d.parts_closed = True
    assert bpy.ops.img23d.cut_parts() == {"FINISHED"}
    rehearsal.tick()


def open_edges(obj) -> int:
    """Of edges by place, as a printer would see them."""
    places = {index: tuple(round(number, 5) for number in vertex.co) for index, vertex in enumerate(obj.data.vertices)}
    edges = Counter()
    for polygon in obj.data.polygons:
        corners = [places[index] for index in polygon.vertices]
        edges.update((a, b) for a, b in zip(corners, corners[1:] + corners[:1], strict=True))
    return sum(edges[a, b] != edges[b, a] for a, b in list(edges))


@pytest.mark.parametrize("scale", [(1, 1, 1), (-1, 1, 1)])
def test_closed_parts_are_solid(rehearsal, whole, scale):
    whole.scale = scale
    bpy.context.view_layer.update()
    before = digest(whole.data)
    make_parts(rehearsal, HEIGHT, ("low", "high"))
    press_cut(rehearsal)
    assert not parts(), "the lids are not there yet"
    answer_close(rehearsal)
    assert [one.name for one in parts()] == ["high", "low"] and [open_edges(one) for one in parts()] == [0, 0]
    assert digest(whole.data) == before and whole.hide_viewport
    assert all("img23d_lid" in one.data.attributes for one in parts())


def test_lids_have_the_colours_of_the_border(rehearsal, halves):
    halves.vertex_groups.new(name="soft").add(range(len(halves.data.vertices)), 0.25, "REPLACE")
    press_cut(rehearsal)
    answer_close(rehearsal)
    for one in parts():
        lid = [polygon for polygon in one.data.polygons if one.data.attributes["img23d_lid"].data[polygon.index].value]
        assert len(lid) == 24
        border = [polygon for polygon in one.data.polygons if polygon not in lid]
        uv = one.data.uv_layers[0].uv
        known = [tuple(uv[corner].vector) for polygon in border for corner in polygon.loop_indices]
        low, high = np.min(known, axis=0), np.max(known, axis=0)
        for polygon in lid:
            shown = np.array([uv[corner].vector for corner in polygon.loop_indices])
            assert (shown >= low - 1e-6).all() and (shown <= high + 1e-6).all() and np.ptp(shown[:, 1]) < 0.1
            assert one.data.materials[polygon.material_index].name == {"low": "lower", "high": "upper"}[one.name]
        assert all(vertex.groups[0].weight == pytest.approx(0.25) for vertex in one.data.vertices), "the new vertices, too"


def test_pieces_in_place_of_a_dropped_triangle(rehearsal, halves):
    """One triangle goes, and three pieces around its middle come in its place."""

    def with_pieces(lids, mesh, labels):
        triangle = int(np.flatnonzero(labels == 0)[40])
        a, b, c = mesh["triangles"][triangle].tolist()
        new = len(mesh["vertices"]) + len(lids["vertices"])
        middle = mesh["vertices"][[a, b, c]].mean(axis=0, keepdims=True)
        lids["dropped"][triangle] = True
        return lids | {
            "vertices": np.concatenate([lids["vertices"], middle]).astype(np.float32),
            "faces": np.concatenate([lids["faces"], [(a, b, new), (b, c, new), (c, a, new)]]).astype(np.int32),
            "part": np.concatenate([lids["part"], [0, 0, 0]]).astype(np.int32),
            "source": np.concatenate([lids["source"], [triangle] * 3]).astype(np.int32),
        }

    halves.vertex_groups.new(name="soft").add(range(len(halves.data.vertices)), 0.5, "REPLACE")
    known = _uv_at_places([halves])
    press_cut(rehearsal)
    answer_close(rehearsal, with_pieces)
    low = bpy.data.objects["low"]
    assert [open_edges(one) for one in parts()] == [0, 0] and low.data.materials[0].name == "lower" and len(low.data.materials) == 1
    own = [face for face in low.data.polygons if not low.data.attributes["img23d_lid"].data[face.index].value]
    total = sum(face.area for face in low.data.polygons if face in own)
    assert total == pytest.approx(sum(f.area for f in halves.data.polygons) / 2, rel=1e-4)
    assert len(own) == 24 * 8 - 1 + (1 if len(halves.data.polygons[0].vertices) == 3 else 0) + 4 or len(own) > 24 * 8
    uv = low.data.uv_layers[0].uv
    for face in own:
        for corner in face.loop_indices:
            place = low.matrix_world @ low.data.vertices[low.data.loops[corner].vertex_index].co
            near = min(known, key=lambda one: (place - one[0]).length + np.hypot(*(np.array(uv[corner].vector) - one[1])) * 1e-3)
            assert (place - near[0]).length > 1e-4 or np.hypot(*(np.array(uv[corner].vector) - near[1])) < 1e-4
    assert all(vertex.groups and vertex.groups[0].weight == pytest.approx(0.5) for vertex in low.data.vertices)


def _uv_at_places(objects):
    return [
        (obj.matrix_world @ obj.data.vertices[obj.data.loops[corner].vertex_index].co, np.array(obj.data.uv_layers[0].uv[corner].vector))
        for obj in objects
        for polygon in obj.data.polygons
        for corner in polygon.loop_indices
    ]


def test_parts_that_are_left_out_get_no_lid(rehearsal, halves):
    halves.img23d_parts.rows[0].use = False
    press_cut(rehearsal)
    labels = np.load(rehearsal.link.said[-1].labels)
    assert set(labels.tolist()) == {-1, 1}
    answer_close(rehearsal)
    assert [one.name for one in parts()] == ["high"] and open_edges(parts()[0]) == 0


def test_what_could_not_be_closed_is_said(rehearsal, halves):
    press_cut(rehearsal)
    answer_close(rehearsal, open_parts=(1,))
    assert "high" in " ".join(rehearsal.job.notes)


@pytest.mark.parametrize("what", ["part", "faces", "dropped", "vertices", "source"])
def test_damaged_lids_are_a_sentence(rehearsal, halves, owner, what):
    def damaged(lids, mesh, labels):
        wrong = {
            "part": lids["part"][:-1],
            "faces": lids["faces"] + 10**6,
            "dropped": lids["dropped"][:-1],
            "vertices": lids["vertices"] * np.nan,
            "source": lids["source"] - 5,
        }
        return lids | {what: wrong[what]}

    press_cut(rehearsal)
    answer_close(rehearsal, damaged)
    assert "lids" in owner.applier.failures[rehearsal.job.id, 0] and not parts() and not halves.hide_viewport and len(halves.img23d_parts.rows) == 2


def test_a_failure_of_the_backend_leaves_the_list(rehearsal, halves, owner):
    press_cut(rehearsal)
    m = rehearsal.messages
    rehearsal.link.say(m.Failed(job=rehearsal.job.id, code="internal", sentence="No lids could be made."))
    rehearsal.tick()
    assert rehearsal.job.error == "No lids could be made." and not parts() and len(halves.img23d_parts.rows) == 2
    assert cut(closed=False) == group() and len(parts()) == 2, "open it works"


def test_changed_meanwhile_is_a_sentence(rehearsal, halves, owner):
    press_cut(rehearsal)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.mesh.subdivide()
    bpy.ops.object.mode_set(mode="OBJECT")
    answer_close(rehearsal)
    assert "press Cut again" in owner.applier.failures[rehearsal.job.id, 0] and not parts()


def test_while_something_is_made_closing_is_refused(rehearsal, halves):
    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.img23d.make_parts()
    rehearsal.tick()
    bpy.context.view_layer.objects.active = halves
    bpy.context.scene.img23d.parts_closed = True
    with pytest.raises(RuntimeError, match="Something is being made"):
        bpy.ops.img23d.cut_parts()
    assert len(halves.img23d_parts.rows) == 2 and not parts()


def test_joining_closed_parts_takes_the_lids_away(rehearsal, halves):
    faces, vertices = len(halves.data.polygons), len(halves.data.vertices)
    press_cut(rehearsal)
    answer_close(rehearsal)
    bpy.data.objects["low"].material_slots[0].material = bpy.data.materials.new("own")
    bpy.ops.img23d.join_parts()
    joined = bpy.context.object
    assert (len(joined.data.polygons), len(joined.data.vertices)) == (faces, vertices)


def test_a_rigged_character_is_closed_as_it_rests(rehearsal, halves):
    from test_cut import armature_for, turn

    bpy.ops.img23d.discard_parts()
    rig = armature_for(halves, angle=0.4)
    bpy.context.view_layer.update()
    make_parts(rehearsal, HEIGHT, ("low", "high"))
    press_cut(rehearsal)
    answer_close(rehearsal)
    assert [open_edges(one) for one in parts()] == [0, 0]
    turn(rig, -0.2)
    graph = bpy.context.evaluated_depsgraph_get()
    for one in parts():
        shown = part("scene.mesh.evaluated").new_mesh_of(one, bpy.context.view_layer)
        assert len(shown.polygons) == len(one.data.polygons) and np.isfinite([vertex.co[:] for vertex in shown.vertices]).all()
    assert graph is not None
