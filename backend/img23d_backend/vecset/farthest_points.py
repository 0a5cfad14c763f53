"""Farthest-point sampling (Eldar et al., 1997): each point is the one farthest from all that were taken before it.

Exactly what comes out where all points are looked at each time. They lie in boxes, so that of a new point only those boxes are
visited to which it may be nearer than what was taken before (Li et al., Adjustable multi-stream block-wise farthest point sampling, 2022).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_BOX = 256  # points of a box at most: with fewer, more boxes are asked whether they are near
_FEW = 2048  # points that are looked at all at once faster than box by box


def farthest_points(points: np.ndarray, count: int, first: int = 0) -> np.ndarray:
    """(N, 3) to (count,) int64: indices in the order in which they are taken, `first` before all others.

    Distances are compared in single precision; of points that are equally far the one with the lowest index is taken.
    """
    points = np.ascontiguousarray(points, dtype=np.float32)
    if not 0 < count <= len(points):
        raise ValueError(f"{count} of {len(points)} points")
    return _all_at_once(points, count, first) if len(points) <= _FEW else _box_by_box(_boxes(points), points, count, first)


def _all_at_once(points: np.ndarray, count: int, first: int) -> np.ndarray:
    columns = np.ascontiguousarray(points.T)
    nearest = np.full(len(points), np.inf, dtype=np.float32)
    taken = np.empty(count, dtype=np.int64)
    for number in range(count):
        taken[number] = first
        np.minimum(nearest, _squares(columns, points[first]), out=nearest)
        first = int(np.argmax(nearest))
    return taken


def _squares(columns: np.ndarray, point: np.ndarray) -> np.ndarray:
    """(3, ...) to (...): the squared distances. The order of the sum decides what a tie is."""
    x, y, z = (column - coordinate for column, coordinate in zip(columns, point, strict=True))
    return x * x + y * y + z * z


@dataclass(frozen=True, kw_only=True)
class _Boxes:
    """`columns` (3, boxes, n) are the points' coordinates and `indices` (boxes, n) their indices, in ascending order within a box.

    Boxes that hold one point fewer have their last one twice.
    """

    columns: np.ndarray
    indices: np.ndarray
    low: np.ndarray  # (3, boxes)
    high: np.ndarray


def _boxes(points: np.ndarray) -> _Boxes:
    """Halved along the longest side of their bounding box until few enough are in each."""
    groups = [np.arange(len(points))]
    while len(groups[0]) > _BOX:
        groups = [half for group in groups for half in _halves(points, group)]
    longest = max(map(len, groups))
    indices = np.stack([np.pad(np.sort(group), (0, longest - len(group)), mode="edge") for group in groups])
    columns = np.ascontiguousarray(points[indices].transpose(2, 0, 1))
    return _Boxes(columns=columns, indices=indices, low=columns.min(axis=2), high=columns.max(axis=2))


def _halves(points: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    own = points[group]
    axis = int(np.argmax(own.max(axis=0) - own.min(axis=0)))
    order = np.argpartition(own[:, axis], len(group) // 2)
    return group[order[len(group) // 2 :]], group[order[: len(group) // 2]]  # the longer one first


def _box_by_box(boxes: _Boxes, points: np.ndarray, count: int, first: int) -> np.ndarray:
    number_of_boxes = len(boxes.indices)
    nearest = np.full(boxes.indices.shape, np.inf, dtype=np.float32)  # squared distance of each point to what was taken
    farthest = np.full(number_of_boxes, np.inf, dtype=np.float32)  # of each box
    candidates = boxes.indices[:, 0].copy()  # the points with that distance
    low, high = boxes.low, boxes.high
    taken = np.empty(count, dtype=np.int64)
    for number in range(count):
        taken[number] = first
        point = points[first][:, None]
        outside = np.maximum(np.maximum(low - point, point - high), np.float32(0))
        outside *= outside
        # Rounding is monotonic: a box that is not nearer than its farthest point holds none to which the new point is nearer.
        near = np.flatnonzero(outside[0] + outside[1] + outside[2] < farthest)
        if len(near):
            distances = np.minimum(nearest[near], _squares(boxes.columns[:, near], point[:, 0]))
            nearest[near] = distances
            places = distances.argmax(axis=1)
            rows = np.arange(len(near))
            farthest[near] = distances[rows, places]
            candidates[near] = boxes.indices[near, places]
        best = farthest.max()
        equal = np.flatnonzero(farthest == best)
        first = int(candidates[equal[0]] if len(equal) == 1 else candidates[equal].min())
    return taken
