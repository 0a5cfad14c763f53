"""A surface as flat charts with little stretch, none of which covers itself: laid flat, tried, parted where they fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..topology.connected import connected
from ..topology.normals import unit
from .box_projection import SIDES, even_sides
from .charts import Charts, Surface, covered, make_charts, overlapping, part_from_charts, peel
from .relax import relaxed

_BOUND = 2.5  # times a triangle may be longer or shorter in some direction than on the surface
_NEEDLE, _HAIR = 1e-3, 1e-6  # shares of the longest edge's square below which a triangle's stretch, or side, means nothing
_EACH = 2**62  # areas that get a chart of their own: all
_UNDOINGS, _PARTINGS = 3, 8
_RESOLUTION = 768  # at which charts are looked at for overlaps
_FACING = 0.05  # cosine to its side from which a polygon can be projected


def flatten(surface: Surface, report: Callable[[], None]) -> tuple[Charts, np.ndarray]:
    """Charts, and (F, 3, 2) the corners in their chart's plane, in the surface's unit, each chart as large as it is there.

    The mesh's faces are seen from where they are counter-clockwise; they are clockwise in u and v, whose v is downwards.
    """
    normals = surface.polygon_normals()
    fine, side = even_sides(normals, surface.pairs)
    facing = unit(normals) @ SIDES[:, 2].T  # (P, 6)
    report()
    flat = _laid(surface, make_charts(surface, side, many=_EACH), None, report)
    for _ in range(_UNDOINGS):  # small areas that do not fit where they were taken in
        side = _undone(side, fine, flat.failed(), surface.pairs)
        if side is None:
            break
        flat = _laid(surface, make_charts(surface, side, many=_EACH), flat, report)
    for _ in range(_PARTINGS):
        hidden = covered(surface, flat.charts, flat.corners, flat.over, resolution=_RESOLUTION)
        bad = np.union1d(hidden, flat.stretched)
        if not len(bad):
            break
        parted = part_from_charts(surface, flat.charts, bad, facing[bad].argmax(axis=1), many=_EACH)
        flat = _laid(surface, parted, flat, report, parted=bad)
    charts = _as_projected(surface, flat, facing, report)
    corners = flat.corners if charts is flat.charts else _corners(surface, charts, flat, report)[0]
    return charts, _life_size(surface, charts, corners[:, :, :2])


def part_flat(surface: Surface, charts: Charts, flat: np.ndarray, polygons: np.ndarray) -> tuple[Charts, np.ndarray]:
    """What `flatten` gave with single polygons (K,) in charts of their own, as they are projected."""
    side = (surface.polygon_normals()[polygons] @ SIDES[:, 2].T).argmax(axis=1)
    charts = part_from_charts(surface, charts, polygons, side, many=_EACH)
    moved = np.isin(surface.polygon, polygons)
    return charts, np.where(moved[:, None, None], charts.flat(surface)[:, :, :2], flat)


@dataclass(frozen=True, kw_only=True)
class _Flat:
    """`corners` (F, 3, 3) are u, v, and the depth in the projection. Polygons: `over` lie over or under another one of their
    chart, `stretched` are mirrored or stretched too much.
    """

    charts: Charts
    corners: np.ndarray
    over: np.ndarray
    stretched: np.ndarray

    def failed(self) -> np.ndarray:
        return np.union1d(self.over, self.stretched)


def _laid(
    surface: Surface,
    charts: Charts,
    before: _Flat | None,
    report: Callable[[], None],
    *,
    parted: np.ndarray | None = None,
) -> _Flat:
    """Charts laid flat and looked at, but those that were the same `before`; and those that have only lost what failed, the
    `parted` polygons (K,), where these are given.
    """
    corners, fresh = _corners(surface, charts, before, report, parted=parted)
    faces = np.flatnonzero(fresh)
    over, stretched = np.zeros((2, surface.polygons), dtype=bool)
    if before is not None and parted is None:
        over[before.over], stretched[before.stretched] = True, True
        over[surface.polygon[faces]] = stretched[surface.polygon[faces]] = False
    if len(faces):
        over[overlapping(surface, charts, corners, faces, resolution=_RESOLUTION)] = True
        stretched[surface.polygon[faces[_stretched(surface.corners[faces], corners[faces, :, :2])]]] = True
    return _Flat(charts=charts, corners=corners, over=np.flatnonzero(over), stretched=np.flatnonzero(stretched))


def _corners(
    surface: Surface,
    charts: Charts,
    before: _Flat | None,
    report: Callable[[], None],
    *,
    parted: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """(F, 3, 3) u, v and depth, and (F,) which of the faces were not there already."""
    corners, chart = charts.flat(surface), charts.chart[surface.polygon]
    fresh = np.ones(len(corners), dtype=bool)
    if before is not None:
        fresh = ~_unchanged(before.charts, charts, parted)[chart]
        corners[~fresh] = before.corners[~fresh]
    faces = np.flatnonzero(fresh & ~charts.rigid[chart])
    if len(faces):
        normals = unit(charts.turned(surface, surface.normals[:, None])[faces, 0])
        corners[faces, :, :2] = relaxed(corners[faces], normals, chart[faces], surface.places[faces], report=report)
    return corners, fresh


def _unchanged(old: Charts, new: Charts, parted: np.ndarray | None) -> np.ndarray:
    """(C,) whether a chart of `new` is one of `old`, as a whole or, where `parted` (K,) polygons are given, without them."""
    count = len(new.side)
    origin = np.empty(count, dtype=np.int64)
    origin[new.chart] = old.chart
    size = np.bincount(new.chart, minlength=count)
    same = np.bincount(new.chart, old.chart == origin[new.chart], count) == size
    if parted is None:
        same &= size == np.bincount(old.chart)[origin]
    else:
        same[new.chart[parted]] = False
    return same & (new.side == old.side[origin]) & (new.rigid == old.rigid[origin])


def _stretched(corners: np.ndarray, flat: np.ndarray) -> np.ndarray:
    """(F,) whether a triangle is mirrored, or longer or shorter in a direction than it may be (Sander et al. 2001)."""
    one, other = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    b, c = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    area = b[:, 1] * c[:, 0] - b[:, 0] * c[:, 1]  # twice, positive as seen from outside
    gram = [np.einsum("ij,ij->i", x, y) for x, y in ((one, one), (one, other), (other, other))]
    true_area = np.sqrt(np.maximum(gram[0] * gram[2] - gram[1] ** 2, 0.0))
    longest = np.maximum(np.maximum(gram[0], gram[2]), gram[0] - 2.0 * gram[1] + gram[2])
    bb, bc, cc = (np.einsum("ij,ij->i", x, y) for x, y in ((b, b), (b, c), (c, c)))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        both = (gram[0] * cc - 2.0 * gram[1] * bc + gram[2] * bb) / area**2  # the sum of the two stretches' squares
        product = true_area / area
        greater = (both + np.sqrt(np.maximum(both**2 - 4.0 * product**2, 0.0))) / 2.0
        wrong = ~((greater < _BOUND**2) & (product**2 / greater > _BOUND**-2))
    return (wrong & (true_area > _NEEDLE * longest)) | ((area < 0.0) & (true_area > _HAIR * longest))


def _undone(side: np.ndarray, fine: np.ndarray, failed: np.ndarray, pairs: np.ndarray) -> np.ndarray | None:
    """`side` with those areas as they were that were taken in and hold a failed polygon; None where there is none."""
    if (side[failed] == fine[failed]).all():
        return None
    region = connected(len(side), pairs[(fine[pairs[:, 0]] == fine[pairs[:, 1]]) & (side[pairs[:, 0]] == side[pairs[:, 1]])])
    hit = np.zeros(int(region.max()) + 1, dtype=bool)
    hit[region[failed]] = True
    return np.where(hit[region], fine, side)


def _as_projected(surface: Surface, flat: _Flat, facing: np.ndarray, report: Callable[[], None]) -> Charts:
    """What still fails keeps its projection, as far as it faces it, in as many layers as it takes."""
    charts = flat.charts
    crumpled = np.union1d(charts.chart[flat.failed()], np.flatnonzero(charts.rigid))
    if not len(crumpled):
        return charts
    rigid = charts.rigid.copy()
    rigid[crumpled] = True
    charts = replace(charts, rigid=rigid)
    sideways = np.flatnonzero(rigid[charts.chart] & (facing[np.arange(len(facing)), charts.side[charts.chart]] < _FACING))
    charts = part_from_charts(surface, charts, sideways, facing[sideways].argmax(axis=1), many=_EACH)
    return peel(surface, charts, np.flatnonzero(charts.rigid), report, many=_EACH)


def _life_size(surface: Surface, charts: Charts, flat: np.ndarray) -> np.ndarray:
    chart = charts.chart[surface.polygon]
    b, c = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    here = np.bincount(chart, np.abs(b[:, 0] * c[:, 1] - b[:, 1] * c[:, 0]))
    there = np.bincount(chart, np.linalg.norm(surface.normals, axis=1))
    scale = np.sqrt(np.maximum(there, 1e-30) / np.maximum(here, 1e-30)).clip(0.5, 3.0)
    return flat * scale[chart][:, None, None]
