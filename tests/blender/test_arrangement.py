"""Objects stand where they stood in the photo, and a camera sees them so; what the artist has touched stays."""

from __future__ import annotations

import math
import zlib

import bpy
import numpy as np
import pytest
from boxes import write_box
from bpy_extras.object_utils import world_to_camera_view
from conftest import part
from mathutils import Matrix, Vector
from scripted import Rehearsal

VIEW = {"focal": 1.1, "pitch": 0.3, "height": 1.4, "roll": 0.08}
CUP, BOWL = (-0.4, 3.0, 0.2, 0.5), (0.5, 4.0, -0.3, 1.5)  # x, y, yaw, scale
SIZES = ((0.4, 0.8, 0.3), (0.9, 0.5, 0.9))  # width, height, depth in metres
PHOTO = (360, 160)


@pytest.fixture(scope="module")
def glbs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("boxes")
    return [write_box(folder / f"{i}.glb", *size) for i, size in enumerate(SIZES)]


@pytest.fixture
def start(owner, values, photo, as_with_a_window, monkeypatch):
    """Begins a run of two names, and says where they are in the photo."""
    rehearsal = Rehearsal(owner, monkeypatch)

    def begin(layout: str = "PHOTO") -> Rehearsal:
        settings = bpy.context.scene.img23d
        settings.photo, settings.names, settings.layout = str(photo), "cup, bowl", layout
        assert bpy.ops.img23d.generate() == {"FINISHED"}
        rehearsal.tick()
        m = rehearsal.messages
        targets = [
            m.LocatedTarget(name=name, box=m.Box(left=x, top=0.2, right=x + 0.3, bottom=0.8))
            for name, x in (("cup", 0.1), ("bowl", 0.6))
        ]
        rehearsal.link.say(m.Located(job=rehearsal.job.id, targets=tuple(targets), photo_width=PHOTO[0], photo_height=PHOTO[1]))
        rehearsal.tick()
        return rehearsal

    return begin


@pytest.fixture
def run(start, glbs):
    """Both things are made and arranged."""
    rehearsal = start()
    for index in range(2):
        rehearsal.mesh(index, glbs[index], textured=False)
    rehearsal.arrange(CUP, BOWL, **VIEW)
    return rehearsal


def made(name="cup"):
    return bpy.data.objects[name]


def camera(name="three Camera"):
    return bpy.data.objects[name]


def standing(run, index):
    return run.owner.applier.placer.standing(run.job, index).name


def box_in_photo(pose, size) -> np.ndarray:
    """left, top, right, bottom in fractions, from what the protocol says about the camera; (4,)"""
    x, y, yaw, scale = pose
    corners = np.array([(i * size[0] / 2, j * size[2] / 2, k * size[1]) for i in (-1, 1) for j in (-1, 1) for k in (0, 1)])
    cosine, sine = math.cos(yaw), math.sin(yaw)
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    rays = scale * corners @ turn.T + (x, y, -VIEW["height"])
    pitch, roll = VIEW["pitch"], VIEW["roll"]
    right, up = np.array([1.0, 0, 0]), np.array([0, math.sin(pitch), math.cos(pitch)])
    forward = np.array([0, math.cos(pitch), -math.sin(pitch)])
    # The camera's own right side goes down when it is turned clockwise
    right, up = math.cos(roll) * right - math.sin(roll) * up, math.sin(roll) * right + math.cos(roll) * up
    across = 0.5 + VIEW["focal"] * (rays @ right) / (rays @ forward)
    down = 0.5 - VIEW["focal"] * (rays @ up) / (rays @ forward) * PHOTO[0] / PHOTO[1]
    return np.array([across.min(), down.min(), across.max(), down.max()])


def box_in_camera(obj) -> np.ndarray:
    bpy.context.view_layer.update()
    points = [obj.matrix_world @ vertex.co for vertex in obj.data.vertices]
    seen = np.array([world_to_camera_view(bpy.context.scene, camera(), point) for point in points])
    return np.array([seen[:, 0].min(), 1 - seen[:, 1].max(), seen[:, 0].max(), 1 - seen[:, 1].min()])


def check_as_in_photo() -> None:
    assert bpy.ops.img23d.use_photo_camera() == {"FINISHED"}
    for name, pose, size in zip(("cup", "bowl"), (CUP, BOWL), SIZES, strict=True):
        assert box_in_camera(made(name)) == pytest.approx(box_in_photo(pose, size), abs=2e-3), name


def ground(obj) -> tuple[list, list]:
    bpy.context.view_layer.update()
    points = [obj.matrix_world @ Vector(corner) for corner in obj.bound_box]
    return [min(p[i] for p in points) for i in range(3)], [max(p[i] for p in points) for i in range(3)]


def middle_of_ground(*objects) -> list[float]:
    lows, highs = zip(*map(ground, objects), strict=True)
    return [(min(low[i] for low in lows) + max(high[i] for high in highs)) / 2 for i in range(2)]


# --- as in the photo ----------------------------------------------------------------------------------------------------


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


def test_a_better_camera_unless_the_artist_has_changed_it(run):
    run.arrange(CUP, BOWL, **VIEW | {"focal": 2.0})
    assert camera().data.lens == pytest.approx(72)
    camera().data.lens = 50
    run.arrange(CUP, BOWL, **VIEW | {"height": 3.0})
    assert camera().data.lens == 50 and camera().location.z == pytest.approx(VIEW["height"])
    assert len(bpy.data.cameras) == 1


def test_a_camera_of_the_artists_own_stays_the_scenes(start, glbs):
    own = bpy.data.objects.new("own", bpy.data.cameras.new("own"))
    bpy.context.scene.collection.objects.link(own)
    bpy.context.scene.camera = own
    run = start()
    run.mesh(0, glbs[0], textured=False)
    run.arrange(CUP, None, **VIEW)
    assert bpy.context.scene.camera == own
    bpy.ops.img23d.use_photo_camera()
    assert bpy.context.scene.camera == camera()


@pytest.mark.parametrize("what", ["camera", "collection"])
def test_a_deleted_camera_does_not_come_back(run, what):
    if what == "camera":
        bpy.data.objects.remove(camera())
    else:
        bpy.data.collections.remove(bpy.data.collections["three"])
    run.arrange(CUP, BOWL, **VIEW)
    assert not [obj for obj in bpy.context.scene.objects if obj.type == "CAMERA"]


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


# --- the photo behind them ----------------------------------------------------------------------------------------------


def shown_size(picture, stored: float, frame: float) -> tuple[float, float]:
    """Width and height of the picture on the screen where the frame is 1 wide, as Blender's overlay_image.cc fits it."""
    fills = picture.frame_method == "CROP"
    width = 1.0 if (stored > frame) != fills else stored / frame
    width, height = width * picture.scale, width / stored * picture.scale
    return (height, width) if round(picture.rotation / (math.pi / 2)) % 2 else (width, height)


@pytest.mark.parametrize("orientation", [1, 6, 8])
@pytest.mark.parametrize("resolution", [(1920, 1080), (1000, 1000), (500, 2000), (4000, 1000)])
def test_the_photo_covers_the_frames_width_and_is_upright(start, glbs, photo, orientation, resolution):
    render = bpy.context.scene.render
    render.resolution_x, render.resolution_y = resolution
    exif = b"MM\0*" + (8).to_bytes(4, "big") + bytes((0, 1, 1, 18, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0)) + bytes(4)
    data = photo.read_bytes()
    chunk = len(exif).to_bytes(4, "big") + b"eXIf" + exif
    turned = photo.parent / f"turned {orientation}.png"
    turned.write_bytes(data[:33] + chunk + zlib.crc32(chunk[4:]).to_bytes(4, "big") + data[33:])
    run = start()
    object.__setattr__(run.job.request, "photo", str(turned))
    width, height = PHOTO if orientation == 1 else PHOTO[::-1]
    run.job.photo_size = (width, height)
    run.mesh(0, glbs[0], textured=False)
    run.arrange(CUP, None, **VIEW)
    data = camera(f"turned {orientation} Camera").data
    (picture,) = data.background_images
    assert data.show_background_images and picture.image.size[:] == PHOTO, "Blender shows pixels as they are stored"
    assert picture.rotation == pytest.approx({1: 0, 6: math.pi / 2, 8: 3 * math.pi / 2}[orientation])
    assert shown_size(picture, PHOTO[0] / PHOTO[1], resolution[0] / resolution[1]) == pytest.approx((1, height / width))
    bpy.ops.img23d.use_photo_camera()
    frame = render.resolution_x / render.resolution_y
    assert frame == pytest.approx(width / height, rel=2e-3)
    assert shown_size(picture, PHOTO[0] / PHOTO[1], frame) == pytest.approx((1, height / width), rel=2e-3)


# --- the real size ------------------------------------------------------------------------------------------------------


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
    assert part("scene.tags").find_tagged(reopened.job.id, 0, "cup") == made("cup")
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


# --- in view ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "size", "is_seen"),
    [
        ((0, 5, 0), 1.0, True),
        ((0, -5, 0), 1.0, False),  # behind
        ((50, 5, 0), 1.0, False),  # beside
        ((0, 2000, 0), 1.0, False),  # beyond what is drawn
        ((0, 500, 0), 1.0, False),  # a speck
        ((0, 0, 0), 9.0, True),  # all around
    ],
)
def test_what_counts_as_seen(owner, place, size, is_seen):
    extents, in_view = part("scene.extents"), part("scene.in_view")
    far, near = 1000.0, 0.1
    window = Matrix(((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, -(far + near) / (far - near), -2 * far * near / (far - near)), (0, 0, -1, 0)))
    view = window @ Matrix.Rotation(-math.pi / 2, 4, "X")  # looks along +y
    box = extents.around([Vector(place) - Vector((size / 2,) * 3), Vector(place) + Vector((size / 2,) * 3)])
    assert in_view.is_seen(view, box) is is_seen
