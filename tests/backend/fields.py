"""Solids as fields, above 0 inside, whose surfaces are known."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

Field = Callable[[np.ndarray], np.ndarray]
EMPTY = -1e30  # what counts as the value of a point beyond the volume


def sphere(points: np.ndarray, center: tuple[float, float, float] = (0.0, 0.0, 0.0), radius: float = 0.7) -> np.ndarray:
    return radius - np.linalg.norm(points - np.array(center), axis=1)


def torus(points: np.ndarray) -> np.ndarray:
    x, y, z = points.T
    return 0.2 - np.hypot(np.hypot(x, z) - 0.6, y)


def gyroid_in_a_ball(points: np.ndarray) -> np.ndarray:
    x, y, z = (points * 9).T
    gyroid = np.sin(x) * np.cos(y) + np.sin(y) * np.cos(z) + np.sin(z) * np.cos(x)
    return np.minimum(sphere(points, radius=0.9), (0.5 - np.abs(gyroid)) / 9)


def two_near_spheres(points: np.ndarray) -> np.ndarray:
    return np.maximum(sphere(points, (-0.41, 0, 0), 0.4), sphere(points, (0.41, 0, 0), 0.4))


def thin_plate(points: np.ndarray) -> np.ndarray:
    """Thinner than two cells of a grid of 96 in a box of 2, tilted."""
    x, y, z = points.T
    across = (x * 0.3 + y * 0.9 + z * 0.2) / np.sqrt(0.94)
    return np.minimum(0.018 - np.abs(across), 0.8 - np.linalg.norm(points, axis=1))


def beyond_the_volume(points: np.ndarray) -> np.ndarray:
    return sphere(points, (0.5, 0.3, 0.0), 0.9)


def smooth_noise(points: np.ndarray, seed: int = 3) -> np.ndarray:
    """Random numbers on a coarse grid, cubic in between along x and y, linear along z; saddles of every kind."""
    grid = np.random.default_rng(seed).normal(size=(14, 14, 14)).astype(np.float32)
    x, y, z = ((points + 1) * 6.4).astype(np.float32).T
    low = np.floor(z).astype(int)
    result = np.zeros(len(points), dtype=np.float32)
    for layer in range(14):
        weight = np.maximum(1 - np.abs(z - layer), 0)
        rows = np.flatnonzero((low == layer) | (low == layer - 1))
        for first in range(0, len(rows), 30000):
            part = rows[first : first + 30000]
            value = cv2.remap(grid[:, :, layer], y[part][None], x[part][None], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
            result[part] += weight[part] * value[0]
    return result


FIELDS: dict[str, Field] = {field.__name__: field for field in (sphere, torus, gyroid_in_a_ball, two_near_spheres, thin_plate, beyond_the_volume, smooth_noise)}
