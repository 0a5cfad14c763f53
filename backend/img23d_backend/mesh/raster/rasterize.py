"""Triangles to pixels in vectorised NumPy or torch: no hole and no double hit along a shared edge, the nearest wins.

Which pixels a triangle covers is in `scan_conversion.py`. Depth is tested in double precision, pixel by pixel.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..topology.sorting import sorted_with_order
from .arrays import Array, Arrays, NumpyArrays
from .scan_conversion import Corners, Spans, corners_of, pieces, pixels_of, spans_of

_TILE = 32  # pixels
_NO_FACE = 2**31 - 1


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


@dataclass(frozen=True, kw_only=True)
class Covered:
    """Some pixels that have a face: `pixel` (N,) index into the flattened image, `face`, `row` and `column` (N,) int32, and
    `weights`, of each corner (N,) float32."""

    pixel: np.ndarray
    face: np.ndarray
    row: np.ndarray
    column: np.ndarray
    weights: tuple[np.ndarray, np.ndarray, np.ndarray]


def rasterize(points: np.ndarray, faces: np.ndarray, *, width: int, height: int, beyond: np.ndarray | None = None, device: str = "") -> Raster:
    """Draw triangles; the smallest depth wins, of equal depths the face with the lower index.

    `points` (V, 3 or more) are x, y in pixels (the centre of the first pixel is (0.5, 0.5)) and depth; a depth after
    perspective division is right, since it is affine over the image of a plane. Triangles with a vertex that is not
    finite are left out, and so are those without area. With `beyond` (H, W) only what is deeper than that is drawn.
    `device` "" computes in NumPy, which is the faster way on a processor; anything else in torch on the device of that
    name, where it has double precision. The result is the same.
    """
    arrays = _arrays_on(device)
    corners = corners_of(points, faces, arrays, depths=True)
    image = _Image(width=width, height=height, arrays=arrays, beyond=beyond)
    nearer, farther = _nearer_first(corners, arrays)
    image.draw(nearer)
    image.draw(farther.some(image.may_be_seen(farther)))
    return image.raster()


def _arrays_on(device: str) -> Arrays:
    if not device:
        return NumpyArrays()
    from .torch_arrays import TorchArrays, computes_doubles

    return TorchArrays(device) if computes_doubles(device) else NumpyArrays()


def fragments(points: np.ndarray, faces: np.ndarray, *, width: int, height: int) -> Iterator[Fragments]:
    """Every pixel of every triangle, in the order of the faces, in pieces of bounded size. `points` (V, 2 or more)."""
    arrays = NumpyArrays()
    for corners, spans in spans_of(corners_of(points, faces, arrays, depths=False), width, height, arrays):
        face = corners.face[spans.owner]
        for part in pieces(spans.count, arrays):
            pixel, _ = pixels_of(spans, part, width, arrays)
            yield Fragments(face=np.repeat(face[part], spans.count[part]).astype(np.int64), pixel=pixel)


@dataclass(frozen=True, kw_only=True)
class Parted:
    """Triangles as they share pixels with others or not. `face` (H * W,) int32 is the face of each pixel that only one covers,
    -1 elsewhere; `shared` are all faces of the other pixels, in their order and in pieces of bounded size.
    """

    face: np.ndarray
    shared: Iterator[Fragments]


def parted(points: np.ndarray, faces: np.ndarray, *, width: int, height: int) -> Parted:
    """As `fragments`, but pixel by pixel only where it must be."""
    arrays, pixels = NumpyArrays(), width * height
    found, total = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int32))], 0
    for corners, spans in spans_of(corners_of(points, faces, arrays, depths=False), width, height, arrays):
        found.append((spans.row * width + spans.first, spans.count, corners.face[spans.owner]))
        total += len(spans.row)
        if total > pixels:  # most pixels have several faces
            return Parted(face=np.full(pixels, -1, np.int32), shared=fragments(points, faces, width=width, height=height))
    start, count, face = (np.concatenate(column) for column in zip(*found, strict=True))
    begin, order = sorted_with_order(start)
    end = begin + count[order]
    reached = np.maximum.accumulate(end)
    meets = np.zeros(len(begin) + 1, dtype=bool)
    meets[1:-1] = begin[1:] < reached[:-1]  # an earlier one
    meets[:-2] |= end[:-1] > begin[1:]  # a later one
    alone, together = order[~meets[:-1]], np.sort(order[meets[:-1]])
    image = _run_out(start[alone], count[alone], face[alone], pixels)
    return Parted(face=image, shared=_expanded(start[together], count[together], face[together]))


def _run_out(start: np.ndarray, count: np.ndarray, face: np.ndarray, pixels: int) -> np.ndarray:
    """(pixels,) the face of each span that does not meet another, by ascending `start`, and -1 between them."""
    image = np.zeros(pixels + 1, np.int32)
    image[0] = -1
    image[start] += face + np.int32(1)
    image[start + count] -= face + np.int32(1)
    return np.cumsum(image, out=image)[:-1]


def _expanded(start: np.ndarray, count: np.ndarray, face: np.ndarray) -> Iterator[Fragments]:
    for part in pieces(count, NumpyArrays()):
        length = count[part]
        along = np.arange(int(length.sum())) + np.repeat(start[part] - (np.cumsum(length) - length), length)
        yield Fragments(face=np.repeat(face[part], length).astype(np.int64), pixel=along)


def weights_of(raster: Raster, points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(H, W, 3) float32 weights of the corners of each pixel's face, see `barycentrics`; 0 where there is none."""
    weights = np.zeros((raster.face.size, 3), dtype=np.float32)
    for part in covered(raster, points, faces):
        for corner in range(3):
            weights[part.pixel, corner] = part.weights[corner]
    return weights.reshape(*raster.face.shape, 3)


def covered(raster: Raster, points: np.ndarray, faces: np.ndarray) -> Iterator[Covered]:
    """All pixels that have a face, in pieces, the weights as `barycentrics`. `points`, `faces` are those of the raster."""
    corners = np.asarray(points, dtype=np.float64)[faces]  # (F, 3, D)
    with np.errstate(invalid="ignore", over="ignore"):  # faces that are not drawn
        planes = _weight_planes(corners[:, :, :2])
        nearness = 1.0 / corners[:, :, 3].T if corners.shape[2] > 3 else None
    flat = raster.face.ravel()
    drawn = np.flatnonzero(flat >= 0)
    for start in range(0, len(drawn), NumpyArrays.piece):
        pixel = drawn[start : start + NumpyArrays.piece]
        face = flat[pixel]
        row, column = np.divmod(pixel.astype(np.int32), np.int32(raster.face.shape[1]))  # twice as fast as in 64 bits
        x, y, bx, by, cx, cy = (plane[face] for plane in planes)
        x, y = column + 0.5 - x, row + 0.5 - y
        b = np.clip(x * bx + y * by, 0.0, 1.0)
        c = np.clip(x * cx + y * cy, 0.0, 1.0 - b)
        weights = [1.0 - b - c, b, c]
        if nearness is not None:
            weights = [weight * near[face] for weight, near in zip(weights, nearness, strict=True)]
            total = weights[0] + weights[1] + weights[2]
            weights = [weight / total for weight in weights]
        a, b, c = (weight.astype(np.float32) for weight in weights)
        yield Covered(pixel=pixel, face=face, row=row, column=column, weights=(a, b, c))


def _weight_planes(xy: np.ndarray) -> np.ndarray:
    """(6, F) from `xy` (F, 3, 2): the first corner, then how the other two's weights grow along x and y."""
    b, c = xy[:, 1] - xy[:, 0], xy[:, 2] - xy[:, 0]
    area = _cross(b, c)
    area = np.where(area == 0.0, 1.0, area)
    return np.stack([xy[:, 0, 0], xy[:, 0, 1], c[:, 1] / area, -c[:, 0] / area, -b[:, 1] / area, b[:, 0] / area])


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


def _nearer_first(corners: Corners, arrays: Arrays) -> tuple[Corners, Corners]:
    """The triangles of one winding and those of the other; first those that are nearer on the whole.

    Of a closed surface the others lie behind these. The result does not depend on it, only how much need not be drawn.
    """
    (x0, x1, x2), (y0, y1, y2), (z0, z1, z2) = corners.x, corners.y, corners.depths
    area = arrays.xp.abs((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0))
    weighted = area * (z0 + z1 + z2)
    parts = [arrays.where_true(corners.clockwise), arrays.where_true(~corners.clockwise)]
    parts.sort(key=lambda part: float(weighted[part].sum()) / (float(area[part].sum()) or 1.0))
    return corners.some(parts[0]), corners.some(parts[1])


class _Image:
    """The depths and the faces drawn so far."""

    def __init__(self, width: int, height: int, arrays: Arrays, beyond: np.ndarray | None) -> None:
        self._width, self._height, self._arrays = width, height, arrays
        self._beyond = None if beyond is None else arrays.given(np.ascontiguousarray(beyond, dtype=np.float64).ravel())
        self._depth = arrays.full(width * height, np.inf, "float64")
        self._face = arrays.full(width * height, _NO_FACE, "int32")

    def draw(self, corners: Corners) -> None:
        arrays = self._arrays
        for some, spans in spans_of(corners, self._width, self._height, arrays):
            start, step = _depths(some, spans, arrays)
            face = some.face[spans.owner]
            for part in pieces(spans.count, arrays):
                pixel, along = pixels_of(spans, part, self._width, arrays)
                of_span = [arrays.repeat(values[part], spans.count[part], len(along)) for values in (start, step, face)]
                self._put(pixel, of_span[0] + along * of_span[1], of_span[2])

    def _put(self, pixel: Array, depth: Array, face: Array) -> None:
        before = self._depth[pixel]
        is_near = depth <= before
        if self._beyond is not None:
            is_near &= depth > self._beyond[pixel]
        near = self._arrays.where_true(is_near)
        pixel, depth, before = pixel[near], depth[near], before[near]
        self._arrays.lower(self._depth, pixel, depth)
        now = self._depth[pixel]
        self._face[pixel[now < before]] = _NO_FACE
        won = self._arrays.where_true(depth == now)
        self._arrays.lower(self._face, pixel[won], face[near[won]])

    def may_be_seen(self, corners: Corners) -> Array:
        """Indices of the triangles that are not wholly behind what is drawn, as far as a coarse look tells."""
        xp, deepest = self._arrays.xp, self._deepest_of_tiles()
        (x0, x1, x2), (z0, z1, z2) = corners.x, corners.depths
        left, right = xp.minimum(xp.minimum(x0, x1), x2), xp.maximum(xp.maximum(x0, x1), x2)
        columns = [self._tile(x, deepest.shape[1]) for x in (left, right)]
        rows = [self._tile(y, deepest.shape[0]) for y in (corners.y[0], corners.y[2])]
        is_small = (columns[1] - columns[0] <= 1) & (rows[1] - rows[0] <= 1)
        behind = xp.minimum(xp.minimum(z0, z1), z2)
        for row in rows:
            for column in columns:
                is_small = is_small & (behind > deepest[row, column])
        return self._arrays.where_true(~is_small)

    def _tile(self, position: Array, count: int) -> Array:
        return self._arrays.integers(self._arrays.xp.clip(position / _TILE, 0, count - 1))

    def _deepest_of_tiles(self) -> Array:
        """(rows, columns) the greatest depth in each square of pixels; infinite in those that the border cuts off."""
        whole = self._height // _TILE, self._width // _TILE
        tiles = self._arrays.full((whole[0] + 1) * (whole[1] + 1), np.inf, "float64").reshape(whole[0] + 1, whole[1] + 1)
        inside = self._depth.reshape(self._height, self._width)[: whole[0] * _TILE, : whole[1] * _TILE]
        if whole[0] and whole[1]:
            tiles[:-1, :-1] = self._arrays.xp.amax(inside.reshape(whole[0], _TILE, whole[1], _TILE), (1, 3))
        return tiles

    def raster(self) -> Raster:
        face = self._arrays.taken(self._face).reshape(self._height, self._width)
        face[face == _NO_FACE] = -1
        return Raster(face=face, depth=self._arrays.taken(self._depth).reshape(self._height, self._width))


def _depths(corners: Corners, spans: Spans, arrays: Arrays) -> tuple[Array, Array]:
    """(N,) float64 depth at the first pixel of each span, and how much it grows from pixel to pixel.

    ResultCache within the corners' depths, since a sliver's slope is not to be trusted.
    """
    xp, owner = arrays.xp, spans.owner
    (x0, x1, x2), (y0, y1, y2), (z0, z1, z2) = corners.x, corners.y, corners.depths
    area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
    area = xp.where(area == 0.0, 1.0, area)
    along_x = (((z1 - z0) * (y2 - y0) - (z2 - z0) * (y1 - y0)) / area)[owner]
    along_y = (((z2 - z0) * (x1 - x0) - (z1 - z0) * (x2 - x0)) / area)[owner]
    least = xp.minimum(xp.minimum(z0, z1), z2)[owner]
    greatest = xp.maximum(xp.maximum(z0, z1), z2)[owner]
    steps = spans.count - 1
    start = z0[owner] + (spans.first + 0.5 - x0[owner]) * along_x + (spans.row + 0.5 - y0[owner]) * along_y
    end = xp.clip(start + steps * along_x, least, greatest)
    start = xp.clip(start, least, greatest)
    return start, (end - start) / xp.clip(steps, 1, None)
