"""Charts beyond a number set close together as one, since a place for each by itself would drown them in padding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .charts import Charts, Surface, chart_bounds
from .pack import shelve

_MANY = 400  # charts that are placed by themselves
_FINE = 1024  # steps of a square as large as the surface; about a texel each
_GAP, _GAP_SHARE = 2.0, 0.25  # steps between two crumbs, but not more than this share of what is between two gaps


def gather_small_charts(surface: Surface, charts: Charts, flat: np.ndarray) -> tuple[Charts, np.ndarray]:
    """Charts of which the smallest are one, laid out on shelves; and (F, 3, 2) all corners `flat` accordingly."""
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
