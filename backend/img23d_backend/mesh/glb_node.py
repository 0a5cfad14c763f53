"""Where a node of a GLB stands below its parent: Khronos, glTF 2.0 specification, section 3.5.2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def node_matrix(node: Mapping[str, Any]) -> np.ndarray:
    """(4, 4) of a node's matrix, or of its translation, rotation and scale."""
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    x, y, z, w = node.get("rotation", (0, 0, 0, 1))
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    whole = np.eye(4)
    whole[:3, :3] = turn * np.array(node.get("scale", (1, 1, 1)), np.float64)
    whole[:3, 3] = node.get("translation", (0, 0, 0))
    return whole
