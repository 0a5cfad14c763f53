"""The camera that sees the objects as the photo does, and the photo behind them."""

from __future__ import annotations

import math
import zlib

import bpy
import pytest
from arranged import BOWL, CUP, PHOTO, VIEW, camera, glbs, run, start  # noqa: F401  (glbs, run and start are fixtures)


def test_a_better_camera_unless_the_artist_has_changed_it(run):
    run.arrange(CUP, BOWL, **VIEW | {"focal": 2.0})
    assert camera().data.lens == pytest.approx(72)
    camera().data.lens = 50
    run.arrange(CUP, BOWL, **VIEW | {"height": 3.0})
    assert camera().data.lens == 50 and camera().location.z == pytest.approx(VIEW["height"])
    assert len(bpy.data.cameras) == 1


def test_a_copy_of_the_camera_is_the_artists(run):
    copy = camera().copy()
    copy.name = "a copy"  # stands before the other one in the file
    bpy.context.scene.collection.objects.link(copy)
    place = copy.location.copy()
    run.arrange(CUP, BOWL, **VIEW | {"height": 3.0})
    assert copy.location == place and camera().location.z == pytest.approx(3.0)


def test_a_camera_of_the_artists_own_stays_the_scenes(start, glbs):
    own = bpy.data.objects.new("own", bpy.data.cameras.new("own"))
    bpy.context.scene.collection.objects.link(own)
    bpy.context.scene.camera = own
    run = start()
    run.mesh(0, glbs[0], textured=False)
    run.arrange(CUP, None, **VIEW)
    assert bpy.context.scene.camera == own
    bpy.ops.img23d.use_photo_camera()
    assert bpy.context.scene.camera == own
    bpy.ops.img23d.render_as_photo()
    assert bpy.context.scene.camera == camera()


@pytest.mark.parametrize("what", ["camera", "collection"])
def test_a_deleted_camera_does_not_come_back(run, what):
    if what == "camera":
        bpy.data.objects.remove(camera())
    else:
        bpy.data.collections.remove(bpy.data.collections["three"])
    run.arrange(CUP, BOWL, **VIEW)
    assert not [obj for obj in bpy.context.scene.objects if obj.type == "CAMERA"]


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
    bpy.ops.img23d.render_as_photo()
    frame = render.resolution_x / render.resolution_y
    assert frame == pytest.approx(width / height, rel=2e-3)
    assert shown_size(picture, PHOTO[0] / PHOTO[1], frame) == pytest.approx((1, height / width), rel=2e-3)
