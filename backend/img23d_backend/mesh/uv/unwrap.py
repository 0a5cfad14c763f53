"""One UV layout without overlaps for any triangle mesh."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ...stages import Mesh
from ..topology.normals import area_vectors
from .box_projection import BACK, FRONT, front_sides
from .charts import Charts, Surface, chart_bounds, make_charts, make_surface, part_from_charts, peel
from .flatten import flatten, part_flat
from .layout import Layout, cover, touch_outlines
from .pack import pack, shelve, widest

# Texels a unit of length on the back and on the other sides, against 1 on the front, which alone has the photo's detail
# to hold. The front may be too long for the square to be filled; then the others get the room.
_DENSITIES = ((1.0, 0.8), (0.8, 0.65), (0.6, 0.5))
_FULL = 0.98  # of the greatest possible scale
_HARDLY = 0.1  # share of a chart that is seen
_ATTEMPTS = 8
_MANY = 400  # charts that are placed by themselves
_FINE = 1024  # steps of a square as large as the surface; about a texel each
_GAP, _GAP_SHARE = 2.0, 0.25  # steps between two small charts, but not more than this share of what is between two gaps


def unwrap_mesh(mesh: Mesh, *, size: int, report: Callable[[], None]) -> Layout:
    """Lay a mesh out on a square of `size` texels, with as many texels to the area everywhere; upright for one that stands
    along y.

    No two polygons cover the same texel's centre, none is parted or mirrored, and charts stay 4 texels apart at 1024, 8 at
    2048. The surface is stretched by a few hundredths at most where it can be laid flat: see `flatten`.
    """
    surface = make_surface(
        mesh.vertices,
        mesh.faces,
        frame=np.eye(3),
        normals=area_vectors(mesh.vertices, mesh.faces),
        polygon=np.arange(len(mesh.faces)) if mesh.polygons is None else mesh.polygons,
    )
    charts, flat = flatten(surface, report)
    scale = None
    for _ in range(_ATTEMPTS):
        together, places = gather_small_charts(surface, charts, flat)
        chart = together.chart[surface.polygon]
        bounds = chart_bounds(places, chart)
        packing = pack(places, chart, together.rim(surface), *bounds, report=report, start=scale)
        assert packing is not None, "a packing without a least scale is always found"
        uv, scale = packing.place(places, chart), packing.scale
        face, crowded = cover(uv, surface.polygon, size)
        report()
        if not len(crowded):
            break
        charts, flat = part_flat(surface, charts, flat, crowded)
    return _layout(surface, charts, uv, face)  # pyright: ignore[reportPossiblyUnboundVariable]  # _ATTEMPTS is more than 0


def unwrap(surface: Surface, *, seen: np.ndarray, size: int, report: Callable[[], None]) -> Layout:
    """Lay a surface out for a photo. `seen` (F,) tells which faces deserve the front's density.

    As `unwrap_mesh`, but every chart is as the photo's camera or one a quarter turn from it would see it.
    """
    charts = make_charts(surface, front_sides(surface.polygon_normals(), surface.pairs))
    report()
    scale = None
    for attempt in range(_ATTEMPTS):
        uv, scale = _lay_out(surface, charts, seen, scale, report)
        report()
        face, crowded = cover(uv, surface.polygon, size)
        report()
        if not len(crowded):
            break
        if attempt == 0:
            charts = peel(surface, charts, np.unique(charts.chart[crowded]), report)
        else:  # overlaps thinner than the pixels that `peel` looks at
            charts = part_from_charts(surface, charts, crowded)
    return _layout(surface, charts, uv, face)  # pyright: ignore[reportPossiblyUnboundVariable]  # _ATTEMPTS is more than 0


def _layout(surface: Surface, charts: Charts, uv: np.ndarray, face: np.ndarray) -> Layout:
    used = float((face >= 0).mean())
    touch_outlines(face, uv * len(face), charts.rim(surface))
    return Layout(uv=uv.astype(np.float32), face=face, charts=len(charts.side), used=used)


def _lay_out(surface: Surface, charts: Charts, seen: np.ndarray, start: float | None, report: Callable[[], None]) -> tuple[np.ndarray, float]:
    """(F, 3, 2) corners in the unit square, and the scale that was reached."""
    chart = charts.chart[surface.polygon]
    flat, rim = charts.flat(surface)[:, :, :2], charts.rim(surface)
    for back, side in _DENSITIES:
        dense = flat * _densities(surface, charts, seen, back, side)[chart][:, None, None]
        bounds = chart_bounds(dense, chart)
        least = 0.0 if (back, side) == _DENSITIES[-1] else _FULL * widest(*bounds)
        packing = pack(dense, chart, rim, *bounds, report=report, start=start, least=least)
        if packing is not None:
            return packing.place(dense, chart), packing.scale
    raise AssertionError("the last packing has no least scale")


def _densities(surface: Surface, charts: Charts, seen: np.ndarray, back: float, side: float) -> np.ndarray:
    """(C,) relative texels a unit; a front chart that is hardly seen gets as little as the back."""
    chart = charts.chart[surface.polygon]
    area = np.linalg.norm(surface.normals, axis=1) + 1e-30
    share = np.bincount(chart, weights=area * seen) / np.bincount(chart, weights=area)
    front = np.where(share < _HARDLY, back, 1.0)
    return np.select([charts.side == FRONT, charts.side == BACK], [front, back], side)


def gather_small_charts(surface: Surface, charts: Charts, flat: np.ndarray) -> tuple[Charts, np.ndarray]:
    """Charts of which the smallest are one, laid out on shelves; and (F, 3, 2) all corners `flat` accordingly.

    A place for each of them by itself would drown them in padding.
    """
    count = len(charts.side)
    if count <= _MANY:
        return charts, flat
    chart = charts.chart[surface.polygon]
    low, high = chart_bounds(flat, chart)
    small = np.ones(count, dtype=bool)
    small[np.argsort(-np.prod(high - low, axis=1), kind="stable")[:_MANY]] = False
    step = np.sqrt(max(float(np.linalg.norm(surface.normals, axis=1).sum()) / 2.0, 1e-30)) / _FINE
    extent = (high - low)[small]
    gap = min(_GAP * step, _GAP_SHARE * float(np.sqrt(np.prod(extent, axis=1).mean())))
    unit = max(gap / 2.0, 1e-9 * float(extent.max()), 1e-30)  # shelves are built of whole units
    corner, _, _ = shelve(np.ceil((extent + gap) / unit).astype(np.int64))
    moved = np.zeros((count, 2))
    moved[small] = corner * unit - low[small]
    number = np.where(small, count, np.arange(count))
    kept, renumbered = np.unique(number, return_inverse=True)
    side, rigid = np.append(charts.side, 0)[kept], np.append(charts.rigid, True)[kept]
    return replace(charts, chart=renumbered[charts.chart], side=side, rigid=rigid), flat + moved[chart][:, None]
