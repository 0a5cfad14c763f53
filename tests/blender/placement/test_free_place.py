"""Results stand clear of what is in the scene, and a run's end changes no selection that the artist has made meanwhile."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from arranged import BOWL, CUP, VIEW, glbs, made, start  # noqa: F401  (glbs and start are fixtures)
from conftest import part
from mathutils import Vector


def cube(size: float = 2.0, at=(0, 0, 0), height: float | None = None) -> bpy.types.Object:
    """Around `at`, as the one of Blender's startup scene; `height` where it is no cube."""
    bpy.ops.mesh.primitive_cube_add(size=size, location=at)
    obj = bpy.context.active_object
    if height is not None:
        obj.scale.z = height / size
    bpy.context.view_layer.update()
    return obj


def run_in(start, glbs, layout: str):
    run = start(layout)
    for index in range(2):
        run.mesh(index, glbs[index], textured=False)
    run.arrange(CUP, BOWL, **VIEW)
    run.finish(2)
    bpy.context.view_layer.update()
    return run


def room(obj) -> tuple[np.ndarray, np.ndarray]:
    corners = np.array([obj.matrix_world @ Vector(corner) for corner in obj.bound_box])
    return corners.min(axis=0), corners.max(axis=0)


def meet(one, other) -> bool:
    (low, high), (other_low, other_high) = room(one), room(other)
    return bool(((low < other_high - 1e-4) & (other_low < high - 1e-4)).all())


def middle() -> np.ndarray:
    """Of the ground that the two things cover."""
    several = [room(made(name)) for name in ("cup", "bowl")]
    return (np.min([low for low, _ in several], axis=0) + np.max([high for _, high in several], axis=0))[:2] / 2


@pytest.mark.parametrize("layout", ["PHOTO", "ROW", "CURSOR"])
def test_nothing_stands_in_the_default_cube(start, glbs, layout):
    there = cube()
    run_in(start, glbs, layout)
    assert not meet(made(), there) and not meet(made("bowl"), there)
    assert np.abs(middle()).max() < 4, "and not far from where they would have stood"
    assert np.allclose(there.location, 0)


@pytest.mark.parametrize("layout", ["PHOTO", "ROW"])
@pytest.mark.parametrize("kind", ["floor", "room", "hidden", "light", "above"])
def test_what_is_not_in_the_way(start, glbs, layout, kind):
    if kind == "floor":
        bpy.ops.mesh.primitive_plane_add(size=30)
    elif kind == "room":
        cube(12.0, (0, 0, 5.9))
    elif kind == "hidden":
        cube().hide_set(True)
    elif kind == "light":
        bpy.ops.object.light_add(type="POINT", location=(0, 0, 0.3))
    else:
        cube(2.0, (0, 0, 9))
    run_in(start, glbs, layout)
    assert np.abs(middle()).max() < 0.06


@pytest.mark.parametrize("layout", ["PHOTO", "ROW"])
def test_a_small_thing_on_the_floor_is_seen_as_one(start, glbs, layout):
    bpy.ops.mesh.primitive_plane_add(size=30)
    stone = cube(0.3)
    run_in(start, glbs, layout)
    assert not meet(made(), stone) and not meet(made("bowl"), stone)


def test_on_a_table_under_the_cursor(start, glbs):
    table = cube(2.0, (5, 5, 0.4), height=0.8)
    bpy.context.scene.cursor.location = (5, 5, 0.8)
    run_in(start, glbs, "CURSOR")
    assert np.allclose(middle(), 5, atol=0.02) and room(made())[0][2] == pytest.approx(room(table)[1][2], abs=1e-4)


def test_instances_of_a_collection_take_room(start, glbs):
    stored = bpy.data.collections.new("stored")
    there = cube()
    bpy.context.scene.collection.objects.unlink(there)
    stored.objects.link(there)
    bpy.ops.object.collection_instance_add(collection="stored", location=(0, 0, 0))
    run_in(start, glbs, "PHOTO")
    assert abs(middle()).max() > 1


def test_the_nearest_place_of_a_crowd(owner):
    free_place, extents = part("scene.placement.free_place"), part("scene.mesh.extents")
    random = np.random.default_rng(3)
    crowd = [extents.Extents(low=(x, y, 0.0), high=(x + 1, y + 1, 1.0)) for x, y in random.uniform(-12, 12, (150, 2)).tolist()]
    own = extents.Extents(low=(-0.5, -0.5, 0.0), high=(0.5, 0.5, 1.0))
    x, y = free_place.step_aside(own, crowd, 0.1)
    moved = own.moved(x, y)
    gaps = [max(max(a.low[k] - moved.high[k], moved.low[k] - a.high[k]) for k in (0, 1)) for a in crowd]
    assert min(gaps) >= 0.099
    steps = np.stack(np.meshgrid(*[np.arange(-15, 15, 0.25)] * 2), -1).reshape(-1, 2)
    cost = np.where(steps[:, 0] >= 0, steps[:, 0], -1.01 * steps[:, 0]) + np.where(steps[:, 1] >= 0, 3 * steps[:, 1], -2 * steps[:, 1])
    lows, highs = np.array([a.low[:2] for a in crowd]), np.array([a.high[:2] for a in crowd])
    clear = np.array([not ((lows - 0.1 < 0.5 + s) & (s - 0.5 < highs + 0.1)).all(axis=1).any() for s in steps])
    own_cost = (x if x >= 0 else -1.01 * x) + (3 * y if y >= 0 else -2 * y)
    assert own_cost <= cost[clear].min() + 1e-6, "no place on a fine grid is nearer"


def test_what_is_selected_meanwhile_stays_so(start, glbs):
    first, other = cube(), cube(1.0, (8, 8, 0))
    bpy.ops.object.select_all(action="DESELECT")
    run = start("ROW")
    run.mesh(0, glbs[0], textured=False)
    other.select_set(True)
    bpy.context.view_layer.objects.active = other
    run.mesh(1, glbs[1], textured=False)
    run.finish(2)
    assert bpy.context.selected_objects == [other] and bpy.context.view_layer.objects.active == other and not first.select_get()


def test_what_was_selected_before_makes_way(start, glbs):
    cube()
    run_in(start, glbs, "ROW")
    assert {obj.name for obj in bpy.context.selected_objects} == {"cup", "bowl"}


def test_solid_shading_has_a_texture_to_show(start, glbs):
    """Blender's Solid shading shows the active node's picture."""
    run_in(start, glbs, "ROW")
    shading = part("scene.view.first_look").show_textures_in_solid
    view = next(area for screen in bpy.data.screens for area in screen.areas if area.type == "VIEW_3D").spaces.active.shading
    view.type, view.color_type = "SOLID", "OBJECT"
    shading(view)
    assert view.color_type == "OBJECT", "the artist's choice"
    view.color_type = "MATERIAL"
    shading(view)
    assert view.color_type == "TEXTURE"
