"""One UV layout without overlaps for any triangle mesh."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .charts import BACK, FRONT, Charts, Surface, chart_bounds, make_charts, part_from_charts, peel
from .pack import along_edges, pack, widest
from .rasterize import fragments

# Texels a unit of length on the back and on the other sides, against 1 on the front, which alone has the photo's detail
# to hold. The front may be too long for the square to be filled; then the others get the room.
_DENSITIES = ((1.0, 0.8), (0.8, 0.65), (0.6, 0.5))
_FULL = 0.98  # of the greatest possible scale
_HARDLY = 0.1  # share of a chart that is seen
_ATTEMPTS = 8


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


def unwrap(surface: Surface, *, seen: np.ndarray, size: int, report: Callable[[], None]) -> Layout:
    """Lay a surface out on a square of `size` texels. `seen` (F,) tells which faces deserve the front's density.

    No two polygons cover the same texel's centre, and charts stay 4 texels apart at 1024, 8 at 2048.
    """
    charts = make_charts(surface)
    report()
    scale = None
    for attempt in range(_ATTEMPTS):
        uv, scale = _lay_out(surface, charts, seen, scale, report)
        report()
        face, crowded = _cover(uv, surface.polygon, size)
        report()
        if not len(crowded):
            break
        if attempt == 0:
            charts = peel(surface, charts, np.unique(charts.chart[crowded]), report)
        else:  # overlaps thinner than the pixels that `peel` looks at
            charts = part_from_charts(surface, charts, crowded)
    used = float((face >= 0).mean())
    _touch_outlines(face, uv * size, charts.rim(surface))
    return Layout(uv=uv.astype(np.float32), face=face, charts=len(charts.side), used=used)



def _lay_out(
    surface: Surface, charts: Charts, seen: np.ndarray, start: float | None, report: Callable[[], None]
) -> tuple[np.ndarray, float]:
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


def _cover(uv: np.ndarray, polygon: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """(S, S) the face of each texel, and the polygons that want a texel which another one has."""
    texels = np.full(size * size, -1, dtype=np.int32)
    crowded = np.zeros(int(polygon.max()) + 1, dtype=bool)
    points, faces = uv.reshape(-1, 2) * size, np.arange(uv.shape[0] * 3).reshape(-1, 3)
    for part in fragments(points, faces, width=size, height=size):
        free = texels[part.pixel] < 0
        texels[part.pixel[free][::-1]] = part.face[free][::-1]
        mine = polygon[part.face]
        crowded[mine[polygon[texels[part.pixel]] != mine]] = True
    return texels.reshape(size, size), np.flatnonzero(crowded)


def _touch_outlines(texels: np.ndarray, xy: np.ndarray, rim: np.ndarray) -> None:
    points, face = along_edges(xy, rim)
    column, row = points.astype(np.int64).clip(0, len(texels) - 1).T
    empty = texels[row, column] < 0
    texels[row[empty], column[empty]] = face[empty]
