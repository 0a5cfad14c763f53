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


def rasterize(
    points: np.ndarray, faces: np.ndarray, *, width: int, height: int, beyond: np.ndarray | None = None
) -> Raster:
    """Draw triangles; the smallest depth wins, of equal depths the face with the lower index.

    `points` (V, 3) are x, y in pixels (the centre of the first pixel is (0.5, 0.5)) and depth; a depth after
    perspective division is right, since it is affine over the image of a plane. Triangles with a vertex that is not
    finite are left out, and so are those without area. With `beyond` (H, W) only what is deeper than that is drawn.
    """
    face_map = np.full(width * height, -1, dtype=np.int32)
    depth_map = np.full(width * height, np.inf)
    planes = _depth_planes(points, faces)
    for part in fragments(points, faces, width=width, height=height):
        depth = _depth_at(planes, part, width)
        if beyond is not None:
            depth[depth <= beyond.ravel()[part.pixel]] = np.inf  # never nearer than anything
        won = _nearest(part.pixel, depth, depth_map)
        face_map[part.pixel[won][::-1]] = part.face[won][::-1]  # of repeated indices the last is kept
    return Raster(face=face_map.reshape(height, width), depth=depth_map.reshape(height, width))


def fragments(points: np.ndarray, faces: np.ndarray, *, width: int, height: int) -> Iterator[Fragments]:
    """Every pixel of every triangle, in the order of the faces, in pieces of bounded size. `points` (V, 2 or more)."""
    row_face, row, first, last = _spans(_snapped_corners(points, faces), width, height)
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


@dataclass(frozen=True, kw_only=True)
class _Corners:
    """Triangles' corners in subpixels, sorted from top to bottom; columns, since NumPy is slow along short axes."""

    face: np.ndarray  # (K,) the triangle's index
    x: tuple[np.ndarray, np.ndarray, np.ndarray]  # (K,) int64 each
    y: tuple[np.ndarray, np.ndarray, np.ndarray]


def _snapped_corners(points: np.ndarray, faces: np.ndarray) -> _Corners:
    flat = np.asarray(points[:, :2], dtype=np.float64)
    usable = (np.abs(flat[:, 0]) < _LIMIT) & (np.abs(flat[:, 1]) < _LIMIT)  # False for NaN
    snapped = np.rint(np.where(usable[:, None], flat, 0.0) * SUBPIXEL).astype(np.int64)
    kept = np.flatnonzero(usable[faces[:, 0]] & usable[faces[:, 1]] & usable[faces[:, 2]])
    x, y = snapped[:, 0].copy(), snapped[:, 1].copy()
    corners = [(x[index], y[index]) for index in (faces[kept, 0], faces[kept, 1], faces[kept, 2])]
    for upper, lower in ((0, 1), (1, 2), (0, 1)):
        corners[upper], corners[lower] = _ordered(*corners[upper], *corners[lower])
    (x0, y0), (x1, y1), (x2, y2) = corners
    return _Corners(face=kept, x=(x0, x1, x2), y=(y0, y1, y2))


_Points = tuple[np.ndarray, np.ndarray]


def _ordered(xa: np.ndarray, ya: np.ndarray, xb: np.ndarray, yb: np.ndarray) -> tuple[_Points, _Points]:
    swap = ya > yb
    upper = np.where(swap, xb, xa), np.where(swap, yb, ya)
    return upper, (np.where(swap, xa, xb), np.where(swap, ya, yb))


def _spans(corners: _Corners, width: int, height: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Face, row, first column and one past the last column of every non-empty pixel row of every triangle."""
    rows = [_first_centre(y, 1) for y in corners.y]  # the first row at or below each corner
    top = np.clip(rows[0], 0, height)
    count = np.clip(rows[2], 0, height) - top
    owner = np.repeat(np.arange(len(count)), count)
    row = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count - top, count)
    lower = row >= rows[1][owner]  # below the middle corner
    (x0, x1, x2), (y0, y1, y2) = ([c[owner] for c in axis] for axis in (corners.x, corners.y))
    y = row * SUBPIXEL + SUBPIXEL // 2
    long_side = _crossing(x0, y0, x2, y2, y)
    short_side = _crossing(
        np.where(lower, x1, x0), np.where(lower, y1, y0), np.where(lower, x2, x1), np.where(lower, y2, y1), y
    )
    first = np.clip(np.minimum(long_side, short_side), 0, width)
    last = np.clip(np.maximum(long_side, short_side), 0, width)
    filled = np.flatnonzero(last > first)
    return corners.face[owner[filled]], row[filled], first[filled], last[filled]


def _first_centre(numerator: np.ndarray, denominator: np.ndarray | int) -> np.ndarray:
    """The first pixel whose centre is at or after the subpixel position numerator / denominator: an exact ceiling."""
    return -((SUBPIXEL // 2 * denominator - numerator) // (SUBPIXEL * denominator))


def _crossing(xa: np.ndarray, ya: np.ndarray, xb: np.ndarray, yb: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The first column whose centre is at or right of the edge from a down to b, in the row at subpixel `y`."""
    return _first_centre(xa * (yb - ya) + (y - ya) * (xb - xa), yb - ya)  # yb > ya in a row that the edge spans


def _depth_planes(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(7, F) float64: x and y of a corner, its depth, the depth's slope along x and y, and its least and greatest value."""
    with np.errstate(invalid="ignore", over="ignore"):
        corners = np.asarray(points, dtype=np.float64)[faces]
        origin = corners[:, 0]
        b, c = corners[:, 1] - origin, corners[:, 2] - origin
        area = _cross(b, c)
        area = np.where(area == 0.0, 1.0, area)
        slope_x = (b[:, 2] * c[:, 1] - c[:, 2] * b[:, 1]) / area
        slope_y = (c[:, 2] * b[:, 0] - b[:, 2] * c[:, 0]) / area
        da, db, dc = corners[:, 0, 2], corners[:, 1, 2], corners[:, 2, 2]
        least, greatest = np.minimum(np.minimum(da, db), dc), np.maximum(np.maximum(da, db), dc)
        return np.stack([*origin.T, slope_x, slope_y, least, greatest])


def _depth_at(planes: np.ndarray, part: Fragments, width: int) -> np.ndarray:
    x, y, depth, slope_x, slope_y, least, greatest = (row.take(part.face) for row in planes)
    row, column = np.divmod(part.pixel.astype(np.int32), np.int32(width))  # twice as fast as in 64 bits
    x = column + 0.5 - x
    y = row + 0.5 - y
    depth += x * slope_x + y * slope_y
    return np.clip(depth, least, greatest, out=depth)  # a sliver's slope is not to be trusted outside it


def _nearest(pixel: np.ndarray, depth: np.ndarray, buffer: np.ndarray) -> np.ndarray:
    """Lower `buffer` to the least depth of each pixel; returns the indices of the fragments that are now in front."""
    closer = np.flatnonzero(depth < buffer[pixel])
    pending = closer
    while len(pending):  # of several fragments on a pixel one lands; those still closer go again
        buffer[pixel[pending]] = depth[pending]
        pending = pending[depth[pending] < buffer[pixel[pending]]]
    return closer[depth[closer] == buffer[pixel[closer]]]
