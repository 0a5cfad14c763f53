"""Things whose parts are known: unions of solids, each given by its signed distance, in one closed surface."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from img23d_backend.mesh.isosurface.marching_cubes import extract_surface
from img23d_backend.mesh.isosurface.octree import sample_sparse
from img23d_backend.stages import Mesh

Distance = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Known:
    """`truth` (F,) is the solid that each face belongs to."""

    mesh: Mesh
    truth: np.ndarray


def ellipsoid(*middle_and_radii: float) -> Distance:
    """Inigo Quilez's bound, which is exact on the surface."""
    middle, radii = np.array(middle_and_radii[:3]), np.array(middle_and_radii[3:])

    def distance(p: np.ndarray) -> np.ndarray:
        first = np.linalg.norm((p - middle) / radii, axis=1)
        second = np.linalg.norm((p - middle) / radii**2, axis=1)
        return np.where(first < 0.1, -0.5 * radii.min(), first * (first - 1) / np.maximum(second, 1e-9))  # 0 / 0 in the middle

    return distance


def capsule(start: Sequence[float], end: Sequence[float], radius: float) -> Distance:
    a, b = np.array(start), np.array(end)

    def distance(p: np.ndarray) -> np.ndarray:
        share = np.clip((p - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
        return np.linalg.norm(p - a - share[:, None] * (b - a), axis=1) - radius

    return distance


def box(*middle_and_size: float) -> Distance:
    middle, half = np.array(middle_and_size[:3]), np.array(middle_and_size[3:]) / 2

    def distance(p: np.ndarray) -> np.ndarray:
        q = np.abs(p - middle) - half
        return np.linalg.norm(np.maximum(q, 0), axis=1) + np.minimum(q.max(axis=1), 0)

    return distance


def cylinder(bottom: Sequence[float], height: float, radius: float) -> Distance:
    """Upright."""

    def distance(p: np.ndarray) -> np.ndarray:
        x, y, z = (p - np.array(bottom)).T
        q = np.stack([np.hypot(x, z) - radius, np.abs(y - height / 2) - height / 2], axis=1)
        return np.linalg.norm(np.maximum(q, 0), axis=1) + np.minimum(q.max(axis=1), 0)

    return distance


def ring(middle: Sequence[float], large: float, small: float) -> Distance:
    """In the plane of x and y."""

    def distance(p: np.ndarray) -> np.ndarray:
        x, y, z = (p - np.array(middle)).T
        return np.hypot(np.hypot(x, y) - large, z) - small

    return distance


def known(solids: Sequence[Distance], *, hollow: Distance | None = None, resolution: int = 64) -> Known:
    """The surface of the union, without what is `hollow`, in a cube of two units."""

    def field(points: np.ndarray) -> np.ndarray:
        p = points.astype(np.float64)
        whole = np.min([solid(p) for solid in solids], axis=0)
        return -(whole if hollow is None else np.maximum(whole, -hollow(p)))

    mesh = extract_surface(sample_sparse(field, resolution=resolution, bounds=1.1, coarse=resolution))
    middle = mesh.vertices.astype(np.float64)[mesh.faces].mean(axis=1)
    return Known(mesh=mesh, truth=np.argmin([solid(middle) for solid in solids], axis=0))


def _legs(half: float, deep: float, top: float, wide: float) -> list[Distance]:
    return [box(x, (top - 0.9) / 2, z, wide, top + 0.9, wide) for x in (-half, half) for z in (-deep, deep)]


THINGS: dict[str, Callable[[int], Known]] = {
    "duck": lambda n: known(
        [ellipsoid(0, -0.3, 0, 0.8, 0.5, 0.55), ellipsoid(0.45, 0.45, 0, 0.4, 0.4, 0.38), ellipsoid(0.88, 0.4, 0, 0.22, 0.09, 0.17)], resolution=n
    ),
    "dumbbell": lambda n: known(
        [capsule((-0.6, 0, 0), (0.6, 0, 0), 0.12), ellipsoid(-0.65, 0, 0, 0.33, 0.33, 0.33), ellipsoid(0.65, 0, 0, 0.33, 0.33, 0.33)], resolution=n
    ),
    "hammer": lambda n: known([cylinder((0, -0.95, 0), 1.5, 0.11), box(0, 0.65, 0, 1.1, 0.36, 0.36)], resolution=n),
    "mug": lambda n: known([cylinder((-0.2, -0.8, 0), 1.6, 0.6), ring((0.42, 0, 0), 0.42, 0.09)], hollow=cylinder((-0.2, -0.68, 0), 1.8, 0.5), resolution=n),
    "chair": lambda n: known([*_legs(0.4, 0.4, 0.0, 0.13), box(0, 0, 0, 1, 0.16, 1), box(0, 0.5, -0.36, 0.8, 0.95, 0.13)], resolution=n),
    "table": lambda n: known([*_legs(0.7, 0.45, 0.3, 0.14), box(0, 0.35, 0, 1.7, 0.14, 1.2)], resolution=n),
    "snowman": lambda n: known(
        [ellipsoid(0, -0.5, 0, 0.5, 0.48, 0.5), ellipsoid(0, 0.2, 0, 0.36, 0.36, 0.36), ellipsoid(0, 0.72, 0, 0.25, 0.25, 0.25)], resolution=n
    ),
    "mushroom": lambda n: known([cylinder((0, -0.9, 0), 1.2, 0.22), ellipsoid(0, 0.4, 0, 0.8, 0.4, 0.8)], resolution=n),
    "jack": lambda n: known(
        [
            ellipsoid(0, 0, 0, 0.42, 0.42, 0.42),
            *(capsule((0, 0, 0), [0.9 * sign * (axis == number) for number in range(3)], 0.13) for axis in range(3) for sign in (-1, 1)),
        ],
        resolution=n,
    ),
    "dog": lambda n: known(
        [
            ellipsoid(0, 0.05, 0, 0.62, 0.3, 0.28),
            ellipsoid(0.68, 0.48, 0, 0.27, 0.25, 0.24),
            *(capsule((x, -0.05, z), (x, -0.8, z), 0.1) for x in (-0.42, 0.42) for z in (-0.17, 0.17)),
            capsule((-0.5, 0.15, 0), (-0.9, 0.62, 0), 0.07),
        ],
        resolution=n,
    ),
    "aeroplane": lambda n: known(
        [
            ellipsoid(0, 0, 0, 0.95, 0.19, 0.19),
            ellipsoid(0.1, 0, 0.55, 0.2, 0.05, 0.5),
            ellipsoid(0.1, 0, -0.55, 0.2, 0.05, 0.5),
            ellipsoid(-0.8, 0.28, 0, 0.14, 0.28, 0.045),
        ],
        resolution=n,
    ),
    "spoon": lambda n: known([ellipsoid(0.62, 0, 0, 0.36, 0.13, 0.26), capsule((-0.9, 0, 0), (0.4, 0, 0), 0.06)], resolution=n),
    "teapot": lambda n: known(
        [
            ellipsoid(0, -0.1, 0, 0.58, 0.5, 0.58),
            capsule((0.45, -0.2, 0), (0.92, 0.3, 0), 0.1),
            ring((-0.58, -0.05, 0), 0.3, 0.07),
            ellipsoid(0, 0.46, 0, 0.12, 0.14, 0.12),
        ],
        resolution=n,
    ),
    "egg": lambda n: known([ellipsoid(0, 0, 0, 0.6, 0.85, 0.6)], resolution=n),
}


def rand_index(one: np.ndarray, other: np.ndarray) -> float:
    """Adjusted for chance (Hubert and Arabie, 1985): 1 for the same groups."""
    table = np.zeros((int(one.max()) + 1, int(other.max()) + 1))
    np.add.at(table, (one, other), 1)

    def pairs(values: np.ndarray) -> float:
        return float((values * (values - 1) / 2).sum())

    both, first, second, everything = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0)), pairs(np.array([table.sum()]))
    expected, most = first * second / everything, (first + second) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)
