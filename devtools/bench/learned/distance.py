"""The distance of two surfaces, measured from points to triangles."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

_CANDIDATES = 8  # of the other surface's samples around a point; the triangles that they lie on are tried
_SAMPLES_A_FACE = 8  # of the other surface, on average

Surface = tuple[np.ndarray, np.ndarray]  # vertices (V, 3) and faces (F, 3)


def surface_distances(first: Surface, second: Surface, *, samples: int = 100_000) -> np.ndarray:
    """(2 * samples,) float64: from even samples of each surface to the nearest point of the other."""
    return np.concatenate([_one_way(first, second, samples), _one_way(second, first, samples)])


def _one_way(source: Surface, target: Surface, samples: int) -> np.ndarray:
    random = np.random.default_rng(0)
    points, _ = _sampled(source, samples, random)
    around, face = _sampled(target, max(samples, _SAMPLES_A_FACE * len(target[1])), random)
    _, near = cKDTree(around).query(points, k=_CANDIDATES)
    corners = target[0].astype(np.float64)[target[1]]
    return np.min([_to_triangles(points, corners[face[column]]) for column in near.T], axis=0)


def _sampled(surface: Surface, count: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Points spread evenly by area, and the faces that they lie on."""
    a, b, c = surface[0].astype(np.float64)[surface[1]].transpose(1, 0, 2)
    area = np.cumsum(np.linalg.norm(np.cross(b - a, c - a), axis=1))
    face = np.minimum(np.searchsorted(area, random.random(count) * area[-1]), len(area) - 1)
    u, v = random.random((2, count, 1))
    over = u + v > 1
    u, v = np.where(over, 1 - u, u), np.where(over, 1 - v, v)
    return a[face] + u * (b - a)[face] + v * (c - a)[face], face


def _to_triangles(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(N,) from point i to triangle i: to its plane where the foot lies inside, else to the nearest side."""
    sides = [_to_segments(points, triangles[:, i - 1], triangles[:, i]) for i in range(3)]
    nearest = np.min(sides, axis=0)
    a, b, c = triangles.transpose(1, 0, 2)
    normal = np.cross(b - a, c - a)
    squared = np.einsum("ij,ij->i", normal, normal)
    outside = np.zeros(len(points), dtype=bool)
    for start, end in ((a, b), (b, c), (c, a)):
        outside |= np.einsum("ij,ij->i", np.cross(end - start, points - start), normal) < 0
    plane = np.abs(np.einsum("ij,ij->i", points - a, normal)) / np.sqrt(np.maximum(squared, 1e-300))
    return np.where(outside | (squared == 0), nearest, plane)


def _to_segments(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    along = end - start
    length = np.maximum(np.einsum("ij,ij->i", along, along), 1e-300)
    t = np.clip(np.einsum("ij,ij->i", points - start, along) / length, 0, 1)
    return np.linalg.norm(points - start - t[:, None] * along, axis=1)
