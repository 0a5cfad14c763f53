"""Rectangles and frames as triangles, round brush strokes as a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Colour = tuple[float, float, float, float]

_CORNERS = np.array([(0, 1), (2, 1), (2, 3), (0, 1), (2, 3), (0, 3)])  # of left, bottom, right, top: two triangles


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


def stroke_pixels(ways: Sequence[tuple[np.ndarray, float, Colour]], origin: tuple[float, float], size: tuple[int, int]) -> np.ndarray:
    """(h, w, 4) float32: round brush strokes, later ones over earlier ones.

    Each way is (P, 2) points, a radius and a colour, in pixels of a picture of `size` (w, h) that begins at `origin`.
    """
    picture = np.zeros((size[1], size[0], 4), np.float32)
    for points, radius, colour in ways:
        covered = _covered(points - np.array(origin), radius, size)[..., None]
        picture += covered * (np.array(colour, np.float32) - picture)
    return picture


def _covered(points: np.ndarray, radius: float, size: tuple[int, int]) -> np.ndarray:
    """(h, w) float32 0..1: within `radius` of the way, with a soft rim of a pixel."""
    covered = np.zeros((size[1], size[0]), np.float32)
    for start, end in zip(points, points[1:] if len(points) > 1 else points, strict=False):
        low = np.floor(np.minimum(start, end) - radius - 1).clip(0, size).astype(int)
        high = np.ceil(np.maximum(start, end) + radius + 1).clip(0, size).astype(int)
        part = covered[low[1] : high[1], low[0] : high[0]]
        y, x = np.mgrid[low[1] : high[1], low[0] : high[0]] + 0.5
        along = end - start
        share = ((x - start[0]) * along[0] + (y - start[1]) * along[1]) / max(float(along @ along), 1e-9)
        share = share.clip(0, 1)
        distance = np.hypot(x - start[0] - share * along[0], y - start[1] - share * along[1])
        np.maximum(part, (radius + 0.5 - distance).clip(0, 1), out=part)
    return covered
