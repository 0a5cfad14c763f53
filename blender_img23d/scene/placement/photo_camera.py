"""A camera that sees a run's objects as the photo does, with the photo behind them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import bpy
from mathutils import Matrix, Vector

from ...core.jobs import Job
from ...core.orientation import Orientation, photo_orientation
from ...shared.img23d_protocol.messages import PhotoCamera
from ..file.tags import CAMERA, RUN, TIME, find_by_uid, tag_run
from ..mesh.transform import transform_of
from .arrangement import World

_SENSOR = 36.0  # mm; the width of the photo
_NEAR, _FAR = 0.01, 1000.0  # metres
_DRAWN = 0.25  # metres: how large the camera is drawn
_ALPHA = 0.5
_GROUND = "img23d_ground"  # of the camera: where its own world's origin lies in the scene
_UNIT = "img23d_unit"  # of the camera: scene units a metre of its own world
_PHOTO_SIZE = "img23d_photo_size"  # of the camera: pixels of the upright photo


@dataclass(frozen=True, kw_only=True)
class CameraMade:
    uid: int
    state: tuple  # as it was made; another one is the artist's. Empty where it came with the file


def camera_of(run: str, scene: bpy.types.Scene, made: CameraMade | None = None) -> bpy.types.Object | None:
    """The very one that was made, where that is known: a copy made by the artist has the same tags."""
    cameras = [obj for obj in scene.objects if obj.type == "CAMERA" and obj.get(CAMERA) == run]
    return next((camera for camera in cameras if made is None or camera.session_uid == made.uid), None)


def world_of(camera: bpy.types.Object) -> World:
    """Where the camera's world lies now, which is elsewhere after the run was given its real size."""
    return World(origin=tuple(camera[_GROUND]), unit=camera[_UNIT])


def is_as_made(made: CameraMade | None) -> bool:
    """Whether it is still there and nobody has changed it; also where there was none yet."""
    if made is None:
        return True
    camera = find_by_uid(made.uid)
    return camera is None or _state(camera) == made.state


def make_camera(job: Job, scene: bpy.types.Scene, collection: bpy.types.Collection, world: World, view: PhotoCamera) -> CameraMade:
    """It becomes the scene's camera where there is none."""
    name = f"{Path(job.request.photo).stem} Camera"
    data = bpy.data.cameras.new(name)
    camera = bpy.data.objects.new(name, data)
    collection.objects.link(camera)
    tag_run(camera, job)
    camera[CAMERA] = data[CAMERA] = job.id
    camera[_PHOTO_SIZE] = list(job.photo_size)
    data.show_passepartout = False  # the frame is that of the scene's renders: what of the photo lies outside is seen as well
    _show_photo(data, job, scene)
    if scene.camera is None:
        scene.camera = camera
    return aim(camera, world, view)


def aim(camera: bpy.types.Object, world: World, view: PhotoCamera) -> CameraMade:
    """Give it the place, the turn and the lens of the photo's camera."""
    data = camera.data
    data.sensor_fit, data.sensor_width = "HORIZONTAL", _SENSOR
    data.lens = view.focal * _SENSOR
    data.clip_start, data.clip_end, data.display_size = (world.unit * metres for metres in (_NEAR, _FAR, _DRAWN))
    # Blender's cameras look down with their right side along x; turned up to the horizon, then down by the pitch
    turn = Matrix.Rotation(math.pi / 2 - view.pitch, 3, "X") @ Matrix.Rotation(-view.roll, 3, "Z")
    camera.rotation_euler = turn.to_euler()
    camera.location = Vector(world.origin) + Vector((0.0, 0.0, world.unit * view.height))
    camera[_GROUND], camera[_UNIT] = world.origin, world.unit
    return CameraMade(uid=camera.session_uid, state=_state(camera))


def scale_camera(camera: bpy.types.Object, scaling: Matrix, factor: float) -> None:
    """Carry it along when all that it sees is scaled; its own scale stays 1, and so does what it sees."""
    world, data = world_of(camera), camera.data
    moved = camera.matrix_world.copy()
    moved.translation = scaling @ moved.translation
    if camera.parent is None:
        camera.location = moved.translation
    else:
        camera.matrix_world = moved
    camera[_GROUND], camera[_UNIT] = scaling @ Vector(world.origin), world.unit * factor
    for name in ("clip_start", "clip_end", "display_size"):
        setattr(data, name, getattr(data, name) * factor)


def match_render(camera: bpy.types.Object, scene: bpy.types.Scene) -> None:
    """Make it the scene's camera and give renders the photo's proportions; their longer side stays."""
    scene.camera = camera
    aspect, render = photo_aspect(camera), scene.render
    longer = max(render.resolution_x, render.resolution_y)
    if aspect:
        render.resolution_x = max(round(longer * min(aspect, 1.0)), 4)
        render.resolution_y = max(round(longer * min(1.0 / aspect, 1.0)), 4)
        render.pixel_aspect_x = render.pixel_aspect_y = 1.0
        fit_photo(camera, scene)


def fit_photo(camera: bpy.types.Object, scene: bpy.types.Scene) -> None:
    """The photo behind the objects is as wide as the frame, whose proportions may have changed since it was put there."""
    aspect = photo_aspect(camera)
    for picture in camera.data.background_images if aspect else ():
        is_on_its_side = round(picture.rotation / (math.pi / 2)) % 2 == 1
        picture.frame_method = _method_for_width(1.0 / aspect if is_on_its_side else aspect, scene)


def photo_aspect(camera: bpy.types.Object) -> float:
    """Width over height of the upright photo; 0 where it is not known."""
    width, height = camera[_PHOTO_SIZE]
    return width / height if width and height else 0.0


def find_camera(context: bpy.types.Context) -> bpy.types.Object | None:
    """The camera of the active object's run, else the newest one of the scene."""
    active, scene = context.view_layer.objects.active, context.scene
    own = camera_of(active[RUN], scene) if active is not None and RUN in active else None
    cameras = [obj for obj in scene.objects if obj.type == "CAMERA" and CAMERA in obj]
    return own or max(cameras, key=lambda obj: obj.get(TIME, ""), default=None)


# --- steps ----------------------------------------------------------------------------------------------------------


def _state(camera: bpy.types.Object) -> tuple:
    data = camera.data
    lens = (data.type, data.lens, data.sensor_width, data.sensor_height, data.sensor_fit, data.shift_x, data.shift_y)
    return (*transform_of(camera), *lens)


def _show_photo(data: bpy.types.Camera, job: Job, scene: bpy.types.Scene) -> None:
    """Its width is the frame's, whatever the renders' proportions are; nothing is shown where Blender cannot read it."""
    width, height = job.photo_size
    if not Path(job.seen_photo).is_file() or not (width and height):
        return
    orientation = photo_orientation(job.seen_photo)
    stored = height / width if orientation.swaps_sides else width / height
    picture = data.background_images.new()
    picture.image = bpy.data.images.load(job.seen_photo, check_existing=True)
    picture.alpha = _ALPHA
    picture.frame_method = _method_for_width(stored, scene)
    _turn_upright(picture, orientation, stored)
    data.show_background_images = True


def _method_for_width(stored: float, scene: bpy.types.Scene) -> str:
    """The way of fitting that makes the stored picture as wide as the frame (overlay_image.cc in Blender's source)."""
    render = scene.render
    frame = render.resolution_x * render.pixel_aspect_x / (render.resolution_y * render.pixel_aspect_y)
    return "FIT" if stored > frame else "CROP"


def _turn_upright(picture: bpy.types.CameraBackgroundImage, orientation: Orientation, stored: float) -> None:
    """Blender shows pixels as they are stored: mirrored, scaled and then turned clockwise (overlay_image.cc)."""
    picture.use_flip_x = orientation.mirrored
    picture.rotation = orientation.quarters * math.pi / 2
    picture.scale = stored if orientation.swaps_sides else 1.0  # its height becomes its width
