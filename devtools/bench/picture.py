"""A plain z-buffer to check the project's own rasterizer with, so it shares nothing with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """`mask` (H, W) bool; `color` (H, W, 3) float64 0..1 where the mask is set."""

    mask: np.ndarray
    color: np.ndarray


def project(vertices: np.ndarray, to_pixels: np.ndarray) -> np.ndarray:
    """(V, 3) points to (V, 3) columns u, v, depth through a (4, 4) matrix."""
    points = np.column_stack([vertices, np.ones(len(vertices))]) @ to_pixels.T
    return points[:, :3] / points[:, 3:]


def draw(points: np.ndarray, faces: np.ndarray, *, size: tuple[int, int], uv: np.ndarray | None = None, texture: np.ndarray | None = None) -> Drawn:
    """Draw triangles with `points` (V, 3) in pixels and depth (greater is further) at `size` = height, width.

    `uv` (V, 2) with v upwards and `texture` (h, w, 3) uint8 give the colour, bilinear; without them only the mask is of use.
    """
    height, width = size
    nearest = np.full(size, np.inf)
    where = np.zeros((height, width, 2))
    corners = points[faces]
    for index in range(len(faces)):
        _draw_one(corners[index], None if uv is None else uv[faces[index]], nearest, where)
    mask = np.isfinite(nearest)
    color = np.zeros((height, width, 3))
    if texture is not None:
        color[mask] = _bilinear(texture, where[mask])
    return Drawn(mask=mask, color=color)


def _draw_one(triangle: np.ndarray, uv: np.ndarray | None, nearest: np.ndarray, where: np.ndarray) -> None:
    """Fill the pixels whose centres lie inside; the depth decides."""
    (x0, y0, _), (x1, y1, _), (x2, y2, _) = triangle
    area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
    left, top = (int(max(np.ceil(triangle[:, k].min() - 0.5), 0)) for k in (0, 1))
    right = int(min(np.floor(triangle[:, 0].max() - 0.5) + 1, nearest.shape[1]))
    bottom = int(min(np.floor(triangle[:, 1].max() - 0.5) + 1, nearest.shape[0]))
    if area == 0 or left >= right or top >= bottom:
        return
    x = np.arange(left, right)[None, :] + 0.5
    y = np.arange(top, bottom)[:, None] + 0.5
    w1 = ((x - x0) * (y2 - y0) - (x2 - x0) * (y - y0)) / area
    w2 = ((x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)) / area
    weights = np.stack([1 - w1 - w2, w1, w2], axis=-1)
    depth = weights @ triangle[:, 2]
    block = (slice(top, bottom), slice(left, right))
    wins = (weights >= -1e-9).all(axis=-1) & (depth < nearest[block])
    nearest[block][wins] = depth[wins]
    if uv is not None:
        where[block][wins] = weights[wins] @ uv


def _bilinear(texture: np.ndarray, uv: np.ndarray) -> np.ndarray:
    height, width = texture.shape[:2]
    x, y = uv[:, 0] * width - 0.5, (1 - uv[:, 1]) * height - 0.5
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    fx, fy = (x - x0)[:, None], (y - y0)[:, None]
    at = lambda row, column: texture[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)] / 255.0  # noqa: E731
    upper = at(y0, x0) * (1 - fx) + at(y0, x0 + 1) * fx
    lower = at(y0 + 1, x0) * (1 - fx) + at(y0 + 1, x0 + 1) * fx
    return upper * (1 - fy) + lower * fy
