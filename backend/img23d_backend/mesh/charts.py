"""A mesh's faces grouped into charts that can be laid flat: box projection, cleaned of crumbs, overlaps peeled off.

Each polygon (a triangle, or the triangles of one face of an artist's mesh) looks along one of six directions. Charts are
the connected areas of one direction. Where a chart covers itself in its projection, the covered polygons are peeled off
into further charts, so the method holds for open, non-manifold and self-intersecting meshes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .normals import unit, weld
from .pack import shelve
from .rasterize import fragments, rasterize
from .sorting import sorted_with_order

FRONT, BACK = 0, 1
# Rows: u, v (downwards) and the direction a viewer of that side is in, each in the frame's x, y, z. All right-handed as
# seen from outside, so no chart is a mirror image.
SIDES = np.array(
    [
        [[1, 0, 0], [0, -1, 0], [0, 0, 1]],  # front
        [[-1, 0, 0], [0, -1, 0], [0, 0, -1]],  # back
        [[0, 0, -1], [0, -1, 0], [1, 0, 0]],  # right
        [[0, 0, 1], [0, -1, 0], [-1, 0, 0]],  # left
        [[1, 0, 0], [0, 0, 1], [0, 1, 0]],  # top
        [[1, 0, 0], [0, 0, -1], [0, -1, 0]],  # bottom
    ],
    dtype=np.float64,
)
_FACING = 0.3  # cosine from which a polygon belongs to the front or back, whatever other side it faces better
_TOLERABLE = 0.12  # cosine to which a polygon may be taken into a neighbour's chart
_CRUMB = 0.002  # share of the surface below which an area is given to its neighbours
_MANY = 500  # charts from which the smallest areas of one side share one: a chart each would drown in padding
_PEEL_PIXELS = 512 * 512


@dataclass(frozen=True, kw_only=True)
class Surface:
    """What charting reads: `corners` (F, 3, 3) in the frame, `normals` (F, 3) with twice the area as their length,
    `polygon` (F,) numbers 0.., `edges` (F, 3) numbers of the edges from each corner to the next, and `pairs` (N, 2) of
    polygons that share an edge.
    """

    corners: np.ndarray
    normals: np.ndarray
    polygon: np.ndarray
    edges: np.ndarray
    pairs: np.ndarray

    @property
    def polygons(self) -> int:
        return int(self.polygon.max()) + 1


@dataclass(frozen=True, kw_only=True)
class Charts:
    """`chart` (P,) a polygon, `side` (C,) a chart: an index into SIDES."""

    chart: np.ndarray
    side: np.ndarray

    def flat(self, surface: Surface) -> np.ndarray:
        """(F, 3, 3): u, v and depth of each corner in its chart's projection, in the mesh's unit."""
        side = self.side[self.chart[surface.polygon]]
        flat = np.empty_like(surface.corners)
        for number, axes in enumerate(SIDES * np.array([1.0, 1.0, -1.0])[:, None]):
            faces = np.flatnonzero(side == number)
            flat[faces] = (surface.corners[faces].reshape(-1, 3) @ axes.T).reshape(-1, 3, 3)
        return flat

    def rim(self, surface: Surface) -> np.ndarray:
        """(F, 3) whether an edge lies on its chart's outline (or where more than two faces meet)."""
        edges, chart = surface.edges.ravel(), np.repeat(self.chart[surface.polygon], 3)
        faces = np.bincount(edges)[edges]
        other = np.bincount(edges, weights=chart)[edges] - chart
        return ((faces != 2) | (other != chart)).reshape(-1, 3)


def make_surface(
    vertices: np.ndarray, faces: np.ndarray, *, frame: np.ndarray, normals: np.ndarray, polygon: np.ndarray
) -> Surface:
    """A mesh in `frame` (rows: right, up, towards the viewer). `normals` (F, 3) may be turned where a face is inside out."""
    edges, pairs = _neighbours(weld(vertices)[0][faces], polygon)
    return Surface(
        corners=vertices[faces].astype(np.float64) @ frame.T,
        normals=normals @ frame.T,
        polygon=polygon,
        edges=edges,
        pairs=pairs,
    )


def make_charts(surface: Surface) -> Charts:
    """Connected areas of one side each. They may still cover themselves: see `peel`."""
    columns = [np.bincount(surface.polygon, weights=n, minlength=surface.polygons) for n in surface.normals.T]
    summed = np.stack(columns, axis=1)
    area = np.linalg.norm(summed, axis=1)
    facing = unit(summed) @ SIDES[:, 2].T  # (P, 6)
    side = _sides(facing)
    for _ in range(4):
        side = _give_crumbs_away(side, facing, area, surface.pairs)
    return _charts_of(side, np.zeros_like(side), area, surface.pairs)


def peel(surface: Surface, charts: Charts, crowded: np.ndarray, report: Callable[[], None]) -> Charts:
    """Split the charts in `crowded` (K,) so that what is hidden in a chart's own projection moves into further charts."""
    layer = np.zeros(len(charts.chart), dtype=np.int64)
    pending = np.flatnonzero(np.isin(charts.chart, crowded)[surface.polygon])
    level = 0
    while len(pending):
        report()
        hidden = _hidden_polygons(surface, charts, pending)
        level += 1
        layer[hidden] = level
        is_hidden = np.zeros(len(layer), dtype=bool)
        is_hidden[hidden] = True
        pending = pending[is_hidden[surface.polygon[pending]]]
    return _split(surface, charts, layer)


def part_from_charts(surface: Surface, charts: Charts, polygons: np.ndarray) -> Charts:
    """Give single polygons charts of their own (connected ones together)."""
    layer = np.zeros(len(charts.chart), dtype=np.int64)
    layer[polygons] = 1
    return _split(surface, charts, layer)


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


def _sides(facing: np.ndarray) -> np.ndarray:
    side = 2 + np.argmax(facing[:, 2:], axis=1)
    side[facing[:, FRONT] > _FACING] = FRONT
    side[facing[:, BACK] > _FACING] = BACK
    return side


def _give_crumbs_away(side: np.ndarray, facing: np.ndarray, area: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    region = connected(len(side), pairs[side[pairs[:, 0]] == side[pairs[:, 1]]])
    region_area = np.bincount(region, weights=area)
    crumb = (region_area < _CRUMB * area.sum())[region]
    both = np.concatenate([pairs, pairs[:, ::-1]])
    giver, taker = both[crumb[both[:, 0]] & ~crumb[both[:, 1]]].T
    fits = (facing[giver, side[taker]] > _TOLERABLE) | (area[giver] == 0.0)
    result = side.copy()
    result[giver[fits]] = side[taker[fits]]
    return result


def _charts_of(side: np.ndarray, layer: np.ndarray, area: np.ndarray, pairs: np.ndarray) -> Charts:
    """A chart for each connected area of equal side and layer; all but the largest areas share one of their kind."""
    kind = layer * len(SIDES) + side
    region = connected(len(side), pairs[kind[pairs[:, 0]] == kind[pairs[:, 1]]])
    rank = np.argsort(np.argsort(-np.bincount(region, weights=area), kind="stable"))
    small = (rank >= _MANY)[region]
    key = np.where(small, kind, int(kind.max()) + 1 + region)
    _, first, chart = np.unique(key, return_index=True, return_inverse=True)
    return Charts(chart=chart.reshape(-1), side=side[first])


def _split(surface: Surface, charts: Charts, layer: np.ndarray) -> Charts:
    """Charts again, polygons of one old chart but different `layer` apart; the untouched charts stay as they are."""
    length = np.linalg.norm(surface.normals, axis=1)
    area = np.bincount(surface.polygon, weights=length, minlength=surface.polygons)
    moved = np.flatnonzero(layer)
    number = np.full(len(layer), -1)
    number[moved] = np.arange(len(moved))
    pairs = number[surface.pairs]
    pairs = pairs[(pairs >= 0).all(axis=1)]
    new = _charts_of(charts.side[charts.chart[moved]], layer[moved], np.maximum(area[moved], area.sum() * 1e-12), pairs)
    chart = charts.chart.copy()
    chart[moved] = len(charts.side) + new.chart
    used, chart = np.unique(chart, return_inverse=True)
    return Charts(chart=chart.reshape(-1), side=np.concatenate([charts.side, new.side])[used])


def _hidden_polygons(surface: Surface, charts: Charts, faces: np.ndarray) -> np.ndarray:
    """Polygons, among those of `faces`, that another polygon of the same chart covers in part."""
    polygon = surface.polygon[faces]
    _, chart = np.unique(charts.chart[polygon], return_inverse=True)
    corners = charts.flat(surface)[faces]
    low, high = chart_bounds(corners[:, :, :2], chart.reshape(-1))
    scale = np.sqrt(_PEEL_PIXELS / max(float(np.prod(high - low, axis=1).sum()), 1e-30))
    cells = np.ceil((high - low) * scale).astype(np.int64) + 1
    offset, width, height = shelve(cells)
    corners[:, :, :2] = (corners[:, :, :2] - low[chart][:, None]) * scale + offset[chart][:, None]
    points, triangles = corners.reshape(-1, 3), np.arange(3 * len(faces)).reshape(-1, 3)
    front = rasterize(points, triangles, width=width, height=height).face.ravel()
    hidden = np.zeros(len(charts.chart), dtype=bool)
    for part in fragments(points, triangles, width=width, height=height):
        mine = polygon[part.face]
        hidden[mine[polygon[front[part.pixel]] != mine]] = True
    return np.flatnonzero(hidden)


def chart_bounds(xy: np.ndarray, chart: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest (C, 2) of the corners (F, 3, 2) of each chart (F,); every number 0..C-1 must occur."""
    order = np.argsort(chart, kind="stable")
    starts = np.flatnonzero(np.diff(chart[order], prepend=-1))
    a, b, c = xy[:, 0], xy[:, 1], xy[:, 2]
    least, greatest = np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)
    return np.minimum.reduceat(least[order], starts, axis=0), np.maximum.reduceat(greatest[order], starts, axis=0)


def connected(count: int, pairs: np.ndarray) -> np.ndarray:
    """(count,) numbers 0.. of the connected components of a graph: hooking to the least label and pointer jumping."""
    label = np.arange(count)
    a, b = pairs[:, 0], pairs[:, 1]
    while len(a):
        least = np.minimum(label[a], label[b])
        np.minimum.at(label, label[a], least)
        np.minimum.at(label, label[b], least)
        while True:
            jumped = label[label]
            if np.array_equal(jumped, label):
                break
            label = jumped
        open_ = label[a] != label[b]
        a, b = a[open_], b[open_]
    return np.unique(label, return_inverse=True)[1].reshape(-1)
