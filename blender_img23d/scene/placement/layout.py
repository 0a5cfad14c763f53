"""Gives the objects of a run their places, again and again as more is known; what the artist has touched stays."""

from __future__ import annotations

from collections.abc import Mapping

from ...core.jobs import Job
from ...shared.img23d_protocol.messages import Arranged, Pose
from ..file.windows import Workplace
from ..mesh.extents import Extents
from ..mesh.transform import Transform
from .arrangement import World, beside, group_extents, row_stances, row_width, world_around
from .object_registry import ObjectRegistry
from .photo_camera import CameraMade, aim, camera_of, is_as_made, make_camera, world_of
from .row import GAP
from .run_location import Spot, collection_for, make_room_for_group, make_room_for_row, results_of_others


def lay_out(job: Job, spot: Spot, registry: ObjectRegistry, indices: list[int], place: Workplace) -> None:
    """`indices` are the targets that have their places here, made or to be made."""
    objects = {key: obj for key, obj in registry.pieces(job).items() if key[0] in indices}
    untouched = {(index, piece): obj for (index, piece), obj in objects.items() if registry.is_untouched(job, index, obj, piece)}
    meshes = {index: made.extents for index in indices if (made := registry.made(job, index)) is not None}
    poses = _poses(job.arranged, meshes) if spot.layout == "PHOTO" else {}
    if poses:
        _find_ground(job, spot, poses, meshes, is_free=len(untouched) == len(objects))
        _keep_camera(job, spot, place)
    transforms = _transforms(job, spot, indices, poses, meshes, is_free=len(untouched) == len(objects))
    for (index, piece), obj in untouched.items():
        registry.put(job, index, obj, transforms[index], piece)


def _poses(arranged: Arranged | None, meshes: Mapping[int, Extents]) -> dict[int, Pose]:
    several = enumerate(arranged.poses) if arranged is not None else ()
    return {index: pose for index, pose in several if pose is not None and index in meshes}


def _find_ground(job: Job, spot: Spot, poses: dict[int, Pose], meshes: Mapping[int, Extents], *, is_free: bool) -> None:
    """The one shift from the photo's world to the scene. It stays as soon as the artist has touched anything."""
    scene = spot.scene()
    camera = camera_of(job.id, scene, spot.camera)
    if camera is not None and spot.camera is None:  # it came with the file
        spot.camera = CameraMade(uid=camera.session_uid, state=())
    if spot.world is None or (is_free and is_as_made(spot.camera)):
        group = group_extents(World(origin=(0.0, 0.0, 0.0), unit=spot.metres()), poses, meshes, spot.metres())
        make_room_for_group(spot, group, results_of_others(job.id, scene))
        spot.world = world_around(group, spot.centre, spot.metres())
    if camera is not None and not is_as_made(spot.camera):
        spot.world = world_of(camera)


def _keep_camera(job: Job, spot: Spot, place: Workplace) -> None:
    """Made once; moved to where it is known better unless the artist has changed it."""
    if spot.camera is None:
        collection = collection_for(spot, place, job.request.photo)
        spot.camera = make_camera(job, place.scene, collection, spot.world, job.arranged.camera)
        return
    camera = camera_of(job.id, place.scene, spot.camera)
    if camera is not None and is_as_made(spot.camera):
        spot.camera = aim(camera, spot.world, job.arranged.camera)


def _transforms(job: Job, spot: Spot, indices: list[int], poses: dict[int, Pose], meshes: dict[int, Extents], *, is_free: bool) -> dict[int, Transform]:
    metres, scale = spot.metres(), job.arranged.row_scale if job.arranged is not None else 1.0
    if not poses:
        row = {index: job.targets[index] for index in indices}
        if is_free:
            width = row_width(row, meshes, metres, scale)
            make_room_for_row(spot, results_of_others(job.id, spot.scene()), width, scale)
        return row_stances(row, meshes, spot.origin, metres, scale)
    transforms = {index: spot.world.transform(pose, metres) for index, pose in poses.items()}
    late = {index: job.targets[index] for index in meshes if index not in poses}
    if late:  # their places come with the next word about the arrangement
        group = group_extents(spot.world, poses, meshes, metres)
        row = row_stances(late, meshes, spot.world.origin, metres, scale)
        transforms |= beside(group, row, meshes, GAP * metres)
    return transforms
