"""Objects come into the middle of what a viewport leaves free; a pinhole camera that this test computes itself looks at them."""

from __future__ import annotations

from itertools import product

import bpy
import numpy as np
import pytest
from conftest import part
from mathutils import Matrix, Quaternion, Vector

REGION = (0, 28, 1000, 828)
LENS, SENSOR = 50.0, 72.0  # a viewport's lens; it shows twice the width of a camera's 36 mm
NEAR = 0.01
BOXES = [((-1, -1, 0), (1, 1, 2)), ((3, 4, 5), (3.2, 9, 5.1)), ((-0.01, 0, 0), (0.01, 0.02, 0.03))]
FREE = [(0, 28, 1000, 828), (60, 28, 700, 780), (400, 28, 1000, 828)]

pytestmark = pytest.mark.usefixtures("installed")


def seen(points: np.ndarray, location, rotation: Quaternion, distance: float) -> np.ndarray:
    """(n, 2) pixels, by glFrustum's arithmetic written out: half the longer side at a depth is depth x sensor / (2 lens)."""
    turn = np.array(rotation.to_matrix())
    eye = np.array(location) + turn @ (0, 0, distance)
    right, up, back = ((points - eye) @ turn).T
    assert (back < 0).all(), "nothing lies behind the eye"
    pixels = max(REGION[2] - REGION[0], REGION[3] - REGION[1]) * LENS / SENSOR
    middle = (REGION[0] + REGION[2]) / 2, (REGION[1] + REGION[3]) / 2
    return np.stack([middle[0] + pixels * right / -back, middle[1] + pixels * up / -back], axis=1)


def corners_of(low, high) -> np.ndarray:
    return np.array(list(product(*zip(low, high, strict=True))), float)


def scales() -> tuple[float, float]:
    wide, high = REGION[2] - REGION[0], REGION[3] - REGION[1]
    return 2 * LENS / SENSOR, 2 * LENS / SENSOR * wide / high


def fitted(box, rotation, free):
    corners = corners_of(*box)
    middle = corners.mean(axis=0)
    turned = [rotation.inverted() @ Vector(corner - middle) for corner in corners]
    distance, (right, up) = part("scene.view.framing").fitted_view(turned, scales(), free, REGION)
    return corners, Vector(middle) + rotation @ Vector((right, up, 0)), distance


@pytest.mark.parametrize("free", FREE)
@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("angles", [(70, 0, 22), (90, 0, 0), (30, 5, 200)])
def test_all_of_it_is_in_what_is_free_with_room_around(box, free, angles):
    rotation = Matrix.Rotation(np.radians(angles[2]), 3, "Z").to_quaternion() @ Matrix.Rotation(np.radians(angles[0]), 3, "X").to_quaternion()
    corners, location, distance = fitted(box, rotation, free)
    at = seen(corners, location, rotation, distance)
    low, high = at.min(axis=0), at.max(axis=0)
    assert (low > (free[0], free[1])).all() and (high < (free[2], free[3])).all()
    fills = (high - low) / (free[2] - free[0], free[3] - free[1])
    assert 0.4 < fills.max() <= 0.75


def test_without_perspective_depth_counts_for_nothing():
    """An orthographic view: half a unit across is seen as wide at every depth, and at twice the distance half as wide."""
    free, (across, _) = FREE[1], scales()
    corners = [Vector((x, y, 0)) for x, y, _ in corners_of((-1, -0.5, 0), (1, 0.5, 0))]
    distance, (right, _up) = part("scene.view.framing").fitted_view(corners, scales(), free, REGION)
    pixels = 500 * across / distance  # of one unit
    assert 2 * pixels / (free[2] - free[0]) == pytest.approx(0.7, rel=1e-3)
    assert 500 - pixels * right == pytest.approx((free[0] + free[2]) / 2, abs=0.5)


@pytest.mark.parametrize("free", [(5, 28, 5, 828), (0, 28, 1000, 28)])
def test_where_nothing_is_free_nothing_is_done(free):
    assert part("scene.view.framing").fitted_view([Vector((1, 1, 1))], scales(), free, REGION) is None


def startup_view() -> bpy.types.RegionView3D:
    """Of Blender's own startup file, read anew."""
    areas = (area for screen in bpy.data.screens if screen.name == "Layout" for area in screen.areas)
    return next(area.spaces.active.region_3d for area in areas if area.type == "VIEW_3D")


def cube(x: float) -> bpy.types.Object:
    bpy.ops.mesh.primitive_cube_add(location=(x, 0, 1))
    return bpy.context.active_object


def turned(view: bpy.types.RegionView3D, *objects: bpy.types.Object) -> Vector:
    """From where it is looked at them."""
    part("scene.view.framing").turn_to_front(objects, part("scene.file.windows").workplace_of(bpy.context.scene), view)
    return view.view_rotation @ Vector((0, 0, 1))


def test_the_startup_view_is_turned_to_the_side_where_nothing_stands_before_it(empty_file):
    view, other, right, left = startup_view(), cube(0), cube(5), cube(-5)
    for thing, side in ((right, 1), (left, -1), (right, 1)):
        bpy.data.objects[(left if thing is right else right).name].hide_set(True)
        thing.hide_set(False)
        eye = turned(view, thing)
        assert eye.y < -0.8 and 0.1 < side * eye.x < 0.5 and 0.2 < eye.z < 0.5, "from the front, a little from its side and from above"
    assert other.name in bpy.context.scene.objects


def test_a_view_of_ones_own_is_kept(empty_file):
    view, thing = startup_view(), cube(5)
    before = view.view_rotation.copy()
    for other in (Quaternion((0.7071, 0.7071, 0, 0)), before @ Quaternion((1, 0.01, 0, 0))):
        view.view_rotation = other
        kept = view.view_rotation[:]
        turned(view, thing)
        assert view.view_rotation[:] == kept
    view.view_rotation, view.view_perspective = before, "ORTHO"
    turned(view, thing)
    assert view.view_rotation[:] == before[:]
