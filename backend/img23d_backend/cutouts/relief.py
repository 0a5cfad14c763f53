"""The relief of what a cut-out shows, from the distances that were measured over its photo."""

from __future__ import annotations

import cv2
import numpy as np

from ..stages import SeenDistances, SeenRelief

_SOLID = 128  # of an alpha


def relief_of(seen: SeenDistances, rgba: np.ndarray, *, left: int, top: int, scale: float) -> SeenRelief | None:
    """Of a cut-out (h, w, 4) whose first pixel is (`left`, `top`) of the photo scaled by `scale`; None where no distance is known.

    A pixel at the distance d shows d / focal of the world, so that differences of distance count against the thing's own.
    """
    rows, columns = np.indices(rgba.shape[:2], dtype=np.float32)
    across, down = seen.values.shape[1] / seen.width, seen.values.shape[0] / seen.height
    columns, rows = (columns + 0.5 + left) / scale * across - 0.5, (rows + 0.5 + top) / scale * down - 0.5
    distances = cv2.remap(seen.values, columns.astype(np.float32), rows.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    solid = (rgba[:, :, 3] >= _SOLID) & np.isfinite(distances) & (distances > 0)
    if not solid.any():
        return None
    middle = float(np.median(distances[solid]))
    heights = np.where(np.isfinite(distances), (middle - distances) / middle * seen.focal * scale, 0)
    return SeenRelief(heights=heights.astype(np.float32), grain=scale / min(across, down), pitch=seen.pitch)
