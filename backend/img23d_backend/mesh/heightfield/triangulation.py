"""A heightfield: one side of a solid, as a triangulation in the plane that is lifted to its depth.

All changes of the triangulation keep every triangle's area in the plane positive. So the heightfield never folds over, and
the solid made of the heightfield and its mirror image never cuts itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..topology.sorting import sorted_with_order
from .field import Relief

MIN_AREA = 1e-7  # square cells; below this a triangle counts as flat
SLIVER_AREA = 1e-3  # square cells; no step makes a triangle smaller than that unless it was, lest it vanish in float32


@dataclass(kw_only=True)
class Heightfield:
    """`points` (V, 2) float64 in grid cells, `height` (V,), `size` (V,) wanted edge length, `rim` (V,) bool: on the outline.

    `faces` (F, 3) int64, positively oriented in the plane; replaced and never written into, so that `edges` stay right.
    """

    relief: Relief
    points: np.ndarray
    rim: np.ndarray
    faces: np.ndarray
    height: np.ndarray
    size: np.ndarray
    _edges: Edges | None = field(default=None, init=False, repr=False)

    @staticmethod
    def lifted(relief: Relief, points: np.ndarray, rim: np.ndarray, faces: np.ndarray) -> Heightfield:
        """A heightfield whose heights and sizes are read from the relief."""
        heightfield = Heightfield(relief=relief, points=points, rim=rim, faces=faces, height=np.zeros(len(points)), size=np.ones(len(points)))
        heightfield.lift()
        return heightfield

    def lift(self) -> None:
        """Read heights and wanted sizes anew at the present points."""
        self.height = self.relief.height_at(self.points)
        self.height[self.rim] = self.relief.rim_height_at(self.points[self.rim])
        self.size = self.relief.size_at(self.points)

    @property
    def edges(self) -> Edges:
        """The edges of the present faces, found once."""
        if self._edges is None or self._edges.faces is not self.faces:
            self._edges = find_edges(self.faces, len(self.points))
        return self._edges

    def solid_points(self) -> np.ndarray:
        """(V, 3) points of the lifted heightfield."""
        return np.column_stack([self.points, self.height])

    def keep_used(self) -> None:
        """Drop the vertices that no face uses."""
        used = np.zeros(len(self.points), dtype=bool)
        used[self.faces] = True
        renumbered = np.cumsum(used) - 1
        self.points, self.rim = self.points[used], self.rim[used]
        self.height, self.size = self.height[used], self.size[used]
        self.faces = renumbered[self.faces]


def plane_area(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Twice the signed area of triangles given by (N, 2) corners."""
    return (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])


@dataclass(frozen=True, kw_only=True)
class Edges:
    """Every edge once. `ends` (E, 2) run as in `left`, its first face; `right` is -1 at the border.

    `left_tip`, `right_tip` are the vertices across the edge; `of_face` (F, 3) the edge from corner i to corner i + 1.
    `faces` (F, 3) are those whose edges they are. `keys` (E,) ascend and are made of both ends.
    """

    faces: np.ndarray
    vertex_count: int
    keys: np.ndarray
    ends: np.ndarray
    left: np.ndarray
    right: np.ndarray
    left_tip: np.ndarray
    right_tip: np.ndarray
    of_face: np.ndarray

    def join(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """(N,) bool: whether there is an edge between the vertices `a` (N,) and `b` (N,)."""
        wanted = np.minimum(a, b) * self.vertex_count + np.maximum(a, b)
        return self.keys.take(np.searchsorted(self.keys, wanted), mode="clip") == wanted


def find_edges(faces: np.ndarray, vertex_count: int) -> Edges:
    """The edges of a manifold triangulation, with or without a border."""
    count = len(faces)
    start, end = faces.T.ravel(), faces[:, [1, 2, 0]].T.ravel()
    key = np.minimum(start, end) * vertex_count + np.maximum(start, end)
    sorted_key, order = sorted_with_order(key)
    first = np.ones(len(key), dtype=bool)
    first[1:] = sorted_key[1:] != sorted_key[:-1]
    index_sorted = np.cumsum(first) - 1
    lead = order[first]
    follow = np.full(len(lead), -1)
    follow[index_sorted[~first]] = order[~first]
    of_half = np.empty(len(key), dtype=np.int64)
    of_half[order] = index_sorted
    tip = faces[:, [2, 0, 1]].T.ravel()
    has_right = follow >= 0
    return Edges(
        faces=faces,
        vertex_count=vertex_count,
        keys=sorted_key[first],
        ends=np.column_stack([start[lead], end[lead]]),
        left=lead % count,
        right=np.where(has_right, follow % count, -1),
        left_tip=tip[lead],
        right_tip=np.where(has_right, tip[follow], -1),
        of_face=of_half.reshape(3, count).T,
    )


def squared_lengths(heightfield: Heightfield, ends: np.ndarray) -> np.ndarray:
    """Squared edge lengths on the lifted heightfield; column by column, which is several times as fast."""
    a, b = ends[:, 0], ends[:, 1]
    squared = np.zeros(len(a))
    for column in map(np.ascontiguousarray, (*heightfield.points.T, heightfield.height)):
        squared += (column.take(a) - column.take(b)) ** 2
    return squared


def relative_length(heightfield: Heightfield, ends: np.ndarray) -> np.ndarray:
    """Edge lengths on the lifted heightfield in units of the wanted size."""
    return np.sqrt(squared_lengths(heightfield, ends)) / (0.5 * (heightfield.size.take(ends[:, 0]) + heightfield.size.take(ends[:, 1])))
