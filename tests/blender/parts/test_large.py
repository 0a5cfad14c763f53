"""A mesh of 100,000 faces: Blender's main thread is never held for long."""

from __future__ import annotations

import time

import bpy
import numpy as np
import pytest
from dividing import answer, by_height, cut, parts, press
from test_lids import press_cut, tell_lids

LONGEST = 1.0  # seconds of one processor, three times what it takes: a machine that runs tests is busy
EIGHTS = tuple(f"part {number}" for number in range(8))


@pytest.fixture
def large(owner) -> bpy.types.Object:
    """101,124 faces with a UV map, four materials and weights."""
    obj = sphere(318)
    for number in range(4):
        obj.data.materials.append(bpy.data.materials.new(f"m{number}"))
    obj.data.polygons.foreach_set("material_index", np.arange(len(obj.data.polygons), dtype=np.int32) % 4)
    obj.vertex_groups.new(name="all").add(range(len(obj.data.vertices)), 0.5, "REPLACE")
    return obj


def sphere(count: int) -> bpy.types.Object:
    """As Blender's UV sphere with so many segments and rings, which takes it 7 s of a processor to make, chosen and active."""
    up, round_ = np.meshgrid(np.arange(1, count) * np.pi / count, np.arange(count) * 2 * np.pi / count, indexing="ij")
    rings = np.stack((np.sin(up) * np.cos(round_), np.sin(up) * np.sin(round_), np.cos(up)), axis=-1).reshape(-1, 3)
    first = np.arange(count)
    after = (first + 1) % count
    quads = np.stack((first, first + count, after + count, after), axis=1) + count * np.arange(count - 2)[:, None, None]
    last = count * (count - 2)
    top, bottom = len(rings), len(rings) + 1
    caps = [(top, a, b) for a, b in zip(first, after, strict=True)] + [(bottom, last + b, last + a) for a, b in zip(first, after, strict=True)]
    mesh = bpy.data.meshes.new("Sphere")
    mesh.from_pydata([*rings, (0, 0, 1), (0, 0, -1)], [], [*quads.reshape(-1, 4).tolist(), *np.array(caps).tolist()])
    corners = np.array([vertex.co for vertex in mesh.vertices])[[loop.vertex_index for loop in mesh.loops]]
    mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", (corners[:, :2] * 0.5 + 0.5).astype(np.float32).ravel())
    obj = bpy.data.objects.new("Sphere", mesh)
    bpy.context.collection.objects.link(obj)
    obj.select_set(True)
    bpy.context.view_layer.objects.active = obj
    return obj


def eighths(middles: np.ndarray) -> np.ndarray:
    return ((middles > 0) @ [1, 2, 4]).astype(np.int32)


def timed(what: str, act) -> None:
    start = time.thread_time()
    act()
    seconds = time.thread_time() - start
    print(f"{what}: {seconds:.3f} s")
    assert seconds < LONGEST, what


def test_no_step_holds_the_main_thread(rehearsal, large, owner):
    assert len(large.data.polygons) > 100_000
    timed("the press, with the capture", lambda: press(rehearsal))
    timed("the preview", lambda: answer(rehearsal, eighths, EIGHTS))
    timed("a click on a line", lambda: setattr(large.img23d_parts, "active", 3))
    timed("a part hidden", lambda: setattr(large.img23d_parts.rows[1], "is_shown", False))
    bpy.ops.img23d.mark_part(number=4)
    timed("two parts merged", bpy.ops.img23d.merge_parts)
    timed("cut open", lambda: cut(closed=False))
    assert len(parts()) == 7
    timed("joined back", bpy.ops.img23d.join_parts)
    assert large.users_scene and not parts()


def test_closing(rehearsal, large, owner):
    press(rehearsal)
    answer(rehearsal, by_height(-0.5, 0.0, 0.5), ("a", "b", "c", "d"))
    timed("the press, with the capture", lambda: press_cut(rehearsal))
    tell = tell_lids(rehearsal)
    timed("cut closed", tell)
    assert len(parts()) == 4
