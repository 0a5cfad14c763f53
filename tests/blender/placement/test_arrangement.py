"""Objects stand where they stood in the photo, or in a row; what the artist has touched stays."""

from __future__ import annotations

import bpy
import pytest
from arranged import (  # noqa: F401  (glbs, run and start are fixtures)
    BOWL,
    CUP,
    VIEW,
    camera,
    check_as_in_photo,
    glbs,
    ground,
    made,
    middle_of_ground,
    run,
    start,
)


def test_they_stand_as_in_the_photo_about_the_worlds_origin(run):
    for name, pose in (("cup", CUP), ("bowl", BOWL)):
        obj = made(name)
        assert obj.rotation_euler[:] == pytest.approx((0, 0, pose[2])) and obj.scale[:] == pytest.approx((pose[3],) * 3)
        assert obj.location.z == 0
    step = made("bowl").location - made("cup").location
    assert step[:] == pytest.approx((BOWL[0] - CUP[0], BOWL[1] - CUP[1], 0), abs=1e-5)
    assert middle_of_ground(made("cup"), made("bowl")) == pytest.approx([0, 0], abs=1e-4)
    assert camera().users_collection[:] == made("cup").users_collection[:] and not camera().select_get()
    check_as_in_photo()
    render = bpy.context.scene.render
    assert (render.resolution_x, render.resolution_y) == (1920, 853) and bpy.context.scene.camera == camera()


def test_known_before_the_mesh_is_there(start, glbs):
    run = start()
    run.arrange(CUP, None, **VIEW)
    assert not bpy.data.objects.keys()
    run.mesh(0, glbs[0], textured=False)
    assert made().scale[0] == CUP[3] and "three Camera" in bpy.data.objects
    run.mesh(1, glbs[1], textured=False)
    low, high = ground(made("bowl"))
    assert low[0] > ground(made("cup"))[1][0], "beside the group until its place is known"
    run.arrange(CUP, BOWL, **VIEW)
    check_as_in_photo()


def test_painted_in_place(run, glbs):
    place = made().location[:]
    run.mesh(0, glbs[0], textured=True)
    run.arrange((0.0, 3.0, 0.2, 0.5), BOWL, **VIEW)
    assert made().location[:] != place, "a painted object still goes to the better place"
    run.finish(2)
    assert sorted(obj.name for obj in bpy.context.selected_objects) == ["bowl", "cup"]


@pytest.mark.parametrize("change", ["location", "rotation_euler", "scale", "parent"])
def test_what_the_artist_touched_stays_and_the_others_get_better_places(run, change):
    cup, view = made(), camera().location[:]
    if change == "parent":
        cup.parent = bpy.data.objects.new("parent", None)
    else:
        getattr(cup, change)[2] += 0.5
    before, bowl = cup.matrix_basis.copy(), made("bowl").location.copy()
    run.arrange((1.0, 2.0, 0.0, 1.0), (BOWL[0] + 1, *BOWL[1:]), **VIEW)
    assert made().matrix_basis == before
    assert (made("bowl").location - bowl)[:] == pytest.approx((1, 0, 0), abs=1e-5), "by its own step and no shift"
    assert camera().location[:] == pytest.approx(view)


def test_a_later_run_stands_beside_an_earlier_one(run, start, glbs):
    run.finish(2)
    first = max(ground(made(name))[1][0] for name in ("cup", "bowl"))
    start()
    for index in range(2):
        run.mesh(index, glbs[index], textured=False)
    run.arrange(CUP, BOWL, **VIEW)
    second = [made("cup.001"), made("bowl.001")]
    assert min(ground(obj)[0][0] for obj in second) == pytest.approx(first + 0.15, abs=1e-3)
    assert middle_of_ground(*second)[1] == pytest.approx(0, abs=1e-4)
    assert camera("three Camera.001").location.x > camera().location.x


def test_units_other_than_metres(start, glbs):
    bpy.context.scene.unit_settings.scale_length = 0.01
    run = start()
    for index in range(2):
        run.mesh(index, glbs[index], textured=False)
    run.arrange(CUP, BOWL, **VIEW)
    assert (made("bowl").location - made("cup").location)[:] == pytest.approx((90, 100, 0), abs=1e-3)
    assert camera().location.z == pytest.approx(140) and made().scale[0] == CUP[3]
    assert camera().data.clip_end > 1000, "nothing is cut off"
    check_as_in_photo()


def test_one_undo_step_with_the_camera(start, glbs):
    bpy.ops.ed.undo_push(message="before")
    run = start()
    run.mesh(0, glbs[0], textured=False)
    run.arrange(CUP, None, **VIEW)
    run.finish()
    bpy.ops.ed.undo()
    assert not bpy.data.objects.keys() and bpy.context.scene.camera is None
    bpy.ops.ed.redo()
    assert sorted(bpy.data.objects.keys()) == ["cup", "three Camera"]
    run.arrange(CUP, None, **VIEW)
    assert len(bpy.data.cameras) == 1


# --- in a row -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["ROW", "CURSOR"])
def test_a_row_takes_only_the_scale(start, glbs, layout):
    bpy.context.scene.cursor.location = (3, 4, 5)
    run = start(layout)
    for index in range(2):
        run.mesh(index, glbs[index], textured=False)
    run.arrange(CUP, BOWL, row_scale=2.0, **VIEW)
    cup, bowl = made("cup"), made("bowl")
    assert cup.scale[:] == bowl.scale[:] == (2, 2, 2) and "three Camera" not in bpy.data.objects
    middle = (3, 4, 5) if layout == "CURSOR" else (0, 0, 0)
    assert cup.location[1:] == bowl.location[1:] == middle[1:] and middle_of_ground(cup, bowl)[0] == pytest.approx(middle[0], abs=1e-5)
    assert ground(bowl)[0][0] - ground(cup)[1][0] == pytest.approx(0.3, abs=1e-5)


def test_without_an_arrangement_it_is_a_row(start, glbs):
    run = start()
    for index in range(2):
        run.mesh(index, glbs[index], textured=False)
    run.finish(2)
    assert made("cup").location.x < 0 < made("bowl").location.x and made("cup").location.y == 0
