"""Split long edges of a heightfield, all in one go."""

from __future__ import annotations

import numpy as np

from .triangulation import SLIVER_AREA, Edges, Heightfield, plane_area, relative_length

LEAST_SPAN = 0.004  # cells in the plane; a shorter edge stands on a jump of the depth, and splitting it would not end

# For each pattern of split sides (bit i: the side from corner i to i + 1) the new faces; 3..5 are the sides' middles.
_PATTERNS: tuple[tuple[tuple[int, int, int], ...], ...] = (
    ((0, 1, 2),),
    ((0, 3, 2), (3, 1, 2)),
    ((0, 1, 4), (0, 4, 2)),
    ((3, 1, 4), (0, 3, 4), (0, 4, 2)),
    ((0, 1, 5), (5, 1, 2)),
    ((0, 3, 5), (3, 1, 2), (3, 2, 5)),
    ((5, 4, 2), (0, 1, 4), (0, 4, 5)),
    ((0, 3, 5), (3, 1, 4), (5, 4, 2), (3, 4, 5)),
)


def split_long(heightfield: Heightfield, longest: float, *, at_most: int | None = None) -> int:
    """Split edges longer than `longest` wanted sizes in the middle of their arc; returns how many.

    Only edges that are the longest of one of their faces are split: fewer triangles arise, and rounder ones. `at_most`
    limits the number, longest first.
    """
    edges = heightfield.edges
    length = relative_length(heightfield, edges.ends)
    of_face = length[edges.of_face]
    longest_side = edges.of_face[np.arange(len(of_face)), of_face.argmax(axis=1)]
    chosen = np.zeros(len(length), dtype=bool)
    chosen[longest_side] = True
    a, b = heightfield.points[edges.ends[:, 0]], heightfield.points[edges.ends[:, 1]]
    chosen &= ((a - b) ** 2).sum(axis=1) > LEAST_SPAN**2
    chosen[edges.of_face[_areas(heightfield.points, heightfield.faces) < SLIVER_AREA]] = False
    found = np.flatnonzero(chosen & (length > longest))
    if at_most is not None and len(found) > at_most:
        found = found[np.argsort(-length[found], kind="stable")[:at_most]]
    return split_edges(heightfield, edges, found)


def split_chords(heightfield: Heightfield) -> int:
    """Split inner edges between two rim vertices: lifted on both sides of the solid, they would fall together."""
    edges = heightfield.edges
    return split_edges(heightfield, edges, np.flatnonzero(heightfield.rim[edges.ends].all(axis=1) & (edges.right >= 0)))


def split_edges(heightfield: Heightfield, edges: Edges, chosen: np.ndarray) -> int:
    """Split the chosen edges; new rim vertices are put onto the outline where that folds nothing."""
    if len(chosen) == 0:
        return 0
    ends = edges.ends[chosen]
    on_rim = edges.right[chosen] < 0
    middles = _arc_middle(heightfield, ends)
    middle_of = np.full(len(edges.ends), -1)
    middle_of[chosen] = len(heightfield.points) + np.arange(len(chosen))
    heightfield.faces = _refined(heightfield.faces, middle_of[edges.of_face])
    old_count = len(heightfield.points)
    heightfield.points = np.concatenate([heightfield.points, middles])
    heightfield.rim = np.concatenate([heightfield.rim, on_rim])
    move_if_unfolded(heightfield, old_count + np.flatnonzero(on_rim), heightfield.relief.onto_outline(middles[on_rim]))
    heights = heightfield.relief.height_at(middles)
    heights[on_rim] = heightfield.relief.rim_height_at(heightfield.points[old_count:][on_rim])
    heightfield.height = np.concatenate([heightfield.height, heights])
    heightfield.size = np.concatenate([heightfield.size, heightfield.relief.size_at(middles)])
    return len(chosen)


def move_if_unfolded(heightfield: Heightfield, vertices: np.ndarray, targets: np.ndarray) -> None:
    """Move vertices in the plane, but leave those whose move would turn a face over."""
    moving = np.zeros(len(heightfield.points), dtype=bool)
    moving[vertices] = True
    faces = heightfield.faces[moving[heightfield.faces].any(axis=1)]
    origin = heightfield.points.copy()
    least = np.minimum(SLIVER_AREA, 0.5 * _areas(origin, faces))
    heightfield.points[vertices] = targets
    while True:  # ends: every turn takes back at least one vertex
        folded = faces[_areas(heightfield.points, faces) < least]
        if len(folded) == 0:
            return
        heightfield.points[folded] = origin[folded]


def _areas(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    return plane_area(*(points[faces[:, i]] for i in range(3)))


def _arc_middle(heightfield: Heightfield, ends: np.ndarray) -> np.ndarray:
    """The point of each edge (in the plane) that is equally far from both ends on the lifted heightfield."""
    a, b = heightfield.points[ends[:, 0]], heightfield.points[ends[:, 1]]
    za, zb = heightfield.height[ends[:, 0]], heightfield.height[ends[:, 1]]
    low, high = np.full(len(ends), 0.02), np.full(len(ends), 0.98)
    for _ in range(6):
        t = 0.5 * (low + high)
        points = a + (b - a) * t[:, None]
        z = heightfield.relief.height_at(points)
        span = ((b - a) ** 2).sum(axis=1)
        beyond = t**2 * span + (z - za) ** 2 > (1 - t) ** 2 * span + (z - zb) ** 2
        low, high = np.where(beyond, low, t), np.where(beyond, t, high)
    both_rim = heightfield.rim[ends].all(axis=1)
    t = np.where(both_rim, 0.5, 0.5 * (low + high))
    return a + (b - a) * t[:, None]


def _refined(faces: np.ndarray, middles: np.ndarray) -> np.ndarray:
    corners = np.concatenate([faces, middles], axis=1)
    pattern = ((middles >= 0) * np.array([1, 2, 4])).sum(axis=1)
    parts = []
    for code, shapes in enumerate(_PATTERNS):
        chosen = corners[pattern == code]
        parts += [chosen[:, shape] for shape in shapes]
    return np.concatenate(parts)
