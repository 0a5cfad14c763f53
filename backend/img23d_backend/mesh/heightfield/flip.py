"""Flip edges of a heightfield until its lifted triangles are Delaunay-like."""

from __future__ import annotations

import numpy as np

from .triangulation import MIN_AREA, SLIVER_AREA, Edges, Heightfield, plane_area, squared_lengths

LEAST_GAIN = 0.05  # of the cotangents' sum; below, two diagonals are as good as one another
CHORD_GAIN = 10.0  # an edge between two rim vertices goes first


def flip_edges(heightfield: Heightfield) -> int:
    """One round of flips that raise the sum of cotangents across an edge; returns how many."""
    edges = heightfield.edges
    gain = -_cotangents(heightfield, edges)
    chord = heightfield.rim.take(edges.ends[:, 0]) & heightfield.rim.take(edges.ends[:, 1])
    wanted = np.flatnonzero(((gain > LEAST_GAIN) | chord) & (edges.right >= 0))
    gain = _without_chords(heightfield, edges, wanted, gain[wanted], chord[wanted])
    keep = (gain > LEAST_GAIN) & _unfolds(heightfield, edges, wanted)
    wanted, gain = wanted[keep], gain[keep]
    new = ~edges.join(edges.left_tip[wanted], edges.right_tip[wanted])
    wanted = wanted[new][np.argsort(gain[new], kind="stable")]
    left, right = edges.left[wanted], edges.right[wanted]
    owner = np.full(len(heightfield.faces), -1)
    rank = np.arange(len(wanted))
    owner[np.column_stack([left, right]).ravel()] = np.repeat(rank, 2)
    won = (owner[left] == rank) & (owner[right] == rank)
    _flip(heightfield, edges, wanted[won])
    return int(np.count_nonzero(won))


def _flip(heightfield: Heightfield, edges: Edges, chosen: np.ndarray) -> None:
    if len(chosen) == 0:
        return
    (a, b), c, d = edges.ends[chosen].T, edges.left_tip[chosen], edges.right_tip[chosen]
    faces = heightfield.faces.copy()
    faces[edges.left[chosen]] = np.column_stack([c, a, d])
    faces[edges.right[chosen]] = np.column_stack([c, d, b])
    heightfield.faces = faces


def _cotangents(heightfield: Heightfield, edges: Edges) -> np.ndarray:
    """(E,) sum of the cotangents of the angles across each edge on the lifted heightfield, from the sides' squared lengths."""
    squared = squared_lengths(heightfield, edges.ends)
    first, second, third = (squared.take(edges.of_face[:, i]) for i in range(3))
    dots = (second + third - first, third + first - second, first + second - third)  # twice the product of the two legs
    doubled = np.sqrt(np.maximum(4 * first * second - dots[2] ** 2, 4e-24))  # four times the area
    summed = np.zeros(len(edges.ends))
    for i, dot in enumerate(dots):
        summed += np.bincount(edges.of_face[:, i], weights=dot / doubled, minlength=len(summed))
    return summed


def _without_chords(heightfield: Heightfield, edges: Edges, wanted: np.ndarray, gain: np.ndarray, chord_now: np.ndarray) -> np.ndarray:
    """The gains, changed so that edges between two rim vertices go and none arise."""
    chord_then = heightfield.rim[edges.left_tip[wanted]] & heightfield.rim[edges.right_tip[wanted]]
    return np.where(chord_now & ~chord_then, CHORD_GAIN, np.where(chord_then & ~chord_now, -1.0, gain))


def _unfolds(heightfield: Heightfield, edges: Edges, wanted: np.ndarray) -> np.ndarray:
    """Whether both faces would still be positive in the plane, and none a worse sliver than now."""
    a, b, c, d = (heightfield.points[index] for index in (*edges.ends[wanted].T, edges.left_tip[wanted], edges.right_tip[wanted]))
    now = np.minimum(plane_area(a, b, c), plane_area(b, a, d))
    then = np.minimum(plane_area(c, a, d), plane_area(c, d, b))
    return then > np.clip(0.5 * now, MIN_AREA, SLIVER_AREA)
