"""The definition of what a rasterizer draws, written out slowly in exact fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

SIDE = 24  # of the picture, pixels

Corner = tuple[Fraction, ...]


def exact(triangle: np.ndarray) -> list[Corner]:
    return [tuple(Fraction(float(c)) for c in corner) for corner in triangle]


def edge(a: Corner, b: Corner, p: Corner) -> Fraction:
    return (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])


def inside(a: Corner, b: Corner, p: Corner) -> bool:
    side = edge(a, b, p)
    top = a[1] == b[1] and b[0] > a[0]
    left = b[1] < a[1]
    return side > 0 or (side == 0 and (top or left))


def covered_exactly(corners: list[Corner]) -> list[tuple[int, int, Corner]]:
    """Row, column and centre of each pixel that is inside of the triangle, or on its left or top edge."""
    area = edge(*corners)
    if area == 0:
        return []
    a, b, c = corners if area > 0 else reversed(corners)  # clockwise as seen, since y points down
    found = []
    left, top = (max(0, math.floor(min(corner[axis] for corner in corners))) for axis in (0, 1))
    right, bottom = (min(SIDE, math.ceil(max(corner[axis] for corner in corners))) for axis in (0, 1))
    for row in range(top, bottom):
        for column in range(left, right):
            centre = (column + Fraction(1, 2), row + Fraction(1, 2))
            if inside(a, b, centre) and inside(b, c, centre) and inside(c, a, centre):
                found.append((row, column, centre))
    return found


def drawn_exactly(points: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Face (H, W) and weights (H, W, 3) of the nearest face at each pixel, of equal depths the first."""
    face_map, weights, nearest = np.full((SIDE, SIDE), -1), np.zeros((SIDE, SIDE, 3)), {}
    for face, triangle in enumerate(points[faces]):
        a, b, c = exact(triangle)
        for row, column, centre in covered_exactly([a, b, c]):
            at = [edge(b, c, centre), edge(c, a, centre), edge(a, b, centre)]
            at = [part / sum(at) for part in at]
            depth = at[0] * a[2] + at[1] * b[2] + at[2] * c[2]
            if depth < nearest.get((row, column), np.inf):
                nearest[row, column], face_map[row, column], weights[row, column] = depth, face, at
    return face_map, weights
