"""The flat walls of a solid: between its front and its back, where a plane cuts it off."""

from __future__ import annotations

import itertools

import numpy as np

from .triangulation import Heightfield

BEVEL = 0.3  # of the wanted edge length: the wall's first points are that near to its edge, which keeps the shading sharp
SPACING = 2.0  # wanted edge lengths between a wall's points from front to back: it is flat, and needs no more


def wall_faces(heightfield: Heightfield) -> int:
    """How many triangles `wall_between` would make."""
    ends = _walled_edges(heightfield)
    counts = np.ones(len(heightfield.points), dtype=np.int64)
    walled = np.unique(ends)
    counts[walled] = [len(_levels(height, size)) for height, size in zip(heightfield.height[walled], heightfield.size[walled], strict=True)]
    return int((counts[ends].sum(axis=1) - 2).sum())


def wall_between(heightfield: Heightfield, twin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The walls' own points (N, 3) and faces (F, 3), for a solid whose vertices are the heightfield's and then their twins.

    `twin` (V,) is each vertex's counterpart on the back, itself where front and back meet; new points count from the
    largest twin on. Each rim vertex on a wall gets a row of points from front to back; neighbouring rows are joined.
    """
    ends = _walled_edges(heightfield)
    rows: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    points: list[np.ndarray] = []
    new = int(twin.max()) + 1
    for vertex in np.unique(ends).tolist():
        levels = _levels(float(heightfield.height[vertex]), float(heightfield.size[vertex]))
        between = levels[1:-1]
        ids = np.concatenate([[vertex], np.arange(new, new + len(between)), [twin[vertex]]])[: len(levels)]
        rows[vertex] = ids, levels
        points.append(np.column_stack([np.tile(heightfield.points[vertex], (len(between), 1)), between]))
        new += len(between)
    faces = itertools.chain.from_iterable(_joined(*rows[a], *rows[b]) for a, b in ends.tolist())
    return (
        np.concatenate(points) if points else np.empty((0, 3)),
        np.array(list(faces), dtype=np.int64).reshape(-1, 3),
    )


def _walled_edges(heightfield: Heightfield) -> np.ndarray:
    """(E, 2) edges of the rim, at least one end of which has a height, as they run in their face."""
    ends = heightfield.edges.ends[heightfield.edges.right < 0]
    return ends[(heightfield.height[ends] > 0).any(axis=1)]


def _levels(height: float, size: float) -> np.ndarray:
    """Depths of the points from front to back, evenly spaced but for one near either edge; one where there is no height."""
    if height <= 0:
        return np.zeros(1)
    inner = height - min(BEVEL * size, 0.5 * height)
    steps = max(int(np.ceil(2 * inner / (SPACING * size))), 1)
    return np.concatenate([[height], np.linspace(inner, -inner, steps + 1), [-height]])


def _joined(first: np.ndarray, first_at: np.ndarray, second: np.ndarray, second_at: np.ndarray) -> list[tuple[int, int, int]]:
    """Triangles between two rows of points, each running from front to back."""
    faces = []
    i = j = 0
    while i + 1 < len(first) or j + 1 < len(second):
        if j + 1 == len(second) or (i + 1 < len(first) and first_at[i + 1] >= second_at[j + 1]):
            faces.append((int(first[i]), int(second[j]), int(first[i + 1])))
            i += 1
        else:
            faces.append((int(first[i]), int(second[j]), int(second[j + 1])))
            j += 1
    return faces
