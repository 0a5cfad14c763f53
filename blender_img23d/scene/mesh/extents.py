"""How much room something takes up, as a box along the axes, in scene units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import TYPE_CHECKING

import bpy
from mathutils import Matrix, Vector

from ...shared.img23d_protocol.values import Value

if TYPE_CHECKING:
    import numpy as np

Point = tuple[float, float, float]


class Extents(Value):
    low: Point
    high: Point

    @property
    def middle(self) -> Point:
        return tuple((low + high) / 2 for low, high in zip(self.low, self.high, strict=True))

    @property
    def size(self) -> Point:
        return tuple(high - low for low, high in zip(self.low, self.high, strict=True))

    @property
    def corners(self) -> list[Vector]:
        return [Vector(point) for point in product(*zip(self.low, self.high, strict=True))]

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Extents:
        steps = (x, y, z)
        return Extents(low=_sum(self.low, steps), high=_sum(self.high, steps))

    def transformed(self, matrix: Matrix) -> Extents:
        """What holds this box after an affine transform; plain numbers, since a run may have hundreds of objects."""
        middle, (x, y, z) = matrix @ Vector(self.middle), (side / 2 for side in self.size)
        halves = [abs(row[0]) * x + abs(row[1]) * y + abs(row[2]) * z for row in matrix[:3]]
        pairs = list(zip(middle, halves, strict=True))
        return Extents(low=tuple(m - half for m, half in pairs), high=tuple(m + half for m, half in pairs))

    def meets(self, other: Extents, gap: float) -> bool:
        """Whether less than `gap` lies between them, along each axis."""
        pairs = zip(self.low, self.high, other.low, other.high, strict=True)
        return all(low - gap < other_high and other_low < high + gap for low, high, other_low, other_high in pairs)


def around(points: Iterable[Sequence[float]]) -> Extents:
    """Of one point at least."""
    axes = list(zip(*points, strict=True))
    return Extents(low=tuple(map(min, axes)), high=tuple(map(max, axes)))


def points_of(mesh: bpy.types.Mesh) -> np.ndarray:
    """(V, 3) float32, in the mesh's own axes."""
    import numpy as np

    points = np.empty((len(mesh.vertices), 3), np.float32)
    positions = mesh.attributes.get("position")
    if positions is not None and len(positions.data) == len(points):
        positions.data.foreach_get("vector", points.ravel())  # one copy of the memory, where `vertices` asks for each
    else:  # in Edit Mode Blender hides the attributes
        mesh.vertices.foreach_get("co", points.ravel())
    return points


def mesh_extents(mesh: bpy.types.Mesh) -> Extents:
    """In the mesh's own axes; nothing at all where it has no vertices."""
    import numpy as np

    points = points_of(mesh)
    axes = (points if len(points) else np.zeros((1, 3), np.float32)).T  # one by one, which is ten times faster
    return Extents(low=tuple(float(axis.min()) for axis in axes), high=tuple(float(axis.max()) for axis in axes))


def world_extents(obj: bpy.types.Object) -> Extents:
    corners = obj.bound_box  # the first has the lowest coordinates, the seventh the highest
    return Extents(low=tuple(corners[0]), high=tuple(corners[6])).transformed(matrix_of(obj))


def matrix_of(obj: bpy.types.Object) -> Matrix:
    """`matrix_world` is not up to date in the tick in which an object was made or moved."""
    return obj.matrix_world if obj.parent is not None or obj.constraints else obj.matrix_basis


def union(several: Iterable[Extents]) -> Extents:
    """Of one at least."""
    return around([point for one in several for point in (one.low, one.high)])


def _sum(point: Point, steps: Point) -> Point:
    return tuple(a + b for a, b in zip(point, steps, strict=True))
