"""The colours that splats have at places on a surface: the mean of the nearest, each by how much of it reaches there."""

from __future__ import annotations

import numpy as np

from ....stages import Splats

_NEAREST = 8
_OPAQUE = 0.05  # splats of less opacity are haze, and no surface
_FAR = 60.0  # half the squared distance from which a weight is none, as exp() in single precision has it
_SMALLEST = 1e-6  # of a scale, in the frame's unit


class SplatColors:
    """Looked up in a k-d tree of the splats' middles. `splats` must not be empty."""

    def __init__(self, splats: Splats) -> None:
        from scipy.spatial import cKDTree

        shown = np.flatnonzero(splats.opacities >= _OPAQUE)
        shown = shown if len(shown) else np.arange(len(splats))
        self._places = splats.positions[shown].astype(np.float32)
        self._colors = splats.colors[shown].clip(0.0, 1.0).astype(np.float32)
        self._opacities = splats.opacities[shown].astype(np.float32)
        self._axes = _axes(splats.rotations[shown]) / np.maximum(splats.scales[shown], _SMALLEST)[:, :, None].astype(np.float32)
        self._tree = cKDTree(self._places)

    def at(self, points: np.ndarray) -> np.ndarray:
        """(N, 3) places to (N, 3) float32 sRGB 0..1, the mean of the 8 nearest splats.

        A splat weighs its opacity times exp(-d²/2), d its Mahalanobis distance; the weights are relative to the largest one at a place,
        so that a place that is far from all takes the colour of the one that reaches farthest.
        """
        count = min(_NEAREST, len(self._places))
        _, nearest = self._tree.query(points, k=count, workers=-1)
        nearest = nearest.reshape(len(points), count)
        away = points.astype(np.float32)[:, None] - self._places[nearest]  # (N, 8, 3)
        inside = np.einsum("nkij,nkj->nki", self._axes[nearest], away)  # in the splats' own axes, in deviations
        half = np.einsum("nki,nki->nk", inside, inside) / 2
        weights = self._opacities[nearest] * np.exp(-np.minimum(half - half.min(axis=1, keepdims=True), _FAR))
        colors = np.einsum("nk,nkc->nc", weights, self._colors[nearest])
        return colors / weights.sum(axis=1, keepdims=True)


def _axes(rotations: np.ndarray) -> np.ndarray:
    """(K, 4) unit quaternions wxyz to (K, 3, 3) float32: rows are a splat's own axes in the frame."""
    w, x, y, z = rotations.astype(np.float32).T
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y)),
        (2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)),
        (2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)),
    )
    return np.stack([np.stack(row, axis=1) for row in rows], axis=1)
