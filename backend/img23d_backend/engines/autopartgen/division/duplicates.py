"""Whether a part was made before: how much of its surface shares voxels with that of the parts that are there."""

from __future__ import annotations

import numpy as np

from ....stages import Mesh

SIDE = 256  # voxels of the cube from -1 to 1
_APART = 0.5  # voxels between the places that a triangle is looked at
_AT_ONCE = 1 << 20  # places
_FINEST = 2 * SIDE  # parts of a triangle's edges, the whole cube's diagonal included


def surface_voxels(mesh: Mesh) -> np.ndarray:
    """(SIDE ** 3,) bool: where the mesh's triangles pass. What lies beyond the cube counts for its border."""
    found = np.zeros(SIDE**3, dtype=bool)
    corners = (mesh.vertices.astype(np.float64)[mesh.faces] + 1) * (SIDE / 2)  # (F, 3, 3)
    edges = corners - np.roll(corners, 1, axis=1)
    parts = np.ceil(np.sqrt((edges**2).sum(axis=2).max(axis=1)) / _APART).astype(np.int64).clip(1, _FINEST)
    for count in np.unique(parts).tolist():
        weights = _lattice(count)  # (P, 3)
        own = corners[parts == count]
        rows = max(1, _AT_ONCE // len(weights))
        for first in range(0, len(own), rows):
            places = np.einsum("pc,fcx->fpx", weights, own[first : first + rows]).reshape(-1, 3)
            x, y, z = places.astype(np.int64).clip(0, SIDE - 1).T
            found[(x * SIDE + y) * SIDE + z] = True
    return found


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """The shared voxels over those of the smaller surface; 0 where either has none."""
    least = min(int(one.sum()), int(other.sum()))
    return float((one & other).sum() / least) if least else 0.0


def _lattice(count: int) -> np.ndarray:
    """(P, 3) barycentric places with `count` steps along each edge, corners included."""
    first, second = np.divmod(np.arange((count + 1) ** 2), count + 1)
    inside = first + second <= count
    first, second = first[inside], second[inside]
    return np.stack([first, second, count - first - second], axis=1) / count
