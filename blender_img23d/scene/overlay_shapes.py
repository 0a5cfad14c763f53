"""Rectangles, frames and round brush strokes as coloured triangles."""

from __future__ import annotations

import math

import numpy as np

_CORNERS = np.array([(0, 1), (2, 1), (2, 3), (0, 1), (2, 3), (0, 3)])  # of left, bottom, right, top: two triangles
_ROUND = 24  # corners of a brush's dab


def filled(rects: np.ndarray) -> np.ndarray:
    """(N, 4) left, bottom, right, top in pixels to (N * 6, 2) corners of triangles."""
    return rects[:, _CORNERS].reshape(-1, 2)


def frames(rects: np.ndarray, width: float) -> np.ndarray:
    """(N, 4) to (N * 24, 2): four bars a rectangle, `width` pixels wide and centred on its sides."""
    half = width / 2
    left, bottom, right, top = rects.T
    bars = np.stack(
        [
            np.stack([left - half, bottom - half, right + half, bottom + half], axis=1),
            np.stack([left - half, top - half, right + half, top + half], axis=1),
            np.stack([left - half, bottom + half, left + half, top - half], axis=1),
            np.stack([right - half, bottom + half, right + half, top - half], axis=1),
        ],
        axis=1,
    )  # (N, 4, 4)
    return filled(bars.reshape(-1, 4))


def handles(rect: np.ndarray, size: float) -> np.ndarray:
    """(4,) to (8, 4): squares on the corners and in the middle of the sides."""
    left, bottom, right, top = rect
    middle_x, middle_y = (left + right) / 2, (bottom + top) / 2
    across, up = (left, middle_x, right), (bottom, middle_y, top)
    points = np.array([(across[i], up[j]) for i in range(3) for j in range(3) if (i, j) != (1, 1)])
    return np.concatenate([points - size / 2, points + size / 2], axis=1)


def brushed(points: np.ndarray, radius: float) -> np.ndarray:
    """(P, 2) pixels to (n, 2) corners of triangles: a dab at each point, a bar between two of them."""
    angles = np.linspace(0, 2 * math.pi, _ROUND + 1)
    rim = radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    fan = np.stack([np.zeros((_ROUND, 2)), rim[:-1], rim[1:]], axis=1).reshape(-1, 2)
    dabs = (points[:, None] + fan).reshape(-1, 2)
    along = np.diff(points, axis=0)
    length = np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    side = radius * np.stack([-along[:, 1], along[:, 0]], axis=1) / length
    start, end = points[:-1], points[1:]
    bars = np.stack([start - side, end - side, end + side, start - side, end + side, start + side], axis=1)
    return np.concatenate([dabs, bars.reshape(-1, 2)])
