"""Figures of merit. Point sets are (N, 3) float64, masks (H, W) bool, pictures (H, W, 3) float64 in 0..1 sRGB."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

SAMPLES = 16_000
THRESHOLDS = (0.2, 0.05)


@dataclass(frozen=True, kw_only=True)
class ShapeScore:
    """`chamfer` is the mean of both directions' mean distances; `f_scores` belong to THRESHOLDS."""

    chamfer: float
    f_scores: tuple[float, ...]


def sample_surface(vertices: np.ndarray, faces: np.ndarray, *, count: int = SAMPLES, seed: int = 0) -> np.ndarray:
    """Points spread evenly by area: (count, 3)."""
    random = np.random.default_rng(seed)
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    areas = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    chosen = random.choice(len(faces), size=count, p=areas / areas.sum())
    u, v = random.random((2, count, 1))
    flip = u + v > 1
    u, v = np.where(flip, 1 - u, u), np.where(flip, 1 - v, v)
    return a[chosen] + u * (b - a)[chosen] + v * (c - a)[chosen]


def into_cube(vertices: np.ndarray) -> np.ndarray:
    """Moved and scaled evenly into [-1, 1]^3, the longest side filling it."""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    return (vertices - (low + high) / 2) * (2 / (high - low).max())


def compare_surfaces(made: np.ndarray, truth: np.ndarray) -> ShapeScore:
    """Chamfer distance and F-scores of two point sets, after InstantMesh's protocol (Xu et al. 2024, section 4.1)."""
    to_truth = cKDTree(truth).query(made)[0]
    to_made = cKDTree(made).query(truth)[0]
    scores = []
    for threshold in THRESHOLDS:
        precision, recall = (to_truth < threshold).mean(), (to_made < threshold).mean()
        scores.append(float(2 * precision * recall / max(precision + recall, 1e-12)))
    return ShapeScore(chamfer=float((to_truth.mean() + to_made.mean()) / 2), f_scores=tuple(scores))


def mask_iou(made: np.ndarray, truth: np.ndarray) -> float:
    return float((made & truth).sum() / max((made | truth).sum(), 1))


def psnr(made: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> float:
    """Decibels over the mask, peak 1."""
    error = float(np.mean((made[mask] - truth[mask]) ** 2))
    return float(-10 * np.log10(max(error, 1e-10)))


def slab_points(mask: np.ndarray, *, depth: float, count: int = SAMPLES, seed: int = 0) -> np.ndarray:
    """The reference that any engine must beat: the outline cut out of a board.

    Points on the surface of the mask extruded by `depth` times its width, in pixels, y up.
    """
    random = np.random.default_rng(seed)
    rows, columns = np.nonzero(mask)
    half = depth * (columns.max() + 1 - columns.min()) / 2
    padded = np.pad(mask, 1)
    walls = [(dr, dc, *np.nonzero(mask & ~padded[1 + dr : 1 + dr + mask.shape[0], 1 + dc : 1 + dc + mask.shape[1]])) for dr, dc in _SIDES]
    wall_area = sum(len(r) for *_, r, _ in walls) * 2 * half
    on_wall = round(count * wall_area / (wall_area + 2 * len(rows)))
    pick = random.integers(len(rows), size=count - on_wall)
    face = np.column_stack([columns[pick], -rows[pick], half * random.choice([-1.0, 1.0], size=len(pick))])
    face[:, :2] += random.random((len(pick), 2)) * [1, -1]
    edge_rows, edge_columns = (np.concatenate(parts) for parts in zip(*((r, c) for *_, r, c in walls), strict=True))
    pick = random.integers(len(edge_rows), size=on_wall)
    wall = np.column_stack([edge_columns[pick] + 0.5, -edge_rows[pick] - 0.5, random.uniform(-half, half, on_wall)])
    return np.vstack([face, wall])


_SIDES = ((-1, 0), (1, 0), (0, -1), (0, 1))
