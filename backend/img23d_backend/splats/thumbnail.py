"""A small picture of splats, from where those of meshes are seen."""

from __future__ import annotations

import numpy as np

from ..mesh.raster.thumbnail import MARGIN, SIDE, turn
from ..stages import Splats, measured_points
from .rendering import render

_REACH = 2.0  # standard deviations around the middles that are in the picture as well


def splat_thumbnail(splats: Splats) -> np.ndarray:
    """(SIDE, SIDE, 4) uint8 sRGB with straight alpha; all that is solid fits, whatever its size."""
    turned = measured_points(None, splats) @ turn().T
    around = _REACH * float(np.median(splats.scales.max(axis=1)))
    low, high = turned.min(axis=0) - around, turned.max(axis=0) + around
    scale = SIDE * (1 - 2 * MARGIN) / (float((high - low)[:2].max()) or 1.0)
    to_picture = np.diag([scale, -scale, -scale]) @ turn()
    middle = SIDE / 2 - to_picture[:2] @ (np.linalg.inv(turn()) @ ((low + high) / 2))
    seen = render(splats, np.column_stack([to_picture, [*middle, 0.0]]), width=SIDE, height=SIDE)
    colors = seen.colors / np.maximum(seen.opacities, 1e-6)[..., None]
    return np.rint(np.dstack([colors, seen.opacities]).clip(0.0, 1.0) * 255).astype(np.uint8)
