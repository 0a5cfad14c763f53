"""Tries damaged GLBs on the extension's own reader, and its arrays on what Blender would die of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from glb_mutate import damaged


def attempt_with(folder: str) -> Callable[[str], str]:
    from blender_img23d.scene.glb.arrays import Damaged, NotOurs, read_glb

    path = Path(folder) / "result.glb"

    def attempt(case: str) -> str:
        path.write_bytes(damaged(case))
        try:
            arrays = read_glb(str(path))
        except (NotOurs, Damaged) as error:
            return f"refused {type(error).__name__}"
        check_arrays(arrays)
        return "mesh"

    return attempt


def check_arrays(arrays: Any) -> None:
    """An index that points nowhere ends Blender, and a name or colour that is none raises in the middle of a tick."""
    vertices, edges, corners = len(arrays.vertices), len(arrays.edges), len(arrays.corner_vertices)
    assert arrays.vertices.shape == (vertices, 3) and arrays.vertices.dtype == np.float32 and np.isfinite(arrays.vertices).all()
    assert arrays.edges.shape == (edges, 2) and corners % 3 == 0 and len(arrays.corner_edges) == corners
    for indices, count in ((arrays.edges, vertices), (arrays.corner_vertices, vertices), (arrays.corner_edges, edges)):
        assert indices.dtype == np.int32 and indices.min() >= 0 and indices.max() < count
    uv = arrays.uv
    assert uv is None or (uv.shape == (corners, 2) and uv.dtype == np.float32 and np.isfinite(uv).all())
    arrays.name.encode()  # Blender takes no lone surrogate
    assert isinstance(arrays.png, bytes)
    for colour in (arrays.base_color, arrays.mean_color or arrays.base_color):
        assert len(colour) == 3 and np.isfinite(np.array(colour, np.float64)).all()
