"""Outlines drawn by formulas, with soft edges, and the cut-outs and solids made of them."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import trimesh

from img23d_backend.engines.preview.shape.shaper import OutlineShaper
from img23d_backend.stages import Context, CutOut, PixelBox, Shaped
from img23d_protocol.messages import Settings, ShapeKind

SUB = 4  # drawn that much larger, then averaged down: a soft edge
FINE = 12  # parts of a pixel; OpenCV draws every one that a triangle touches


def blank(height: int, width: int) -> np.ndarray:
    return np.zeros((height * SUB, width * SUB), np.uint8)


def soft(image: np.ndarray) -> np.ndarray:
    return cv2.resize(image, None, fx=1 / SUB, fy=1 / SUB, interpolation=cv2.INTER_AREA)


def polygon(image: np.ndarray, points: Iterable[tuple[float, float]], value: int = 255) -> None:
    cv2.fillPoly(image, [np.round(np.array(points) * SUB).astype(np.int32)], value)


def ellipse(image: np.ndarray, x: float, y: float, rx: float, ry: float, value: int = 255) -> None:
    center, axes = (round(x * SUB), round(y * SUB)), (round(rx * SUB), round(ry * SUB))
    cv2.ellipse(image, center, axes, 0, 0, 360, value, -1)


def rod(image: np.ndarray, start: tuple[float, float], end: tuple[float, float], width: float) -> None:
    """A straight bar with square ends, `width` pixels across."""
    (x, y), (u, v) = start, end
    length = np.hypot(u - x, v - y)
    aside, below = (v - y) / length * width / 2, (x - u) / length * width / 2
    polygon(image, [(x - aside, y - below), (x + aside, y + below), (u + aside, v + below), (u - aside, v - below)])


def cutout(alpha: np.ndarray, *, rgb: np.ndarray | None = None, photo: PixelBox | None = None) -> CutOut:
    """Grey where no colours (h, w, 3) are given."""
    colours = np.full((*alpha.shape, 3), 180, np.uint8) if rgb is None else rgb
    return CutOut(rgba=np.dstack([colours, alpha]), photo=photo)


def shape_of(
    alpha: np.ndarray,
    *,
    faces: int = 6000,
    kind: ShapeKind = ShapeKind.AUTO,
    thickness: float = 1.0,
    rgb: np.ndarray | None = None,
    photo: PixelBox | None = None,
) -> Shaped:
    settings = Settings.of(faces=faces, shape=kind, thickness=thickness)
    return OutlineShaper().shape(cutout(alpha, rgb=rgb, photo=photo), settings, Context())


def solid_of(made: Shaped) -> trimesh.Trimesh:
    return trimesh.Trimesh(made.mesh.vertices, made.mesh.faces, process=False)


def in_pixels(made: Shaped) -> trimesh.Trimesh:
    """The solid in the cut-out's pixels: x right, y down, depth in the same unit."""
    points = made.view.project(made.mesh.vertices)
    points[:, 2] = made.mesh.vertices[:, 2] * made.view.matrix[0, 0]
    return trimesh.Trimesh(points, made.mesh.faces, process=False)


def covered(made: Shaped, size: tuple[int, int]) -> np.ndarray:
    """(h, w) bool: pixels of which at least half is behind the solid, in a picture of `size`."""
    fine = np.zeros((size[0] * FINE, size[1] * FINE), np.uint8)
    corners = made.view.project(made.mesh.vertices)[made.mesh.faces][:, :, :2] * FINE - 0.5
    for triangle in np.round(corners * 256).astype(np.int32):
        cv2.fillConvexPoly(fine, triangle, 255, shift=8)
    return cv2.resize(fine, size[::-1], interpolation=cv2.INTER_AREA) >= 128


def iou(made: Shaped, alpha: np.ndarray) -> float:
    seen, wanted = covered(made, alpha.shape), alpha >= 128
    return float((seen & wanted).sum() / (seen | wanted).sum())
