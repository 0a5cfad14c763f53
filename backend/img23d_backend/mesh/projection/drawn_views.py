"""Drawn views of a thing laid on its mesh: each looks with perspective from its own camera, and is fitted by the outline's extent.

A drawing does not say how large the thing is in the camera's space: one scale, by which the mesh fills the outlines best, gives the
perspective. What is left is fitted for each view by itself, across and down, since a mesh of one photo is not as deep as the thing is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ...stages import CutOut, Mesh, View
from ..raster.visibility import compute_visibility
from ..texture.bake import Shot
from .picture import make_picture
from .upright import axes_before_viewer

_WHITE = 40  # of 255: so far from white a pixel may be and still be the ground
_GRAIN = 5  # pixels: a window in which a median takes the drawing's grain away
_RIM = 0.012  # of the side: along the outline the ground shines through
_ON_RIM = 160  # alpha there: solid, and yet not to be painted with, see `make_picture`
_LEAST = 8  # pixels across and down: less shows nothing
_FITTED = 4  # rounds
_NEAREST = 0.6  # of the distance: no part of the mesh comes nearer to the camera than the rest of it
_SQUEEZED = 1.6  # times: how much wider or narrower than the mesh a view may be
_FACING = (0.15, 0.5)  # cosines to the viewer from which a view counts, and is fully trusted
_DEPTH_PIXELS = 640  # the depth map's longest side
_TEXELS = 0.3  # of the texture's side: what a view takes of it, about

Box = np.ndarray  # (2, 2): first and last corner, in pixels


@dataclass(frozen=True, kw_only=True)
class DrawnView:
    """A picture of a thing that a model has drawn: `image` (h, h, 3) uint8 on white, with perspective. The camera looks at the thing's
    middle from `azimuth` to the right of the photo's own direction and from `elevation` above the level, and sees a field of view, all in
    degrees; `distance` is in units in which the thing is about 2 wide.
    """

    image: np.ndarray
    azimuth: float
    elevation: float
    field_of_view: float
    distance: float


def view_shots(mesh: Mesh, photo: View, drawn: Sequence[DrawnView], *, texels: int) -> list[Shot]:
    """Those of the views that have about the mesh's proportions; `photo` is the view of the photo that they were drawn from."""
    cut = [(one, rgba, box) for one in drawn if (box := _box_of(rgba := cut_out(one.image))) is not None]
    if not cut:
        return []
    cameras = _fitted_cameras(mesh, photo, [one for one, _, _ in cut], [box for _, _, box in cut])
    fitted = [(rgba, _on_box(mesh, camera, box)) for camera, (_, rgba, box) in zip(cameras, cut, strict=True)]
    return [_shot(mesh, rgba, view, texels) for rgba, view in fitted if view is not None]


def cut_out(image: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 on white to (h, w, 4): white that is surrounded by the thing belongs to it."""
    ground = (cv2.medianBlur(image, _GRAIN).min(axis=2) >= 255 - _WHITE).astype(np.uint8)
    framed = cv2.copyMakeBorder(ground, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=1)
    _, numbers = cv2.connectedComponents(framed, connectivity=4)
    solid = (numbers[1:-1, 1:-1] != numbers[0, 0]).astype(np.uint8)
    reach = max(1, round(_RIM * image.shape[0]))
    inner = cv2.erode(solid, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)))
    return np.dstack((image, np.where(inner > 0, 255, _ON_RIM * solid).astype(np.uint8)))


def _box_of(rgba: np.ndarray) -> Box | None:
    """Around the largest piece; None where too little is solid."""
    count, numbers, stats, _ = cv2.connectedComponentsWithStats((rgba[..., 3] > 0).astype(np.uint8))
    if count < 2:
        return None
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    rgba[numbers != largest, 3] = 0
    left, top, width, height = stats[largest, :4]
    return np.array([(left, top), (left + width, top + height)], np.float64) if min(width, height) >= _LEAST else None


def _fitted_cameras(mesh: Mesh, photo: View, views: Sequence[DrawnView], boxes: Sequence[Box]) -> list[View]:
    """With the scale of the mesh by which it is as large in the views as their outlines, in the median."""
    axes = axes_before_viewer(mesh, photo)
    points = mesh.vertices @ axes.T
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    radius = max(float(np.linalg.norm(points - middle, axis=1).max()), 1e-9)
    scale = 1 / radius
    cameras: list[View] = []
    for _ in range(_FITTED):
        to_space = np.eye(4)
        to_space[:3, :3], to_space[:3, 3] = scale * axes, -scale * middle
        cameras = [View(matrix=_camera(one) @ to_space) for one in views]
        sizes = [_area(box) / max(_area(_extent(mesh, camera)), 1e-9) for camera, box in zip(cameras, boxes, strict=True)]
        most = (1 - _NEAREST) * views[0].distance / radius
        scale = min(scale * float(np.sqrt(np.median(sizes))), most)
    return cameras


def _camera(one: DrawnView) -> np.ndarray:
    """(4, 4) from right, up and towards the photo's viewer to pixels; the depth is a negative inverse of the distance, in pixels about."""
    side, (a, e) = one.image.shape[0], np.radians((one.azimuth, one.elevation))
    back = np.array([np.cos(e) * np.sin(a), np.sin(e), np.cos(e) * np.cos(a)])
    right = np.array([np.cos(a), 0.0, -np.sin(a)])
    focal = side / 2 / np.tan(np.radians(one.field_of_view) / 2)
    w = np.array([*-back, one.distance])
    u, v = (focal * np.array([*axis, 0.0]) + side / 2 * w for axis in (right, -np.cross(back, right)))
    return np.stack((u, v, [0.0, 0.0, 0.0, -focal * one.distance], w))


def _extent(mesh: Mesh, view: View) -> Box:
    places = view.project(mesh.vertices)[:, :2]
    return np.stack((places.min(axis=0), places.max(axis=0)))


def _area(box: Box) -> float:
    return float(np.prod(box[1] - box[0]))


def _on_box(mesh: Mesh, camera: View, box: Box) -> View | None:
    """The mesh's extent laid on the outline's; None where it had to be squeezed."""
    seen = _extent(mesh, camera)
    scale = (box[1] - box[0]) / np.maximum(seen[1] - seen[0], 1e-9)
    if not 1 / _SQUEEZED < scale[0] / scale[1] < _SQUEEZED:
        return None
    to_box = np.diag([*scale, 1.0, 1.0])
    to_box[:2, 3] = box[0] - scale * seen[0]
    return View(matrix=to_box @ camera.matrix)


def _shot(mesh: Mesh, rgba: np.ndarray, view: View, texels: int) -> Shot:
    height, width = rgba.shape[:2]
    sight = compute_visibility(mesh.vertices, mesh.faces, view, width=width, height=height, longest=_DEPTH_PIXELS)
    picture = make_picture(CutOut(rgba=rgba), sight, zoom=_TEXELS * texels / max(height, width))
    return Shot(view=sight.view, image=picture.colors, raster=sight.raster, confidence=picture.confidence, facing=_FACING)
