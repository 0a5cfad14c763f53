"""Points that lie evenly on a surface, with their normals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...stages import Mesh


@dataclass(frozen=True, kw_only=True)
class Samples:
    """`points` (N, 3) float64 on a surface, and the `normals` (N, 3) of their faces."""

    points: np.ndarray
    normals: np.ndarray


def sample_surface(mesh: Mesh, count: int, seed: int) -> Samples:
    """Points that lie evenly on the surface. Raises ValueError where it has no area."""
    corners = mesh.vertices.astype(np.float64)[mesh.faces]  # (F, 3, 3)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    doubled = np.linalg.norm(across, axis=1)
    total = np.cumsum(doubled)
    if not len(total) or not total[-1] > 0:
        raise ValueError("a surface without an area")
    random = np.random.default_rng(seed)
    chosen = np.searchsorted(total, random.random(count) * total[-1], side="right").clip(max=len(total) - 1)
    root, share = np.sqrt(random.random(count)), random.random(count)
    weights = np.stack((1 - root, root * (1 - share), root * share), axis=1)  # even on a triangle (Turk, 1990)
    points = np.einsum("nc,ncd->nd", weights, corners[chosen])
    return Samples(points=points, normals=across[chosen] / np.maximum(doubled[chosen], 1e-300)[:, None])
