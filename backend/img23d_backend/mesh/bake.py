"""From texels to the surface, and from the surface to the picture: who is seen, how steeply, and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from ..stages import View
from .normals import area_vectors, unit, vertex_normals, weld
from .rasterize import Raster, rasterize

_CHUNK = 1 << 17  # texels at a time, small enough for the processor's cache
_CREASE = 0.7  # cosine between a face and its corner's smooth normal under which the edge counts as sharp
_SLACK_LEAST, _SLACK_MOST = 0.002, 0.03  # of the mesh's whole depth
_BESIDE = 2  # pixels of the map
_AWAY = -0.1  # cosine under which a face that is nevertheless in front is inside out


@dataclass(frozen=True, kw_only=True)
class Texels:
    """Some covered texels: `index` (N,) into the flattened texture, `face` (N,), `values` (N, K) float32 interpolated."""

    index: np.ndarray
    face: np.ndarray
    values: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What the view sees of a mesh. `depth` (h, w) float32 maps the nearest surface over the picture, in its own resolution,
    `second` (h, w) float32 the next surface behind it that looks towards the viewer, both far away where there is none.

    `projected` (V, 3) are pixels of the picture and depth; `towards` (V, 3) unit vectors to the viewer; `slack` (F,) how
    far behind the map a face's point may lie and still count as seen; `beside` (h, w) bool the pixels beside the edge of
    something nearer, whose colour in the picture may be that thing's; `inside_out` (F,) faces seen from their back;
    `seen` (F,) faces with a pixel in the map.
    """

    projected: np.ndarray
    towards: np.ndarray
    depth: np.ndarray
    second: np.ndarray
    slack: np.ndarray
    beside: np.ndarray
    inside_out: np.ndarray
    seen: np.ndarray


def look(vertices: np.ndarray, faces: np.ndarray, view: View, *, width: int, height: int, longest: int) -> Sight:
    """Draw the mesh's depth in the picture's frame, its longest side at most `longest` pixels."""
    size = _size_within(width, height, longest)
    projected = view.project(vertices)
    points = projected * [size["width"] / width, size["height"] / height, 1.0]
    raster = rasterize(points, faces, **size)
    towards = directions(view, vertices, projected)
    seen = np.zeros(len(faces), dtype=bool)
    seen[raster.face[raster.face >= 0]] = True
    facing = np.einsum("fi,fi->f", unit(area_vectors(vertices, faces)), towards[faces[:, 0]])
    inside_out = seen & (facing < _AWAY)
    whole = float(np.ptp(projected[:, 2])) or 1.0
    slack = _slack(points, faces, whole)
    towards_us = faces[(facing > 0.0) | inside_out]
    return Sight(
        projected=projected,
        towards=towards,
        depth=_finite(raster, whole),
        second=_finite(rasterize(points, towards_us, beyond=raster.depth + _SLACK_MOST * whole, **size), whole),
        slack=np.minimum(slack, _SLACK_MOST * whole),
        beside=_beside_edges(raster, slack),
        inside_out=inside_out,
        seen=seen,
    )


def _size_within(width: int, height: int, longest: int) -> dict[str, int]:
    scale = min(1.0, longest / max(width, height))
    return {"width": max(1, round(width * scale)), "height": max(1, round(height * scale))}


def directions(view: View, vertices: np.ndarray, projected: np.ndarray) -> np.ndarray:
    """(V, 3) unit vectors from each vertex to the viewer: the line on which the picture's u and v do not change."""
    row_u, row_v, row_depth, row_w = view.matrix[:, :3]
    du = row_u - projected[:, :1] * row_w
    dv = row_v - projected[:, 1:2] * row_w
    line = unit(np.cross(du, dv))
    w = vertices @ row_w + view.matrix[3, 3]
    ddepth = (row_depth - projected[:, 2:] * row_w) / w[:, None]
    nearer = np.einsum("vi,vi->v", line, ddepth) < 0.0
    return np.where(nearer[:, None], line, -line)


def corner_facing(vertices: np.ndarray, faces: np.ndarray, normals: np.ndarray, towards: np.ndarray) -> np.ndarray:
    """(F, 3) cosines between the smooth normal and the viewer; a corner at a sharp edge takes its own face's normal.

    `normals` (F, 3) are the faces' own, turned where a face is inside out.
    """
    flat = unit(normals)
    turned = np.einsum("fi,fi->f", normals, area_vectors(vertices, faces)) < 0.0
    oriented = np.where(turned[:, None], faces[:, ::-1], faces)
    smooth = vertex_normals(vertices, oriented, weld(vertices)[0])[faces]  # (F, 3, 3)
    sharp = np.einsum("fci,fi->fc", smooth, flat) < _CREASE
    normal = np.where(sharp[:, :, None], flat[:, None], smooth)
    return np.einsum("fci,fci->fc", normal, towards[faces])


def texels(uv: np.ndarray, face_map: np.ndarray, values: np.ndarray, *, step: int = 1) -> Iterator[Texels]:
    """Every `step`-th covered texel of a layout with the corners' `values` (F, 3, K) interpolated at its centre."""
    size = face_map.shape[0]
    table = _affine_table(uv.astype(np.float64) * size, values.astype(np.float64))
    flat_map = face_map.ravel()
    covered = np.flatnonzero(flat_map >= 0)[::step]
    for start in range(0, len(covered), _CHUNK):
        index = covered[start : start + _CHUNK]
        face = flat_map[index].astype(np.intp)
        yield Texels(index=index, face=face, values=_interpolated(table, face, index, size))


def _interpolated(table: np.ndarray, face: np.ndarray, index: np.ndarray, size: int) -> np.ndarray:
    """(N, K) values, column by column: three times as fast in NumPy as row by row."""
    line, column = np.divmod(index.astype(np.int32), np.int32(size))
    half = np.float32(0.5)
    x = column.astype(np.float32) + half - table[0].take(face)
    y = line.astype(np.float32) + half - table[1].take(face)
    b = np.clip(x * table[2].take(face) + y * table[3].take(face), 0.0, 1.0)
    c = np.clip(x * table[4].take(face) + y * table[5].take(face), 0.0, 1.0 - b)
    count = (len(table) - 6) // 3
    values = np.empty((count, len(face)), dtype=np.float32)
    for k in range(count):
        base, along_b, along_c = table[6 + k], table[6 + count + k], table[6 + 2 * count + k]
        values[k] = base.take(face) + b * along_b.take(face) + c * along_c.take(face)
    return values.T


def _affine_table(xy: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(6 + 3 K, F) float32: a corner, the matrix from an offset to two barycentric weights, and the values to be mixed."""
    origin, b, c = xy[:, 0], xy[:, 1] - xy[:, 0], xy[:, 2] - xy[:, 0]
    area = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]
    area = np.where(area == 0.0, 1.0, area)
    inverse = np.stack([c[:, 1], -c[:, 0], -b[:, 1], b[:, 0]], axis=1) / area[:, None]
    base = values[:, 0]
    rows = np.hstack([origin, inverse, base, values[:, 1] - base, values[:, 2] - base])
    return np.ascontiguousarray(rows.T, dtype=np.float32)


def _finite(raster: Raster, whole: float) -> np.ndarray:
    """The depth as float32, where nothing was drawn far behind everything."""
    drawn = raster.face >= 0
    deepest = float(raster.depth[drawn].max()) if drawn.any() else 0.0
    return np.where(drawn, raster.depth, deepest + 10.0 * whole).astype(np.float32)


def _slack(points: np.ndarray, faces: np.ndarray, whole: float) -> np.ndarray:
    """(F,) the depth a face gains over one pixel of the map, and a little for rounding."""
    a, b, c = np.moveaxis(points[faces], 1, 0)
    normal = np.cross(b - a, c - a)
    steep = (np.abs(normal[:, 0]) + np.abs(normal[:, 1])) / np.maximum(np.abs(normal[:, 2]), 1e-12)
    return steep + _SLACK_LEAST * whole


def _beside_edges(raster: Raster, slack: np.ndarray) -> np.ndarray:
    """(h, w) bool: pixels with one nearby that is nearer than the slope of their own face explains."""
    drawn = raster.face >= 0
    depth = np.where(drawn, raster.depth, np.inf)
    nearest = cv2.erode(depth, np.ones((2 * _BESIDE + 1, 2 * _BESIDE + 1), np.uint8))
    jump = np.where(drawn, raster.depth, 0.0) - np.where(drawn, nearest, 0.0)
    return drawn & (jump > 2.0 * _BESIDE * slack[raster.face])
