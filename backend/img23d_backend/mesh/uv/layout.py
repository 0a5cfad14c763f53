"""A UV layout as texels: which face each belongs to; and what an artist's own layout is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..raster.rasterize import fragments, parted
from .pack import along_edges

_BEYOND = 0.5  # texels that a polygon may reach over the square's edge


@dataclass(frozen=True, kw_only=True)
class Layout:
    """`uv` (F, 3, 2) float32 in 0..1 with its origin top left, `face` (S, S) int32 the face at each texel or -1.

    A texel on a chart's outline has a face too when its centre lies outside, so that even a hair gets its own colours.
    `used` is the share of texels whose centre is covered.
    """

    uv: np.ndarray
    face: np.ndarray
    charts: int
    used: float


def layout_from(uv: np.ndarray, polygon: np.ndarray | None, size: int) -> Layout:
    """An artist's own layout (F, 3, 2), origin top left.

    Each polygon of `polygon` (F,), or each triangle where that is None, is moved by whole tiles into the square. Of polygons
    that want the same texel the first gets it. What still reaches over the square's edge has no texels there.
    """
    inside = _wrapped(uv, polygon)
    face, _ = cover(inside, np.arange(len(uv)), size)
    used = float((face >= 0).mean())
    touch_outlines(face, inside * size, np.ones((len(uv), 3), dtype=bool))
    return Layout(uv=inside.astype(np.float32), face=face, charts=0, used=used)


def covers_twice(uv: np.ndarray, polygon: np.ndarray | None, size: int) -> float:
    """The share of a layout's texels that cannot have one colour each: two polygons want them, or a polygon that reaches
    over the edge of its tile. 1 for a layout without extent; 0 is free of overlaps.
    """
    inside, number = _wrapped(uv, polygon), _numbers(uv, polygon)
    first, _ = cover(inside, number, size)
    outside = (np.abs(inside - 0.5) > 0.5 + _BEYOND / size).any(axis=(1, 2))
    crossing = np.bincount(number, outside) > 0
    covered, wanted = np.zeros((2, size * size), dtype=bool)
    for part in fragments(inside.reshape(-1, 2) * size, _triangles(len(uv)), width=size, height=size):
        mine = number[part.face]
        covered[part.pixel] = True
        wanted[part.pixel[(number[first.ravel()[part.pixel]] != mine) | crossing[mine]]] = True
    return float(wanted.sum() / covered.sum()) if covered.any() else 1.0


def cover(uv: np.ndarray, polygon: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """(S, S) the first face of each texel or -1, and the polygons that want a texel which another one has."""
    drawn = parted(uv.reshape(-1, 2) * size, _triangles(len(uv)), width=size, height=size)
    texels = drawn.face
    crowded = np.zeros(int(polygon.max()) + 1, dtype=bool)
    for part in drawn.shared:
        free = texels[part.pixel] < 0
        texels[part.pixel[free][::-1]] = part.face[free][::-1]
        mine = polygon[part.face]
        crowded[mine[polygon[texels[part.pixel]] != mine]] = True
    return texels.reshape(size, size), np.flatnonzero(crowded)


def touch_outlines(texels: np.ndarray, xy: np.ndarray, rim: np.ndarray) -> None:
    """Give the empty texels that the edges `rim` (F, 3) of triangles (F, 3, 2) in texels pass through to their faces."""
    points, face = along_edges(xy, rim)
    column, row = points.astype(np.int64).clip(0, len(texels) - 1).T
    empty = texels[row, column] < 0
    texels[row[empty], column[empty]] = face[empty]


def _triangles(count: int) -> np.ndarray:
    return np.arange(3 * count).reshape(-1, 3)


def _numbers(uv: np.ndarray, polygon: np.ndarray | None) -> np.ndarray:
    return np.arange(len(uv)) if polygon is None else np.asarray(polygon)


def _wrapped(uv: np.ndarray, polygon: np.ndarray | None) -> np.ndarray:
    """(F, 3, 2) float64, each polygon with the middle of its extent in the square; what is not finite lies at the origin."""
    number = _numbers(uv, polygon)
    finite = np.where(np.isfinite(uv).all(axis=(1, 2), keepdims=True), uv, 0.0).astype(np.float64)
    low, high = np.full((2, int(number.max()) + 1, 2), np.inf)
    np.minimum.at(low, number, finite.min(axis=1))
    np.minimum.at(high, number, -finite.max(axis=1))
    return finite - np.floor((low - high) / 2.0)[number][:, None]
