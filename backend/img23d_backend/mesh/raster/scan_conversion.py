"""Which pixels of a row belong to a triangle: exact, in floating point.

A pixel belongs to a triangle when its centre is inside, or on a left or top edge (the top-left rule), so the two
triangles at an edge never both take a pixel and never both leave it. Both windings are drawn. Vertices are snapped to
2^-30 of a pixel: differences of coordinates are then exact in 53 bits, and where a centre lies so close to an edge that
the sign of the edge function is in doubt, its two products are taken to twice the precision (Dekker 1971).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .arrays import Array, Arrays

SUBPIXEL = 2**30
_LIMIT = 2**20  # pixels; a triangle reaching further out is dropped, which keeps differences exact
_DEEPEST = 1e150  # keeps a sliver's slope finite
_DOUBT = 2.0**-50  # relative; the two products are each rounded by 2^-53
_SPLIT = 2.0**27 + 1  # parts 53 bits in two halves


@dataclass(frozen=True, kw_only=True)
class Corners:
    """Triangles' corners in pixels on the subpixel grid, sorted from top to bottom (then left to right); columns, since
    NumPy is slow along short axes. `face` (K,) int32 is the triangle's index, `clockwise` (K,) bool how it was wound as
    seen, `z` the depths or nothing."""

    face: Array
    clockwise: Array
    x: tuple[Array, Array, Array]  # (K,) float64 each
    y: tuple[Array, Array, Array]
    z: tuple[Array, Array, Array] | None

    @property
    def depths(self) -> tuple[Array, Array, Array]:
        """`z`, of corners that were made with depths."""
        assert self.z is not None
        return self.z

    def some(self, chosen: Array | slice) -> Corners:
        x, y = tuple(c[chosen] for c in self.x), tuple(c[chosen] for c in self.y)
        z = tuple(c[chosen] for c in self.z) if self.z else None
        return Corners(face=self.face[chosen], clockwise=self.clockwise[chosen], x=x, y=y, z=z)


@dataclass(frozen=True, kw_only=True)
class Spans:
    """Pixels of rows, none of them empty: `owner` (N,) into the corners, `row`, `first`, `count` (N,) int64 columns."""

    owner: Array
    row: Array
    first: Array
    count: Array


def corners_of(points: np.ndarray, faces: np.ndarray, arrays: Arrays, *, depths: bool) -> Corners:
    """Sorted corners of all triangles that can be drawn. `points` (V, 2 or, with `depths`, more), `faces` (F, 3)."""
    values = np.asarray(points[:, : 3 if depths else 2], dtype=np.float64)
    usable = np.all(np.abs(values) < [_LIMIT, _LIMIT, _DEEPEST][: values.shape[1]], axis=1)  # False for NaN
    values = np.where(usable[:, None], values, 0.0)
    values[:, :2] = np.rint(values[:, :2] * SUBPIXEL) / SUBPIXEL
    kept = np.flatnonzero(usable[faces].all(axis=1))
    columns = [arrays.given(np.ascontiguousarray(column)) for column in values.T]
    abc = [arrays.given(np.ascontiguousarray(faces[kept, i], dtype=np.int64)) for i in range(3)]
    corners = [[column[index] for column in columns] for index in abc]
    clockwise = _turn(*corners) > 0.0
    for upper, lower in ((0, 1), (1, 2), (0, 1)):
        corners[upper], corners[lower] = _ordered(arrays, corners[upper], corners[lower])
    x, y, *z = zip(*corners, strict=True)
    return Corners(face=arrays.given(kept.astype(np.int32)), clockwise=clockwise, x=x, y=y, z=z[0] if z else None)


def _turn(a: list[Array], b: list[Array], c: list[Array]) -> Array:
    return (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])


def _ordered(arrays: Arrays, a: list[Array], b: list[Array]) -> tuple[list[Array], list[Array]]:
    swap = (a[1] > b[1]) | ((a[1] == b[1]) & (a[0] > b[0]))
    where = arrays.xp.where
    return [where(swap, q, p) for p, q in zip(a, b, strict=True)], [where(swap, p, q) for p, q in zip(a, b, strict=True)]


def spans_of(corners: Corners, width: int, height: int, arrays: Arrays) -> Iterator[tuple[Corners, Spans]]:
    """The spans of all triangles in their order, in pieces, so that tall triangles cost time and not memory."""
    rows = [arrays.integers(arrays.xp.clip(arrays.xp.ceil(y - 0.5), 0, height)) for y in corners.y]
    count = rows[2] - rows[0]
    for part in pieces(count, arrays):
        top, middle = rows[0][part], rows[1][part]
        yield corners.some(part), _spans(corners.some(part), top, middle, count[part], width, arrays)


def pieces(counts: Array, arrays: Arrays) -> Iterator[slice]:
    """Slices of `counts` (N,) whose sums are at most a piece, or that hold only one element."""
    ends = np.cumsum(arrays.taken(counts))
    start = 0
    while start < len(ends):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + arrays.piece, side="right")))
        yield slice(start, stop)
        start = stop


def pixels_of(spans: Spans, part: slice, width: int, arrays: Arrays) -> tuple[Array, Array]:
    """Index of every pixel of some spans, and how many pixels it is from its span's first."""
    count = spans.count[part]
    total = int(count.sum())
    along = arrays.count(total)
    begin = arrays.xp.cumsum(count, 0) - count
    along = along - arrays.repeat(begin, count, total)
    return along + arrays.repeat(spans.row[part] * width + spans.first[part], count, total), along


def _spans(corners: Corners, top: Array, middle: Array, count: Array, width: int, arrays: Arrays) -> Spans:
    """`top`, `middle` (K,) are the first rows at or below the upper and the middle corner, `count` (K,) all rows."""
    xp = arrays.xp
    total = int(count.sum())
    owner = arrays.repeat(arrays.count(len(count)), count, total)
    row = arrays.count(total) + arrays.repeat(top - (xp.cumsum(count, 0) - count), count, total)
    (x0, x1, x2), (y0, y1, y2) = ([arrays.repeat(c, count, total) for c in axis] for axis in (corners.x, corners.y))
    lower = row >= arrays.repeat(middle, count, total)
    y = row + 0.5
    long_side = _crossing(arrays, x0, y0, x2, y2, y)
    where = xp.where
    short_side = _crossing(arrays, where(lower, x1, x0), where(lower, y1, y0), where(lower, x2, x1), where(lower, y2, y1), y)
    first = xp.clip(xp.minimum(long_side, short_side), 0, width)
    last = xp.clip(xp.maximum(long_side, short_side), 0, width)
    filled = arrays.where_true(last > first)
    first = arrays.integers(first[filled])
    return Spans(owner=owner[filled], row=row[filled], first=first, count=arrays.integers(last[filled]) - first)


def _crossing(arrays: Arrays, xa: Array, ya: Array, xb: Array, yb: Array, y: Array) -> Array:
    """The first column whose centre is at or right of the edge from a down to b, in the row whose centre is at `y`."""
    dx, dy, down = xb - xa, yb - ya, y - ya  # yb > ya in a row that the edge spans
    column = arrays.xp.round(xa + down * dx / dy - 0.5)  # the centre nearest to the edge
    across = column + 0.5 - xa
    ours, edges = across * dy, down * dx
    side = ours - edges
    doubtful = arrays.where_true(arrays.xp.abs(side) <= _DOUBT * arrays.xp.abs(ours))
    if len(doubtful):
        low = _rounding(across[doubtful], dy[doubtful]) - _rounding(down[doubtful], dx[doubtful])
        side[doubtful] = side[doubtful] + low
    return column + (side < 0.0)


def _rounding(a: Array, b: Array) -> Array:
    """What the product a * b, rounded to 53 bits, lacks of the true one."""
    (a1, a0), (b1, b0) = _halves(a), _halves(b)
    return ((a1 * b1 - a * b) + a1 * b0 + a0 * b1) + a0 * b0


def _halves(a: Array) -> tuple[Array, Array]:
    shifted = a * _SPLIT
    high = shifted - (shifted - a)
    return high, a - high
