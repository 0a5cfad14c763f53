"""The first triangulation of a heightfield: right triangles of graded size, cut along the outline.

The graded grid is a restricted quadtree triangulated by bisection (Lindstrom et al., "Real-time, continuous level of
detail rendering of height fields", 1996; Evans et al., "Right-triangulated irregular networks", 2001). Cutting
triangles by a linearly interpolated sign has no ambiguous case, so the outline is a set of simple closed curves.
"""

from __future__ import annotations

import cv2
import numpy as np

from ..topology.checks import component_labels
from .field import Relief, sample
from .split import move_if_unfolded
from .triangulation import Heightfield, find_edges

NARROW_GAP = 5  # cells; narrower gaps of the outline get the finest grid, lest the cut jump over them
SHORTEST_CUT = 0.02  # of an edge; keeps cut triangles away from zero area


def seed_heightfield(relief: Relief) -> Heightfield:
    """A heightfield over the inside of the outline; its edges are at most about the wanted size in the plane."""
    points, faces = _graded_grid(_wanted_leg(relief), relief.distance)
    return _cut(relief, points, faces)


def _wanted_leg(relief: Relief) -> np.ndarray:
    """Longest wanted triangle leg: fine along the outline, the wanted size inside, unbounded far outside."""
    distance = relief.distance
    inside = (distance > 0).astype(np.uint8)
    gap = cv2.morphologyEx(inside, cv2.MORPH_CLOSE, _disc(NARROW_GAP)) - inside
    near_gap = cv2.dilate(gap, _disc(4)) > 0
    leg = relief.size
    along = np.abs(distance if relief.uncut is None else relief.uncut) < 3.0  # a plane's cut is straight
    leg = np.where(along, np.minimum(leg, np.clip(relief.size / 2.5, 1.0, 4.0)), leg)
    leg = np.where(near_gap, 1.0, leg)
    return np.where(distance < -3.0, np.inf, leg)


def _disc(radius: int) -> np.ndarray:
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))


def _graded_grid(leg: np.ndarray, distance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    levels = int(np.ceil(np.log2(max(leg.shape) - 1)))
    active = _active_vertices(leg, levels)
    side = 2**levels
    corner = np.array([[0, 0], [side, 0], [side, side], [0, side]])
    center = np.full((4, 2), side // 2)
    triangles = np.stack([center, corner, np.roll(corner, -1, axis=0)], axis=1)  # apex, then the longest side
    leaves = []
    while len(triangles):
        apex, a, b = triangles[:, 0], triangles[:, 1], triangles[:, 2]
        middle = (a + b) // 2
        halves = np.abs(a - b).max(axis=1) > 1
        split = halves & active[middle[:, 1], middle[:, 0]]
        leaves.append(triangles[~split])
        apex, a, b, middle = apex[split], a[split], b[split], middle[split]
        triangles = np.concatenate([np.stack([middle, apex, a], axis=1), np.stack([middle, b, apex], axis=1)])
    corners = np.concatenate(leaves)
    inside = (np.clip(corners, 0, np.array(leg.shape)[::-1] - 1) == corners).all(axis=(1, 2))
    corners = corners[inside]
    near = (distance[corners[:, :, 1], corners[:, :, 0]] > 0).any(axis=1)
    corners = corners[near]
    key, faces = np.unique(corners[..., 1] * (side + 1) + corners[..., 0], return_inverse=True)
    points = np.column_stack([key % (side + 1), key // (side + 1)]).astype(np.float64)
    return points, faces.reshape(-1, 3)


def _active_vertices(leg: np.ndarray, levels: int) -> np.ndarray:
    """Which vertices of the full grid the bisection keeps, closed so that no vertex hangs on an edge."""
    side = 2**levels
    wanted = np.full((side + 1, side + 1), np.inf)
    wanted[: leg.shape[0], : leg.shape[1]] = leg
    active = np.zeros((side + 1, side + 1), dtype=bool)
    finest = wanted[:side, :side].copy()  # smallest wanted leg in each cell of the present size
    for level in range(1, levels + 1):
        cell, half = 2**level, 2 ** (level - 1)
        finest = np.minimum.reduce([finest[::2, ::2], finest[1::2, ::2], finest[::2, 1::2], finest[1::2, 1::2]])
        sides = finest < half * 1.42  # splitting a side of length `cell` leaves legs of `half`
        active[0:-1:cell, half::cell] |= sides
        active[cell::cell, half::cell] |= sides
        active[half::cell, 0:-1:cell] |= sides
        active[half::cell, cell::cell] |= sides
        around = active[0:-1:cell, half::cell] | active[cell::cell, half::cell] | active[half::cell, 0:-1:cell] | active[half::cell, cell::cell]
        centers = active[half::cell, half::cell]
        centers |= around | (finest < cell)
        if level < levels:
            _keep_parents(active, centers, cell)
    return active


def _keep_parents(active: np.ndarray, centers: np.ndarray, cell: int) -> None:
    """A square's center hangs on the two side middles of the square twice its size."""
    double = 2 * cell
    for row in (0, 1):
        for column in (0, 1):
            needed = centers[row::2, column::2]
            active[row * double : row * double + needed.shape[0] * double : double, cell::double] |= needed
            active[cell::double, column * double : column * double + needed.shape[1] * double : double] |= needed


def _cut(relief: Relief, points: np.ndarray, faces: np.ndarray) -> Heightfield:
    """Keep the part of the triangulation where the distance is positive."""
    value = sample(relief.distance, points)
    value[value == 0] = -1e-9
    inside = value > 0
    edges = find_edges(faces, len(points))
    a, b = edges.ends[:, 0], edges.ends[:, 1]
    crossed = inside[a] != inside[b]
    t = np.clip(value[a[crossed]] / (value[a[crossed]] - value[b[crossed]]), SHORTEST_CUT, 1 - SHORTEST_CUT)[:, None]
    cut_points = points[a[crossed]] * (1 - t) + points[b[crossed]] * t
    cut_of_edge = np.full(len(edges.ends), -1)
    cut_of_edge[crossed] = len(points) + np.arange(crossed.sum())
    all_points = np.concatenate([points, cut_points])
    rim = np.arange(len(all_points)) >= len(points)
    kept = _largest_piece(_cut_faces(faces, inside, cut_of_edge[edges.of_face]), len(all_points))
    heightfield = Heightfield.lifted(relief, all_points, rim, kept)
    heightfield.keep_used()
    on_rim = np.flatnonzero(heightfield.rim)
    move_if_unfolded(heightfield, on_rim, relief.onto_outline(heightfield.points[on_rim]))
    return heightfield


def _cut_faces(faces: np.ndarray, inside: np.ndarray, cut: np.ndarray) -> np.ndarray:
    """Whole faces, and what the outline leaves of the others: one corner, or two as a quadrangle."""
    corners_in = inside[faces]
    count = corners_in.sum(axis=1)
    parts = [faces[count == 3]]
    for corner in range(3):
        after, before = (corner + 1) % 3, (corner + 2) % 3
        one = (count == 1) & corners_in[:, corner]
        parts.append(np.column_stack([faces[one, corner], cut[one, corner], cut[one, before]]))
        two = (count == 2) & ~corners_in[:, corner]
        first, second = cut[two, corner], cut[two, before]
        parts.append(np.column_stack([first, faces[two, after], faces[two, before]]))
        parts.append(np.column_stack([first, faces[two, before], second]))
    return np.concatenate(parts)


def _largest_piece(faces: np.ndarray, vertex_count: int) -> np.ndarray:
    """The faces of the piece that has most of them (a neck may be too narrow for the grid)."""
    label = component_labels(faces[:, [0, 1, 1, 2]].reshape(-1, 2), vertex_count)[faces[:, 0]]
    count = np.bincount(label)
    return faces[label == np.argmax(count)]
