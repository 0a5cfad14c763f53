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
    bpy.ops.mesh.primitive_uv_sphere_add(segments=318, ring_count=318)
    obj = bpy.context.object
    for number in range(4):
        obj.data.materials.append(bpy.data.materials.new(f"m{number}"))
    obj.data.polygons.foreach_set("material_index", np.arange(len(obj.data.polygons), dtype=np.int32) % 4)
    obj.vertex_groups.new(name="all").add(range(len(obj.data.vertices)), 0.5, "REPLACE")
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
