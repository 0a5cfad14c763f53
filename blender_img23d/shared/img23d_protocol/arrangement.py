"""Where the things of a photo stand: a camera above a ground plane, and each thing's place on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PhotoCamera:
    """The camera that took the photo, in Blender's world axes (z up, metres): it stands at (0, 0, `height`) above the ground
    z = 0 and looks along +y, turned down by `pitch` and about its own axis by `roll` (radians; clockwise in the picture).

    `focal` is the focal length in widths of the upright photo: 35 mm on a full frame is 35 / 36. The principal point is the
    photo's middle.
    """

    focal: float
    pitch: float
    height: float
    roll: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Pose:
    """A GLB's place in the camera's world: its origin at (x, y, 0), turned by `yaw` about z (radians, counter-clockwise seen
    from above; 0 has its front to -y), all its sides multiplied by `scale`.
    """

    x: float
    y: float
    yaw: float
    scale: float


@dataclass(frozen=True, kw_only=True)
class Arranged:
    """Where the targets of a run stand, as far as they are shaped; sent again after each, with a better camera.

    `poses` has one entry a target, None where it has no shape. `row_scale` is what objects in a row are multiplied by, other
    than 1 where the artist said how tall one of them is. `note` says what the camera was found from.
    """

    job: str
    camera: PhotoCamera
    poses: tuple[Pose | None, ...]
    row_scale: float = 1.0
    note: str = ""
