"""Two surfaces against each other: points on both, and how far each lies from the other.

The protocol of InstantMesh (Xu et al., 2024): both in a cube from -1 to 1, 16,000 points of each, the chamfer distance as the sum of both
directions' mean distances (not squared), and the F-score: the harmonic mean of the shares of points that lie within a threshold of the
other surface.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..mesh.topology.samples import Samples as Samples
from ..mesh.topology.samples import nearest as nearest
from ..mesh.topology.samples import sample_surface as sample_surface

SAMPLES = 16_000
THRESHOLDS = (0.2, 0.05)


@dataclass(frozen=True, kw_only=True)
class ShapeScores:
    """`chamfer` in units of half the cube's side; `f_scores` 0..1, by threshold; `normals` 0..1: the mean of the cosines between the normal
    of a point and that of the nearest of the other surface, whichever way they point, of both directions.
    """

    chamfer: float
    f_scores: Mapping[float, float]
    normals: float


def framed(vertices: np.ndarray) -> np.ndarray:
    """(V, 3) float64: moved and scaled as one so that its bounding box touches the cube from -1 to 1. Raises ValueError without an extent."""
    if not len(vertices):
        raise ValueError("a surface without an extent")
    low, high = (end(vertices.astype(np.float64), axis=0) for end in (np.min, np.max))
    extent = float((high - low).max())
    if not (np.isfinite(extent) and extent > 0):
        raise ValueError("a surface without an extent")
    return (vertices - (low + high) / 2) * (2 / extent)


def compare(one: Samples, other: Samples) -> ShapeScores:
    there, near_there = nearest(one.points, other.points)
    back, near_back = nearest(other.points, one.points)
    cosines = np.abs(np.einsum("nd,nd->n", one.normals, other.normals[near_there])), np.abs(np.einsum("nd,nd->n", other.normals, one.normals[near_back]))
    return ShapeScores(
        chamfer=float(there.mean() + back.mean()),
        f_scores={limit: _f_score(there, back, limit) for limit in THRESHOLDS},
        normals=float((cosines[0].mean() + cosines[1].mean()) / 2),
    )


def _f_score(there: np.ndarray, back: np.ndarray, limit: float) -> float:
    precision, recall = float((there < limit).mean()), float((back < limit).mean())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
