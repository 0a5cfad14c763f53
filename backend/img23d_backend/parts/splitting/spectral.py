"""Pieces of a surface by the slowest vibrations of its graph: normalised cuts (Shi and Malik, 2000) and k-means on their eigenvectors."""

from __future__ import annotations

import numpy as np

from .dual_graph import DualGraph

_ROUNDS = 50  # of k-means, which mostly stands still after a dozen


def spectral_pieces(graph: DualGraph, count: int) -> np.ndarray:
    """(N,) numbers of at most `count` pieces of a connected graph of some hundred nodes."""
    count = min(count, len(graph))
    if count < 2:
        return np.zeros(len(graph), dtype=np.int64)
    values, vectors = eigenvectors(graph, count)
    return _k_means(vectors[:, 1:] / np.sqrt(np.maximum(values[1:], 1e-12)), graph.area, count)


def eigenvectors(graph: DualGraph, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The `count` least eigenvalues of L u = lambda A u, and their vectors (N, count): L of the weights, A of the areas."""
    size = len(graph)
    laplacian = np.zeros((size, size))
    a, b = graph.pairs.T
    np.add.at(laplacian, (a, b), -graph.weight)
    laplacian += laplacian.T
    laplacian[np.diag_indices(size)] = -laplacian.sum(axis=1)
    mass = 1.0 / np.sqrt(np.maximum(graph.area, 1e-9 * float(graph.area.mean()) or 1.0))
    values, vectors = np.linalg.eigh(laplacian * mass * mass[:, None])
    return values[:count], vectors[:, :count] * mass[:, None]


def _k_means(points: np.ndarray, weights: np.ndarray, count: int) -> np.ndarray:
    """(N,) numbers 0..; the first centres are the farthest points, so that chance has no part in it."""
    weights = weights if weights.any() else np.ones(len(points))
    middle = (points * weights[:, None]).sum(axis=0) / weights.sum()
    distance = ((points - middle) ** 2).sum(axis=1)
    centres = points[[int(distance.argmax())]]
    while len(centres) < count:
        nearest = ((points[:, None] - centres) ** 2).sum(axis=2).min(axis=1)
        centres = np.concatenate([centres, points[[int(nearest.argmax())]]])
    label = np.full(len(points), -1)
    for _ in range(_ROUNDS):
        now = ((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        if np.array_equal(now, label):
            break
        label = now
        for number in np.unique(label):
            own = label == number
            centres[number] = (points[own] * weights[own, None]).sum(axis=0) / max(float(weights[own].sum()), 1e-300)
    return np.unique(label, return_inverse=True)[1].reshape(-1)
