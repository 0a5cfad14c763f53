"""How deep a solid is at each height, from photos of its sides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from img23d_protocol.messages import ShapeKind, Side

from ....stages import Mesh

ROWS = 256  # heights at which depths are compared
THINNEST, DEEPEST = 0.02, 8.0  # of what the front says: a side photo changes the depth by no more
AS_TURNED = 0.15  # of the depth: a turned solid that the side photos contradict by less is right
_EVEN = 3.0  # rows over which a change is smoothed
_SOLID = 128  # alpha


def fit_sides(mesh: Mesh, kind: ShapeKind, sides: Mapping[Side, np.ndarray]) -> Mesh | None:
    """The solid of that kind with the depths of its side photos' outlines: each height is stretched to the outline's front and back there.

    Seen from the front it stays as it is. `sides` are (h, w, 4) uint8 cut-outs; that of the back says nothing about
    depths. None where they change nothing.
    """
    extents = [_extents(sides[side], side) for side in (Side.LEFT, Side.RIGHT) if side in sides]
    if not extents:
        return None
    back, front = (np.mean([extent[line] for extent in extents], axis=0) for line in (0, 1))
    height = mesh.vertices[:, 1].astype(np.float64)
    low, extent = float(height.min()), float(np.ptp(height)) or 1.0
    middle, factor = _stretch(mesh, (height - low) / extent, back * extent, front * extent)
    if kind is ShapeKind.REVOLVE and np.median(np.abs(factor - 1)) < AS_TURNED:
        return None
    rows = (height - low) / extent * (ROWS - 1)
    at = np.arange(ROWS)
    depth = mesh.vertices[:, 2] * np.interp(rows, at, factor) + np.interp(rows, at, middle)
    depth -= (depth.max() + depth.min()) / 2
    vertices = np.column_stack([mesh.vertices[:, :2], depth]).astype(np.float32)
    return replace(mesh, vertices=vertices)


def _extents(rgba: np.ndarray, side: Side) -> np.ndarray:
    """(2, ROWS) how far back and how far to the front the outline reaches, from the lowest height up, in heights of the thing."""
    solid = rgba[..., 3] >= _SOLID
    rows = np.flatnonzero(solid.any(axis=1))
    solid = solid[rows[0] : rows[-1] + 1]
    has = np.flatnonzero(solid.any(axis=1))
    first = solid[has].argmax(axis=1).astype(np.float64)
    last = solid.shape[1] - solid[has, ::-1].argmax(axis=1).astype(np.float64)
    middle = (first.min() + last.max()) / 2
    # Seen from its left, the front is on the right, and from its right on the left
    back, front = (first - middle, last - middle) if side is Side.LEFT else (middle - last, middle - first)
    heights = 1 - (has + 0.5) / len(solid)
    grid = (np.arange(ROWS) + 0.5) / ROWS
    return np.stack([np.interp(grid, heights[::-1], line[::-1] / len(solid)) for line in (back, front)])


def _stretch(mesh: Mesh, heights: np.ndarray, back: np.ndarray, front: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(ROWS,) the middle of the depths at each height, and how much deeper than the mesh they are there."""
    own = _half_depths(mesh, heights)
    half, middle = (front - back) / 2, (front + back) / 2
    factor = np.clip(half / np.maximum(own, 1e-6), THINNEST, DEEPEST)
    steady = own > 0.15 * own.max()  # towards a tip both are small, and their ratio means nothing
    at = np.arange(ROWS)
    factor = np.interp(at, at[steady], factor[steady])
    return _smooth(middle), _smooth(factor)


def _half_depths(mesh: Mesh, heights: np.ndarray) -> np.ndarray:
    """(ROWS,) half the depth that the mesh has at each height; along an edge between two heights too."""
    depth = np.abs(mesh.vertices[:, 2].astype(np.float64))
    rows = np.clip((heights * ROWS).astype(int), 0, ROWS - 1)
    own = np.zeros(ROWS)
    np.maximum.at(own, rows, depth)
    first, second = np.concatenate([mesh.faces[:, [0, 1]], mesh.faces[:, [1, 2]], mesh.faces[:, [2, 0]]]).T
    for share in np.linspace(0.1, 0.9, 9):
        row = np.clip(((heights[first] * (1 - share) + heights[second] * share) * ROWS).astype(int), 0, ROWS - 1)
        np.maximum.at(own, row, depth[first] * (1 - share) + depth[second] * share)
    return own


def _smooth(values: np.ndarray) -> np.ndarray:
    import cv2

    return cv2.GaussianBlur(values[None], (0, 0), _EVEN, borderType=cv2.BORDER_REPLICATE)[0]
