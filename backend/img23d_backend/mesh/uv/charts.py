"""A mesh's faces grouped into charts that can be laid flat, overlaps peeled off.

Each polygon (a triangle, or the triangles of one face of an artist's mesh) looks along one of six directions. Charts are
the connected areas of one direction. Where a chart covers itself, the covered polygons are peeled off
into further charts, so the method holds for open, non-manifold and self-intersecting meshes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from ..raster.rasterize import fragments, rasterize
from ..topology.connected import connected as connected
from ..topology.normals import weld
from ..topology.sorting import sorted_with_order
from .box_projection import SIDES
from .pack import shelve
from .winding import windings

MANY = 500  # charts from which the smallest areas of one side share one: a chart each would drown in padding


@dataclass(frozen=True, kw_only=True)
class Surface:
    """What charting reads: `corners` (F, 3, 3) in the frame, `normals` (F, 3) with twice the area as their length,
    `polygon` (F,) numbers 0.., `places` (F, 3) numbers that corners in the same place share, `edges` (F, 3) numbers of the
    edges from each corner to the next, and `pairs` (N, 2) of polygons that share an edge.
    """

    corners: np.ndarray
    normals: np.ndarray
    polygon: np.ndarray
    places: np.ndarray
    edges: np.ndarray
    pairs: np.ndarray

    @property
    def polygons(self) -> int:
        return int(self.polygon.max()) + 1

    def polygon_normals(self) -> np.ndarray:
        """(P, 3) sums of the triangles' normals."""
        return np.stack([np.bincount(self.polygon, axis, self.polygons) for axis in self.normals.T], axis=1)


@dataclass(frozen=True, kw_only=True)
class Charts:
    """`chart` (P,) a polygon, `side` (C,) a chart: an index into SIDES; `rigid` (C,) whether the projection is to be kept,
    as where a chart is made of many small areas.
    """

    chart: np.ndarray
    side: np.ndarray
    rigid: np.ndarray

    def flat(self, surface: Surface) -> np.ndarray:
        """(F, 3, 3): u, v and depth of each corner in its chart's projection, in the mesh's unit."""
        return self.turned(surface, surface.corners)

    def turned(self, surface: Surface, vectors: np.ndarray) -> np.ndarray:
        """Vectors (F, K, 3) of each face in the frame to u, v and depth of its chart."""
        side = self.side[self.chart[surface.polygon]]
        result = np.empty_like(vectors)
        for number, axes in enumerate(SIDES * np.array([1.0, 1.0, -1.0])[:, None]):
            faces = np.flatnonzero(side == number)
            result[faces] = (vectors[faces].reshape(-1, 3) @ axes.T).reshape(len(faces), *vectors.shape[1:])
        return result

    def rim(self, surface: Surface) -> np.ndarray:
        """(F, 3) whether an edge lies on its chart's outline (or where more than two faces meet)."""
        return rim_of(surface.edges, self.chart[surface.polygon])


def rim_of(edges: np.ndarray, chart: np.ndarray) -> np.ndarray:
    """(F, 3) whether an edge lies on the outline of its chart (F,), or more than two of the faces meet there, by the edges'
    numbers (F, 3).
    """
    edges, chart = edges.ravel(), np.repeat(chart, 3)
    faces = np.bincount(edges)[edges]
    other = np.bincount(edges, weights=chart)[edges] - chart
    return ((faces != 2) | (other != chart)).reshape(-1, 3)


def make_surface(vertices: np.ndarray, faces: np.ndarray, *, frame: np.ndarray, normals: np.ndarray, polygon: np.ndarray) -> Surface:
    """A mesh in `frame` (rows: right, up, towards the viewer). `normals` (F, 3) may be turned where a face is inside out."""
    places = weld(vertices)[0][faces]
    edges, pairs = _neighbours(places, polygon)
    return Surface(
        corners=(vertices.astype(np.float64) @ frame.T)[faces],
        normals=normals @ frame.T,
        polygon=polygon,
        places=places,
        edges=edges,
        pairs=pairs,
    )


def make_charts(surface: Surface, side: np.ndarray, *, many: int = MANY) -> Charts:
    """Connected areas of one `side` (P,) each. They may still cover themselves: see `peel`."""
    area = np.linalg.norm(surface.polygon_normals(), axis=1)
    return _charts_of(side, np.zeros_like(side), area, surface.pairs, many)


def peel(surface: Surface, charts: Charts, crowded: np.ndarray, report: Callable[[], None], *, many: int = MANY) -> Charts:
    """Split the charts in `crowded` (K,) so that what is hidden in a chart's own projection moves into further charts."""
    layer, flat = np.zeros(len(charts.chart), dtype=np.int64), charts.flat(surface)
    pending = np.flatnonzero(np.isin(charts.chart, crowded)[surface.polygon])
    level = 0
    while len(pending):
        report()
        hidden = covered(surface, charts, flat, overlapping(surface, charts, flat, pending))
        level += 1
        layer[hidden] = level
        is_hidden = np.zeros(len(layer), dtype=bool)
        is_hidden[hidden] = True
        left = pending[is_hidden[surface.polygon[pending]]]
        if len(left) == len(pending):  # polygons that pass through each other hide one another: the caller parts them
            break
        pending = left
    return _split(surface, charts, layer, charts.side[charts.chart], many)


def part_from_charts(surface: Surface, charts: Charts, polygons: np.ndarray, side: np.ndarray | None = None, *, many: int = MANY) -> Charts:
    """Give single polygons (K,) charts of their own (connected ones together), where `side` is given along sides (K,)."""
    layer = np.zeros(len(charts.chart), dtype=np.int64)
    layer[polygons] = 1
    sides = charts.side[charts.chart]
    if side is not None:
        sides[polygons] = side
    return _split(surface, charts, layer, sides, many)


def _neighbours(places: np.ndarray, polygon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(F, 3) edge numbers, and (N, 2) polygons with an edge in common; at an edge of many faces they are chained."""
    start, end = places.ravel(), np.roll(places, -1, axis=1).ravel()
    key = np.minimum(start, end) * (int(places.max()) + 1) + np.maximum(start, end)
    key, order = sorted_with_order(key)
    first = np.diff(key, prepend=-1) != 0
    edges = np.empty_like(order)
    edges[order] = np.cumsum(first) - 1
    owner = np.repeat(polygon, 3)[order]
    shared = ~first[1:] & (start != end)[order][1:]
    pairs = np.stack([owner[:-1][shared], owner[1:][shared]], axis=1)
    return edges.reshape(-1, 3), pairs[pairs[:, 0] != pairs[:, 1]]


def _charts_of(side: np.ndarray, layer: np.ndarray, area: np.ndarray, pairs: np.ndarray, many: int) -> Charts:
    """A chart for each connected area of equal side and layer; all but the `many` largest share one of their kind."""
    kind = layer * len(SIDES) + side
    region = connected(len(side), pairs[kind[pairs[:, 0]] == kind[pairs[:, 1]]])
    rank = np.argsort(np.argsort(-np.bincount(region, weights=area), kind="stable"))
    small = (rank >= many)[region]
    key = np.where(small, kind, int(kind.max()) + 1 + region)
    _, first, chart = np.unique(key, return_index=True, return_inverse=True)
    return Charts(chart=chart.reshape(-1), side=side[first], rigid=small[first])


def _split(surface: Surface, charts: Charts, layer: np.ndarray, side: np.ndarray, many: int) -> Charts:
    """Polygons with a `layer` (P,) in charts of their own, by connected areas of equal layer and `side` (P,)."""
    moved = np.flatnonzero(layer)
    if not len(moved):
        return charts
    area = np.linalg.norm(surface.polygon_normals(), axis=1)
    number = np.full(len(layer), -1)
    number[moved] = np.arange(len(moved))
    pairs = number[surface.pairs]
    pairs = pairs[(pairs >= 0).all(axis=1)]
    new = _charts_of(side[moved], layer[moved], np.maximum(area[moved], area.sum() * 1e-12), pairs, many)
    chart = charts.chart.copy()
    chart[moved] = len(charts.side) + new.chart
    used, chart = np.unique(chart, return_inverse=True)
    was_rigid = np.bincount(new.chart, charts.rigid[charts.chart[moved]]) > 0
    sides, rigid = np.concatenate([charts.side, new.side]), np.concatenate([charts.rigid, new.rigid | was_rigid])
    return Charts(chart=chart.reshape(-1), side=sides[used], rigid=rigid[used])


def overlapping(surface: Surface, charts: Charts, flat: np.ndarray, faces: np.ndarray, *, resolution: int = 512) -> np.ndarray:
    """The polygons (K,) of `faces` that lie over or under another polygon of their chart.

    `flat` (F, 3, 3) are u, v and depth of all corners in their chart's plane. The charts' boxes have as many pixels together
    as a square of `resolution`, and the longest is not longer.
    """
    sheet = _sheet(surface, charts, flat, faces, resolution)
    doubtful = _doubtful(surface, sheet, faces)[sheet.chart]
    if not doubtful.any():
        return np.empty(0, dtype=np.int64)
    polygon = surface.polygon[faces[doubtful]]
    first = np.full(sheet.width * sheet.height, -1, dtype=np.int64)
    found = np.zeros(len(charts.chart), dtype=bool)
    for part in fragments(*sheet.triangles(doubtful), width=sheet.width, height=sheet.height):
        mine = polygon[part.face]
        free = first[part.pixel] < 0
        first[part.pixel[free]] = mine[free]
        other = first[part.pixel]
        found[mine[other != mine]] = True
        found[other[other != mine]] = True
    return np.flatnonzero(found)


def _doubtful(surface: Surface, sheet: _Sheet, faces: np.ndarray) -> np.ndarray:
    """(C,) which charts of a sheet may cover themselves: those whose outline winds around a pixel more than once or is not
    closed, and those with mirrored faces that have a pixel.
    """
    xy = sheet.corners[:, :, :2]
    b, c = xy[:, 1] - xy[:, 0], xy[:, 2] - xy[:, 0]
    area = b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]
    turn = 1 if area.sum() > 0.0 else -1
    mirrored = np.flatnonzero(area * turn < 0.0)
    drawn = fragments(*sheet.triangles(mirrored), width=sheet.width, height=sheet.height)
    doubtful = np.zeros(len(sheet.offset), dtype=bool)
    for part in drawn:
        doubtful[sheet.chart[mirrored[part.face]]] = True
    face, corner = np.nonzero(rim_of(surface.edges[faces], sheet.chart))
    start, end = xy[face, corner], xy[face, (corner + 1) % 3]
    turns, left_over = windings(start, end, width=sheet.width, height=sheet.height)
    wrong = (turns != 0) & (turns != -turn) | (left_over != 0)[:, None]  # v is downwards
    if wrong.any():
        x, y = sheet.offset.T
        right, low = (sheet.offset + sheet.cells).T
        sums = cv2.integral(wrong.astype(np.uint8))
        doubtful |= sums[low, right] - sums[low, x] - sums[y, right] + sums[y, x] > 0
    return doubtful


def covered(surface: Surface, charts: Charts, flat: np.ndarray, polygons: np.ndarray, *, resolution: int = 512) -> np.ndarray:
    """Those of `polygons` (K,) that are not the nearest of them everywhere in their chart; the rest as `overlapping`."""
    faces = np.flatnonzero(np.isin(surface.polygon, polygons))
    if not len(faces):
        return polygons
    sheet = _sheet(surface, charts, flat, faces, resolution)
    points, triangles = sheet.triangles()
    width, height = sheet.width, sheet.height
    polygon = surface.polygon[faces]
    front = rasterize(points, triangles, width=width, height=height).face.ravel()
    hidden = np.zeros(len(charts.chart), dtype=bool)
    for part in fragments(points, triangles, width=width, height=height):
        mine = polygon[part.face]
        hidden[mine[polygon[front[part.pixel]] != mine]] = True
    return np.flatnonzero(hidden)


@dataclass(frozen=True, kw_only=True)
class _Sheet:
    """Charts beside each other on a sheet of pixels: `corners` (K, 3, 3) of faces, the `chart` (K,) of each among those that
    are there, and where on the sheet each chart has its `cells` (C, 2), from `offset` (C, 2) on.
    """

    corners: np.ndarray
    chart: np.ndarray
    offset: np.ndarray
    cells: np.ndarray
    width: int
    height: int

    def triangles(self, which: np.ndarray | slice = slice(None)) -> tuple[np.ndarray, np.ndarray]:
        """Points (3 K, 3) and the faces (K, 3) made of them."""
        corners = self.corners[which]
        return corners.reshape(-1, 3), np.arange(3 * len(corners)).reshape(-1, 3)


def _sheet(surface: Surface, charts: Charts, flat: np.ndarray, faces: np.ndarray, resolution: int) -> _Sheet:
    chart = charts.chart[surface.polygon[faces]]
    present = np.bincount(chart, minlength=len(charts.side)) > 0
    chart = (np.cumsum(present) - 1)[chart]
    corners = flat[faces]
    low, high = chart_bounds(corners[:, :, :2], chart)
    scale = resolution / max(np.sqrt(float(np.prod(high - low, axis=1).sum())), float((high - low).max()), 1e-30)
    cells = np.ceil((high - low) * scale).astype(np.int64) + 1
    offset, width, height = shelve(cells)
    corners[:, :, :2] = (corners[:, :, :2] - low[chart][:, None]) * scale + offset[chart][:, None]
    return _Sheet(corners=corners, chart=chart, offset=offset, cells=cells, width=width, height=height)


def chart_bounds(xy: np.ndarray, chart: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest (C, 2) of the corners (F, 3, 2) of each chart (F,); every number 0..C-1 must occur."""
    chart, order = sorted_with_order(chart)
    starts = np.flatnonzero(np.diff(chart, prepend=-1))
    a, b, c = xy[:, 0], xy[:, 1], xy[:, 2]
    least, greatest = np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)
    return np.minimum.reduceat(least[order], starts, axis=0), np.maximum.reduceat(greatest[order], starts, axis=0)
