"""Small pictures of what a thing is on its way to be: its structure, then its splats, as points from where thumbnails are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from ....mesh.raster.thumbnail import MARGIN, turn
from ....stages import Splats

if TYPE_CHECKING:
    from .structure import Structure

_SIDE = 128  # pixels
_BACKGROUND, _CLAY = 255.0, np.array((189.0, 184.0, 179.0))
_PARTS = np.stack(np.meshgrid(*[(0.25, 0.75)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)  # of a voxel: each is seen in a few pixels
_LIGHT = np.array([-0.45, 0.7, 0.55]) / np.linalg.norm([-0.45, 0.7, 0.55])  # to the left, up, towards the viewer
_AMBIENT = 0.35


def structure_picture(structure: Structure) -> np.ndarray:
    """(s, s, 3) uint8: clay, lit by what the depths say of the surface."""
    x, y, z = (structure.cells.numpy()[:, None] + _PARTS).reshape(-1, 3).T
    points = np.stack((x, z, -y), axis=1) @ turn().T
    nearest = _nearest(points)
    is_seen = nearest >= 0
    depths = np.where(is_seen, points[nearest, 2] * _scale(points), 0.0).astype(np.float32)
    smooth = cv2.GaussianBlur(depths, (0, 0), 1.5) / np.maximum(cv2.GaussianBlur(is_seen.astype(np.float32), (0, 0), 1.5), 1e-3)
    normals = np.dstack([-cv2.Sobel(smooth, -1, 1, 0, scale=1 / 8), cv2.Sobel(smooth, -1, 0, 1, scale=1 / 8), np.ones_like(smooth)])
    light = _AMBIENT + (1 - _AMBIENT) * (normals @ _LIGHT / np.linalg.norm(normals, axis=2)).clip(0.0, 1.0)
    return np.where(is_seen[..., None], light[..., None] * _CLAY, _BACKGROUND).astype(np.uint8)


def splat_picture(splats: Splats) -> np.ndarray:
    """(s, s, 3) uint8: the colours of those that are more opaque than not."""
    solid = splats.opacities >= 0.5
    points = splats.positions[solid] @ turn().T
    nearest = _nearest(points)
    colors = np.append(splats.colors[solid].clip(0, 1) * 255, [[_BACKGROUND] * 3], axis=0)
    return colors[nearest].astype(np.uint8)


def _scale(points: np.ndarray) -> float:
    extent = float(np.ptp(points[:, :2], axis=0).max()) if len(points) else 0.0
    return _SIDE * (1 - 2 * MARGIN) / (extent or 1.0)


def _nearest(points: np.ndarray) -> np.ndarray:
    """(s, s): of points (P, 3) in right, up, towards the viewer the nearest at each pixel, -1 where there is none."""
    picture = np.full(_SIDE * _SIDE, -1, dtype=np.int64)
    if len(points):
        low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
        places = np.floor((points[:, :2] - (low + high) / 2) * (_scale(points), -_scale(points)) + _SIDE / 2).astype(np.int64)
        order = np.argsort(points[:, 2], kind="stable")  # the nearest last: it stays
        picture[(places[:, 1] * _SIDE + places[:, 0])[order]] = order
    return picture.reshape(_SIDE, _SIDE)
