"""Points that lie evenly on a surface, and the nearest of other points."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...stages import Mesh

_ONE_TREE, _ALL = 4, -1  # FLANN's KDTreeSingleIndex, which finds the nearest without fail, and how many leaves it looks at


@dataclass(frozen=True, kw_only=True)
class Samples:
    """`points` (N, 3) float64 on a surface, the `normals` (N, 3) of their faces, and the `faces` (N,) themselves."""

    points: np.ndarray
    normals: np.ndarray
    faces: np.ndarray


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
    return Samples(points=points, normals=across[chosen] / np.maximum(doubled[chosen], 1e-300)[:, None], faces=chosen)


class Nearest:
    """Of some points (M, 3) the nearest to others. The tree compares in single precision: of two that are equally near but for 1e-7 it may take
    either.
    """

    def __init__(self, points: np.ndarray) -> None:
        self._points = points
        self._tree = cv2.flann_Index(np.ascontiguousarray(points, np.float32), {"algorithm": _ONE_TREE})

    def __call__(self, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of each of `others` (N, 3) the distance (N,) to its nearest point, and that one's index (N,)."""
        if not len(others):
            return np.zeros(0), np.zeros(0, dtype=np.int64)
        found = self._tree.knnSearch(np.ascontiguousarray(others, np.float32), 1, params={"checks": _ALL})[0][:, 0]
        return np.linalg.norm(others - self._points[found], axis=1), found


def nearest(points: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each of `points` (N, 3) the distance (N,) to the nearest of `others` (M, 3), and that one's index (N,)."""
    return Nearest(others)(points)
