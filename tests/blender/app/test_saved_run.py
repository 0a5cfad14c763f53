"""A run as a whole, later: its real size, and its objects in a file that was saved and opened again."""

from __future__ import annotations

import bpy
import pytest
from arranged import (  # noqa: F401  (glbs, run and start are fixtures)
    BOWL,
    camera,
    check_as_in_photo,
    glbs,
    ground,
    made,
    middle_of_ground,
    run,
    standing,
    start,
)


def test_one_height_scales_the_run_and_what_the_camera_sees_stays(run):
    run.finish(2)
    bpy.context.view_layer.objects.active = made("cup")
    assert bpy.ops.img23d.set_real_height(height=0.1) == {"FINISHED"}
    low, high = ground(made("cup"))
    assert high[2] - low[2] == pytest.approx(0.1, rel=1e-4) and low[2] == pytest.approx(0, abs=1e-6)
    assert made("bowl").scale[0] == pytest.approx(BOWL[3] / 4)
    assert middle_of_ground(made("cup"), made("bowl")) == pytest.approx([0, 0], abs=1e-4)
    check_as_in_photo()


def test_the_real_height_with_a_parent_and_a_modifier(run):
    run.finish(2)
    cup, bowl = made("cup"), made("bowl")
    cup.modifiers.new("Array", "ARRAY").use_relative_offset = True
    cup.modifiers["Array"].relative_offset_displace = (0, 0, 1)  # twice as high
    bpy.context.view_layer.update()
    bowl.parent, bowl.matrix_parent_inverse = cup, cup.matrix_world.inverted()
    bpy.context.view_layer.objects.active = cup
    bpy.ops.img23d.set_real_height(height=1.6)
    assert cup.dimensions.z == pytest.approx(1.6, rel=1e-4) and bowl.scale[0] == pytest.approx(BOWL[3])
    bpy.context.view_layer.update()
    assert bowl.matrix_world.to_scale()[0] == pytest.approx(2 * BOWL[3], rel=1e-4)


def test_the_height_needs_an_object_of_a_run(run):
    assert not bpy.ops.img23d.set_real_height.poll(), "not while the job runs"
    run.finish(2)
    bpy.context.view_layer.objects.active = camera()
    assert not bpy.ops.img23d.set_real_height.poll()


# --- saved and opened again ---------------------------------------------------------------------------------------------


@pytest.fixture
def reopened(run, tmp_path):
    """The run's file saved with a copy of the cup, and opened again."""
    run.finish(2)
    copy = made("cup").copy()
    copy.name = "a copy"  # stands before the original in the file
    bpy.context.scene.collection.objects.link(copy)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    return run


def test_a_saved_runs_objects_are_known_again(reopened):
    placer = reopened.owner.applier.placer
    assert [standing(reopened, i) for i in range(2)] == ["IN_SCENE", "IN_SCENE"]
    assert placer.object_of(reopened.job, 0) == made("cup"), "and not its copy"
    assert bpy.ops.img23d.show_result(index=1) == {"FINISHED"} and bpy.context.active_object == made("bowl")
    assert made("cup")["img23d_run_name"] == "three" and made("cup")["img23d_time"].startswith("20")


def test_what_is_missing_comes_back_to_its_place(reopened):
    place = made("bowl").location[:]
    made("cup").location.x += 5  # the artist's now
    bpy.data.objects.remove(made("bowl"))
    assert standing(reopened, 1) == "GONE"
    bpy.context.view_layer.objects.active = made("cup")
    bpy.ops.img23d.import_result(index=1)
    assert made("bowl").location[:] == pytest.approx(place, abs=1e-5) and len(bpy.data.cameras) == 1
    assert [standing(reopened, i) for i in range(2)] == ["IN_SCENE", "IN_SCENE"]


def test_a_saved_run_gets_its_real_size(reopened):
    bpy.data.objects.remove(bpy.data.objects["a copy"])
    bpy.context.view_layer.objects.active = made("cup")
    bpy.ops.img23d.set_real_height(height=4.0)
    bowl = made("bowl").location[:], made("bowl").scale[:]
    check_as_in_photo()
    bpy.data.objects.remove(made("bowl"))
    bpy.ops.img23d.import_result(index=1)
    assert made("bowl").location[:] == pytest.approx(bowl[0], abs=1e-4) and made("bowl").scale[:] == pytest.approx(bowl[1])
