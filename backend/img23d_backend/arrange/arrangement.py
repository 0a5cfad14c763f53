"""The things of a photo on one ground, under the camera that took it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from img23d_protocol.arrangement import PhotoCamera, Pose
from img23d_protocol.job_requests import Box

from ..stages import Ground
from .camera import Cameras
from .fit import Places, Things, fit
from .hull import COARSE, extreme_points, padded
from .search import Known, find_camera

_AT_BORDER = 0.004  # of the photo's side: a box that comes so near is cut off there
_SMALLEST_BOX = 1e-3  # photo widths
_SEARCHED = 12  # so many things decide on the camera: the largest ones that are not cut off
_FARTHEST_GROUND = 4.0  # camera heights: where something stands whose box is above the horizon, and nothing else is there
_NOTES = {  # (the lens is known, the ground was seen)
    (True, True): "The lens is known from the photo's file, the camera's tilt from the ground in it.",
    (True, False): "The lens is known from the photo's file; the camera's tilt is judged from the things.",
    (False, True): "The camera's tilt is known from the ground in the photo; the lens is judged from the things.",
    (False, False): "The lens and the camera's tilt are judged from the things.",
}
_FRAME = Box(left=0.0, top=0.0, right=1.0, bottom=1.0)


@dataclass(frozen=True, kw_only=True)
class Solved:
    """The contents of the protocol's `Arranged`; `poses` has one entry a box, None where no shape was added."""

    camera: PhotoCamera
    poses: tuple[Pose | None, ...]
    row_scale: float
    note: str


@dataclass(frozen=True, kw_only=True)
class _Shape:
    fine: np.ndarray  # (K, 3) metres
    coarse: np.ndarray  # fewer points, for the camera's search
    size: float  # metres, the longest side
    height: float


class Arrangement:
    """Takes the shapes as they come and says where all of them stand. The same calls give the same answer."""

    def __init__(
        self,
        *,
        photo_width: float,
        photo_height: float,
        boxes: Sequence[Box | None],
        focal: float | None = None,
        ground: Ground | None = None,
        heights: Sequence[float] = (),
    ) -> None:
        """`boxes` as of the protocol, best those of what is solid in the cut-outs, and None for what is not to be made; `focal` in
        photo widths, where the file tells it; `heights` in metres, 0 where the artist said nothing.
        """
        self._size = (float(photo_width), float(photo_height))
        self._boxes = tuple(boxes)
        self._focal = focal
        self._ground = ground
        self._heights = np.zeros(len(self._boxes))
        self._heights[: len(heights)] = np.maximum(np.nan_to_num(np.asarray(heights, dtype=np.float64)), 0)
        self._shapes: dict[int, _Shape] = {}

    def add(self, index: int, vertices: np.ndarray) -> None:
        """(V, 3) metres in the GLB's axes, base on y = 0, centred on x = z = 0. One without any extent is left out."""
        points = np.asarray(vertices, dtype=np.float64).reshape(-1, 3)
        points = points[np.isfinite(points).all(axis=1)]
        size = float(np.ptp(points, axis=0).max()) if len(points) else 0.0
        if size > 0:
            fine = extreme_points(points)
            height = float(np.ptp(points[:, 1]))
            self._shapes[index] = _Shape(fine=fine, coarse=extreme_points(fine, COARSE), size=size, height=height)

    def learn(self, ground: Ground, focal: float) -> None:
        """What a shape tells about the camera, where neither the file nor a model of depth does."""
        self._ground = self._ground or ground
        self._focal = self._focal or focal

    def solve(self) -> Solved:
        """Where everything that was added stands. Never fails: what the photo does not tell is taken as usual."""
        indices = sorted(self._shapes)
        camera = find_camera(self._things(self._for_search(indices), coarse=True), self._known(indices))
        things = self._things(indices, coarse=False)
        places = fit(_on_the_ground(things, camera), camera) if indices else None
        metres = self._metres(indices, places)
        poses: list[Pose | None] = [None] * len(self._boxes)
        for place, index in enumerate(indices):
            poses[index] = _pose(places, place, metres)
        return Solved(
            camera=PhotoCamera(focal=float(camera.focal[0]), pitch=float(camera.pitch[0]), height=metres, roll=float(camera.roll[0])),
            poses=tuple(poses),
            row_scale=self._row_scale(indices),
            note=self._note(),
        )

    # --- what is known ----------------------------------------------------------------------------------------------

    def _for_search(self, indices: list[int]) -> list[int]:
        """Few things are enough to find a camera, and a long list must not take long."""

        def rank(index: int) -> tuple[bool, int, float, int]:
            left, top, right, bottom = self._box(index)
            return self._heights[index] == 0, int(self._bounds(index).sum()), -(right - left) * (bottom - top), index

        return sorted(sorted(indices, key=rank)[:_SEARCHED])

    def _known(self, indices: list[int]) -> Known:
        width, height = self._size
        return Known(
            photo_width=width,
            photo_height=height,
            focal=self._focal or 0.0,
            horizon=None if self._ground is None else self._ground.horizon,
            roll=0.0 if self._ground is None else self._ground.roll,
            heights=self._heights[self._for_search(indices)],
        )

    def _things(self, indices: list[int], *, coarse: bool) -> Things:
        if not indices:
            return Things(hulls=np.zeros((0, 1, 3)), boxes=np.zeros((0, 4)), bounds=np.zeros((0, 4), dtype=bool))
        shapes = [self._shapes[index] for index in indices]
        return Things(
            hulls=padded([shape.coarse if coarse else shape.fine for shape in shapes]),
            boxes=np.array([self._box(index) for index in indices]),
            bounds=np.array([self._bounds(index) for index in indices]),
        )

    def _box(self, index: int) -> np.ndarray:
        """(4,) in picture coordinates: photo widths from the middle."""
        box = self._boxes[index] or _FRAME
        width, height = self._size
        edges = np.nan_to_num(np.array([box.left, box.top, box.right, box.bottom], dtype=np.float64)).clip(0, 1) - 0.5
        edges[1::2] *= height / width
        low, high = np.minimum(edges[:2], edges[2:]), np.maximum(edges[:2], edges[2:])
        return np.concatenate([low, np.maximum(high, low + _SMALLEST_BOX)])

    def _bounds(self, index: int) -> np.ndarray:
        box = self._boxes[index] or _FRAME
        edges = np.array([box.left, box.top, 1 - box.right, 1 - box.bottom])
        return edges <= _AT_BORDER

    # --- scale and words --------------------------------------------------------------------------------------------

    def _metres(self, indices: list[int], places: Places | None) -> float:
        """The camera's height above the ground: the largest thing is 1 m, or things are as tall as the artist said."""
        if places is None:
            return 1.0
        scales = np.exp(places.log_scale[0])
        said = [
            self._heights[index] / (scale * self._shapes[index].height)
            for index, scale in zip(indices, scales, strict=True)
            if self._heights[index] and self._shapes[index].height
        ]
        if said:
            return float(np.median(said))
        return float(1 / max(scale * self._shapes[index].size for index, scale in zip(indices, scales, strict=True)))

    def _row_scale(self, indices: list[int]) -> float:
        said = [self._heights[index] / self._shapes[index].height for index in indices if self._heights[index] and self._shapes[index].height]
        return float(np.median(said)) if said else 1.0

    def _note(self) -> str:
        return _NOTES[bool(self._focal), self._ground is not None]


def _on_the_ground(things: Things, camera: Cameras) -> Things:
    """Things whose lower edge is not on the ground that the camera sees, such as a lamp's, as if they stood behind the others."""
    rays = camera.ground_rays(np.stack([things.boxes[:, [0, 2]].mean(axis=1), things.boxes[:, 3]], axis=1))[0]
    below = -rays[:, 2] > 0.02
    if below.all():
        return things
    distances = np.hypot(rays[below, 0], rays[below, 1]) / -rays[below, 2]
    distance = float(distances.max()) if below.any() else _FARTHEST_GROUND
    pitch, focal = float(camera.pitch[0]), float(camera.focal[0])
    foot = -focal * np.tan(pitch - np.arctan2(1.0, distance))  # the picture's y of the ground there, in the middle
    boxes = things.boxes.copy()
    boxes[~below, 1::2] += (foot - boxes[~below, 3])[:, None]
    return replace(things, boxes=boxes)


def _pose(places: Places | None, place: int, metres: float) -> Pose:
    assert places is not None
    bearing, distance = float(places.bearing[0, place]), float(np.exp(places.log_distance[0, place])) * metres
    return Pose(
        x=distance * float(np.sin(bearing)),
        y=distance * float(np.cos(bearing)),
        yaw=-bearing,
        scale=float(np.exp(places.log_scale[0, place])) * metres,
    )
