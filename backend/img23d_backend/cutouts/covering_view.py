"""The view in which a shape that knows nothing of the photo's pixels covers its cut-out."""

from __future__ import annotations

import numpy as np

from ..stages import CutOut, View

_SOLID = 128  # alpha from which a pixel counts as part of the thing
_LEAST = 1e-6  # units: a shape without any extent is at one place


def view_of(points: np.ndarray, cutout: CutOut) -> View:
    """The front view in which the box of a shape's points (P, 3) lies on the box of what is solid in the cut-out.

    One scale for both directions: where the two boxes differ in proportion, the one that is off least in sum (least
    squares of the sides), so the longer side decides.
    """
    alpha = cutout.rgba[:, :, 3]
    solid = alpha >= min(_SOLID, max(1, alpha.max()))
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    pixels = np.array([columns[-1] + 1 - columns[0], rows[-1] + 1 - rows[0]], dtype=np.float64)
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    units = np.maximum((high - low).astype(np.float64), _LEAST)
    scale = float(pixels @ units / (units @ units))
    middle = (low + high) / 2
    return View.front(
        center_u=float((columns[0] + columns[-1] + 1) / 2 - scale * middle[0]),
        center_v=float((rows[0] + rows[-1] + 1) / 2 + scale * middle[1]),
        pixels_per_unit=scale,
    )
