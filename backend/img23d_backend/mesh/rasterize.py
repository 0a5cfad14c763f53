"""Triangles to pixels in vectorised NumPy: no hole and no double hit along a shared edge.

Vertices are snapped to 1/256 of a pixel, as graphics cards do, and the span of every pixel row is computed in exact
integers. A pixel belongs to a triangle when its centre is inside, or on a left or top edge (the top-left rule), so the
two triangles at an edge never both take a pixel and never both leave it. Both windings are drawn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

SUBPIXEL = 256
_LIMIT = 2**20  # pixels; a triangle reaching further out is dropped, which keeps the products below within 64 bits
_CHUNK = 1 << 21  # fragments at a time, so that overdraw costs time and not memory


@dataclass(frozen=True, kw_only=True)
class Fragments:
    """The pixels that triangles cover: `face` (N,) int64 index, `pixel` (N,) int64 index into the flattened image."""

    face: np.ndarray
    pixel: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Raster:
    """`face` (H, W) int32, -1 where there is none; `depth` (H, W) float64, +inf where there is none."""

    face: np.ndarray
    depth: np.ndarray


def rasterize(points: np.ndarray, faces: np.ndarray, *, width: int, height: int) -> Raster:
    """Draw triangles; the smallest depth wins, of equal depths the face with the lower index.

    `points` (V, 3) are x, y in pixels (the centre of the first pixel is (0.5, 0.5)) and depth; a depth after
    perspective division is right, since it is affine over the image of a plane. Triangles with a vertex that is not
    finite are left out, and so are those without area.
    """
    face_map = np.full(width * height, -1, dtype=np.int32)
    depth_map = np.full(width * height, np.inf)
    planes = _depth_planes(points, faces)
    for part in fragments(points, faces, width=width, height=height):
        depth = _depth_at(planes, part, width)
        won = _nearest(part.pixel, depth, depth_map)
        face_map[part.pixel[won][::-1]] = part.face[won][::-1]  # of repeated indices the last is kept
    return Raster(face=face_map.reshape(height, width), depth=depth_map.reshape(height, width))


def fragments(points: np.ndarray, faces: np.ndarray, *, width: int, height: int) -> Iterator[Fragments]:
    """Every pixel of every triangle, in the order of the faces, in pieces of bounded size. `points` (V, 2 or more)."""
    xy, kept = _snapped_corners(points, faces)
    row_face, row, first, last = _spans(xy, kept, width, height)
    counts = last - first
    ends = np.cumsum(counts)
    start = 0
    while start < len(counts):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + _CHUNK, side="right")))
        n = counts[start:stop]
        begin = row[start:stop] * width + first[start:stop] - (np.cumsum(n) - n)
        pixel = np.repeat(begin, n) + np.arange(int(n.sum()))
        yield Fragments(face=np.repeat(row_face[start:stop], n), pixel=pixel)
        start = stop


def barycentrics(points: np.ndarray, faces: np.ndarray, face: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """(N, 3) float64 weights of the corners of `face` (N,) at the image positions `xy` (N, 2), kept within 0..1.

    With a fourth column in `points`, the clip-space w of each vertex, the weights are perspective-correct: each is
    divided by its corner's w before they are normalised (Heckbert and Moreton 1991).
    """
    corners = np.asarray(points, dtype=np.float64)[faces[face]]  # (N, 3, D)
    a, b, c = corners[:, 0, :2], corners[:, 1, :2], corners[:, 2, :2]
    area = _cross(b - a, c - a)
    area = np.where(area == 0.0, 1.0, area)
    wb = np.clip(_cross(xy - a, c - a) / area, 0.0, 1.0)
    wc = np.clip(_cross(b - a, xy - a) / area, 0.0, 1.0 - wb)
    weights = np.stack([1.0 - wb - wc, wb, wc], axis=1)
    if corners.shape[2] > 3:
        weights /= corners[:, :, 3]
        weights /= weights.sum(axis=1, keepdims=True)
    return weights


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _snapped_corners(points: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(K, 3, 2) int64 corners sorted by y, in subpixels, of the faces (K,) that can be drawn."""
    flat = np.asarray(points, dtype=np.float64)[:, :2]
    usable = (np.abs(flat) < _LIMIT).all(axis=1)  # False for NaN
    snapped = np.rint(np.where(usable[:, None], flat, 0.0) * SUBPIXEL).astype(np.int64)
    kept = np.flatnonzero(usable[faces].all(axis=1))
    corners = snapped[faces[kept]]
    order = np.argsort(corners[:, :, 1], axis=1, kind="stable")
    return np.take_along_axis(corners, order[:, :, None], axis=1), kept


def _spans(
    xy: np.ndarray, kept: np.ndarray, width: int, height: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Face, row, first column and one past the last column of every non-empty pixel row of every triangle."""
    rows = _first_centre(xy[:, :, 1], 1)  # (K, 3) first row at or below each corner
    top = np.clip(rows[:, 0], 0, height)
    count = np.clip(rows[:, 2], 0, height) - top
    owner = np.repeat(np.arange(len(xy)), count)
    row = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count - top, count)
    y = row * SUBPIXEL + SUBPIXEL // 2
    long_side = _crossing(xy[owner, 0], xy[owner, 2], y)
    lower = row >= rows[owner, 1]  # below the middle corner
    short_side = _crossing(
        np.where(lower[:, None], xy[owner, 1], xy[owner, 0]), np.where(lower[:, None], xy[owner, 2], xy[owner, 1]), y
    )
    first = np.clip(np.minimum(long_side, short_side), 0, width)
    last = np.clip(np.maximum(long_side, short_side), 0, width)
    filled = np.flatnonzero(last > first)
    return kept[owner[filled]], row[filled], first[filled], last[filled]


def _first_centre(numerator: np.ndarray, denominator: np.ndarray | int) -> np.ndarray:
    """The first pixel whose centre is at or after the subpixel position numerator / denominator: an exact ceiling."""
    return -((SUBPIXEL // 2 * denominator - numerator) // (SUBPIXEL * denominator))


def _crossing(upper: np.ndarray, lower: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The first column whose centre is at or right of the edge `upper`-`lower` (N, 2) in the row at subpixel `y`."""
    dy = lower[:, 1] - upper[:, 1]  # never 0 in a row that the edge spans
    return _first_centre(upper[:, 0] * dy + (y - upper[:, 1]) * (lower[:, 0] - upper[:, 0]), dy)


def _depth_planes(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(F, 7) float64: x and y of a corner, its depth, the depth's slope along x and y, and its least and greatest value."""
    with np.errstate(invalid="ignore", over="ignore"):
        corners = np.asarray(points, dtype=np.float64)[faces]
        origin = corners[:, 0]
        b, c = corners[:, 1] - origin, corners[:, 2] - origin
        area = _cross(b, c)
        area = np.where(area == 0.0, 1.0, area)
        slope_x = (b[:, 2] * c[:, 1] - c[:, 2] * b[:, 1]) / area
        slope_y = (c[:, 2] * b[:, 0] - b[:, 2] * c[:, 0]) / area
        depth = corners[:, :, 2]
        return np.column_stack([origin, slope_x, slope_y, depth.min(axis=1), depth.max(axis=1)])


def _depth_at(planes: np.ndarray, part: Fragments, width: int) -> np.ndarray:
    x, y, depth, slope_x, slope_y, least, greatest = planes[part.face].T
    row, column = np.divmod(part.pixel, width)
    depth = depth + (column + 0.5 - x) * slope_x + (row + 0.5 - y) * slope_y
    return np.clip(depth, least, greatest)  # a sliver's slope is not to be trusted outside it


def _nearest(pixel: np.ndarray, depth: np.ndarray, buffer: np.ndarray) -> np.ndarray:
    """Lower `buffer` to the least depth of each pixel; returns the indices of the fragments that are now in front."""
    closer = np.flatnonzero(depth < buffer[pixel])
    pending = closer
    while len(pending):  # of several fragments on a pixel one lands; those still closer go again
        buffer[pixel[pending]] = depth[pending]
        pending = pending[depth[pending] < buffer[pixel[pending]]]
    return closer[depth[closer] == buffer[pixel[closer]]]
