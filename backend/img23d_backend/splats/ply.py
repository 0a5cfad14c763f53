"""Gaussian splats as a PLY file, as trainers write it: the run's folder always gets one.

The layout and its source stand in `img23d_protocol.files.splat_ply`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from img23d_protocol.files.splat_ply import CONSTANT_PART, header
from img23d_protocol.files.whole_files import write_whole

_LEAST, _MOST = 1e-6, 1.0 - 1e-6  # opacities whose logit is a number that every reader can take
_SMALLEST = 1e-9  # metres: the logarithm of nothing is none


def write_ply(
    path: Path,
    *,
    positions: np.ndarray,
    scales: np.ndarray,
    rotations: np.ndarray,
    opacities: np.ndarray,
    colors: np.ndarray,
    scale: float = 1.0,
    offset: np.ndarray | None = None,
) -> None:
    """Write N splats without view-dependent colours. Raises OSError, and ValueError where a value is not finite.

    `positions` (N, 3) in the axes of a mesh (x right, y up, z towards the viewer), `scales` (N, 3) standard deviations, `rotations`
    (N, 4) quaternions w, x, y, z that take a splat's own axes to the mesh's, `opacities` (N,) 0..1, `colors` (N, 3) sRGB. As with a
    mesh, positions are written as (p + offset) * scale. The file's axes are right, down, forward: half a turn about x.
    """
    places = (positions + (0.0 if offset is None else offset)) * scale
    lengths = np.linalg.norm(rotations, axis=1, keepdims=True)
    turns = np.where(lengths == 0.0, (1.0, 0.0, 0.0, 0.0), rotations / np.where(lengths == 0.0, 1.0, lengths))
    opaque = np.clip(opacities, _LEAST, _MOST).reshape(-1, 1)
    columns = (
        places * (1.0, -1.0, -1.0),
        np.zeros_like(places),
        (colors - 0.5) / CONSTANT_PART,
        np.log(opaque / (1.0 - opaque)),
        np.log(np.maximum(scales * scale, _SMALLEST)),
        turns * (1.0, 1.0, -1.0, -1.0),  # the same turn seen from the turned axes; a splat is the same along -x as along x
    )
    rows = np.concatenate(columns, axis=1).astype("<f4")
    if not np.isfinite(rows).all():
        raise ValueError("splats with values that are not finite")
    write_whole(path, header(len(rows)) + rows.tobytes())
