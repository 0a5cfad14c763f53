"""Where the objects of a run stand: as in the photo, or in a row. Arithmetic only, in scene units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mathutils import Vector

from ...core.jobs import JobTarget
from ...shared.img23d_protocol.messages import Pose
from ..mesh.extents import Extents
from ..mesh.transform import Transform
from .row import GAP, Slot, row_positions, width_of_row


@dataclass(frozen=True, kw_only=True)
class World:
    """Where the photo camera's own world lies in the scene; see shared/img23d_protocol/arrangement.py.

    `origin` is the ground below the camera, `unit` how many scene units one of its metres is.
    """

    origin: tuple[float, float, float]
    unit: float

    def transform(self, pose: Pose, metres: float) -> Transform:
        """`metres`: how many scene units one metre of the meshes is."""
        x, y, z = self.origin
        place = (x + self.unit * pose.x, y + self.unit * pose.y, z)
        return Transform(location=place, turn=pose.yaw, scale=pose.scale * self.unit / metres)


def group_extents(world: World, poses: Mapping[int, Pose], meshes: Mapping[int, Extents], metres: float) -> Extents:
    """What the objects take up in the scene. `meshes` are in their own axes; all of `poses` have one."""
    import numpy as np

    several = [(pose.x, pose.y, pose.yaw, pose.scale) for pose in poses.values()]
    x, y, yaw, scale = np.array(several).T  # each (poses,)
    low, high = (np.array([getattr(meshes[index], side) for index in poses]) for side in ("low", "high"))  # (poses, 3)
    own_scale = (scale * world.unit / metres)[:, None]
    middle, half = own_scale * (low + high) / 2, own_scale * (high - low) / 2
    cosine, sine = np.cos(yaw), np.sin(yaw)
    middle = np.stack([cosine * middle[:, 0] - sine * middle[:, 1], sine * middle[:, 0] + cosine * middle[:, 1], middle[:, 2]], 1)
    middle += np.stack([world.unit * x, world.unit * y, 0 * x], 1) + world.origin
    cosine, sine = abs(cosine), abs(sine)
    half = np.stack([cosine * half[:, 0] + sine * half[:, 1], sine * half[:, 0] + cosine * half[:, 1], half[:, 2]], 1)
    return Extents(low=tuple((middle - half).min(axis=0).tolist()), high=tuple((middle + half).max(axis=0).tolist()))


def world_around(group: Extents, centre: Sequence[float], metres: float) -> World:
    """The world that is moved so that the middle of a group, as it lies with its world in the scene's origin, is on `centre`."""
    middle = group.middle
    return World(origin=(centre[0] - middle[0], centre[1] - middle[1], centre[2]), unit=metres)


def row_stances(targets: Mapping[int, JobTarget], meshes: Mapping[int, Extents], origin: Sequence[float], metres: float, scale: float) -> dict[int, Transform]:
    """Side by side as their boxes in the photo are, those without a mesh with the room that they may need."""
    slots = [_slot(target, meshes.get(index), scale) for index, target in targets.items()]
    xs = row_positions(slots, gap=GAP * metres * scale)
    places = {index: (origin[0] + x, origin[1], origin[2]) for index, x in zip(targets, xs, strict=True)}
    return {index: Transform(location=place, scale=scale) for index, place in places.items()}


def row_width(targets: Mapping[int, JobTarget], meshes: Mapping[int, Extents], metres: float, scale: float) -> float:
    """Of all of it, those without a mesh with the room that they may need."""
    return width_of_row([_slot(target, meshes.get(index), scale) for index, target in targets.items()], gap=GAP * metres * scale)


def beside(group: Extents, transforms: dict[int, Transform], meshes: Mapping[int, Extents], gap: float) -> dict[int, Transform]:
    """The same row, moved to the group's right."""
    left = min(one.location[0] + one.scale * meshes[index].low[0] for index, one in transforms.items())
    step = Vector((group.high[0] + gap - left, 0.0, 0.0))
    return {i: Transform(location=tuple(Vector(one.location) + step), scale=one.scale) for i, one in transforms.items()}


def _slot(target: JobTarget, mesh: Extents | None, scale: float) -> Slot:
    width = mesh.size[0] * scale if mesh is not None else None
    box = target.box
    return Slot(width=width) if box is None else Slot(left=box.left, right=box.right, width=width)
