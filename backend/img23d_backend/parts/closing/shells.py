"""Closed surfaces that are refined along an edge and cut between points, without a gap opening anywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...mesh.topology.normals import area_vectors, unit
from ...mesh.topology.sorting import numbered


@dataclass(frozen=True, kw_only=True)
class Shell:
    """`points` (P, 3) float64 and `faces` (F, 3) int64 into them; `source` (F,) is the triangle of the mesh that a face is, or is a piece of,
    -1 for one of a lid.
    """

    points: np.ndarray
    faces: np.ndarray
    source: np.ndarray

    @property
    def volume(self) -> float:
        """Below 0 for one that is inside out."""
        middle = self.points[self.faces[0, 0]] if len(self.faces) else 0.0
        return float(((self.points - middle)[self.faces[:, 0]] * area_vectors(self.points - middle, self.faces)).sum() / 6)

    @property
    def normals(self) -> np.ndarray:
        """(P, 3) of the points, zero where there is no face."""
        vectors = area_vectors(self.points, self.faces)
        summed = np.stack([np.bincount(self.faces.ravel(), np.repeat(column, 3), len(self.points)) for column in vectors.T], axis=1)
        return unit(summed)

    def edges(self) -> tuple[np.ndarray, np.ndarray]:
        """(E, 2) points, the smaller number first, and (F, 3) the edge from each corner to the next."""
        start, end = self.faces, np.roll(self.faces, -1, axis=1)
        keys = (np.minimum(start, end) * len(self.points) + np.maximum(start, end)).ravel()
        first, number = numbered(keys)
        return np.stack([keys[first] // len(self.points), keys[first] % len(self.points)], axis=1), number.reshape(-1, 3)

    def without(self, faces: np.ndarray) -> Shell:
        """`faces` (F,) bool"""
        return replace(self, faces=self.faces[~faces], source=self.source[~faces])


def split_edges(shell: Shell, chosen: np.ndarray) -> Shell:
    """With a point in the middle of each chosen edge (E,) bool, in the order of `Shell.edges`; faces become 2, 3 or 4."""
    ends, edge = shell.edges()
    middle = np.where(chosen, len(shell.points) + np.cumsum(chosen) - 1, -1)
    points = np.concatenate([shell.points, shell.points[ends[chosen]].mean(axis=1)])
    faces, of = _split_faces(shell.faces, middle[edge])
    return Shell(points=points, faces=faces, source=shell.source[of])


def _split_faces(faces: np.ndarray, middle: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """New faces, and of which face each is a piece. `middle` (F, 3) is the point on the edge from each corner to the next, -1 for none."""
    count = (middle >= 0).sum(axis=1)
    turn = np.where(count == 1, (middle >= 0).argmax(axis=1), np.where(count == 2, ((middle < 0).argmax(axis=1) + 1) % 3, 0))
    at = (np.arange(3) + turn[:, None]) % 3
    (a, b, c), (m, n, o) = np.take_along_axis(faces, at, axis=1).T, np.take_along_axis(middle, at, axis=1).T
    patterns = {
        0: [(a, b, c)],
        1: [(a, m, c), (m, b, c)],
        2: [(m, b, n), (a, m, n), (a, n, c)],
        3: [(a, m, o), (m, b, n), (o, n, c), (m, n, o)],
    }
    pieces, of = [], []
    for number, triangles in patterns.items():
        own = np.flatnonzero(count == number)
        for triangle in triangles:
            pieces.append(np.stack([corner[own] for corner in triangle], axis=1))
            of.append(own)
    return np.concatenate(pieces), np.concatenate(of)


def cut_off(shell: Shell, is_inside: np.ndarray, share: np.ndarray) -> Shell:
    """What is outside, open where it was cut. `is_inside` (P,) of its points; `share` (E,) of the edges that are cut is how far from their first
    point the cut is.
    """
    ends, edge = shell.edges()
    is_cut = is_inside[ends[:, 0]] != is_inside[ends[:, 1]]
    on_edge = np.where(is_cut, len(shell.points) + np.cumsum(is_cut) - 1, -1)
    start, end = shell.points[ends[is_cut, 0]], shell.points[ends[is_cut, 1]]
    points = np.concatenate([shell.points, start + share[is_cut, None] * (end - start)])
    inside = is_inside[shell.faces]
    count = inside.sum(axis=1)
    # The corner that is alone on its side comes first
    alone = np.where(count == 1, inside.argmax(axis=1), np.where(count == 2, (~inside).argmax(axis=1), 0))
    at = (np.arange(3) + alone[:, None]) % 3
    (a, b, c), (x, _, y) = np.take_along_axis(shell.faces, at, axis=1).T, np.take_along_axis(on_edge[edge], at, axis=1).T
    pieces = {0: [(a, b, c)], 1: [(x, b, c), (x, c, y)], 2: [(a, x, y)]}
    faces, source = [], []
    for number, triangles in pieces.items():
        own = np.flatnonzero(count == number)
        for triangle in triangles:
            faces.append(np.stack([corner[own] for corner in triangle], axis=1))
            source.append(shell.source[own])
    return Shell(points=points, faces=np.concatenate(faces), source=np.concatenate(source))
