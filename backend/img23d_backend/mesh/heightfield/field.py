"""What a heightfield is made from: an outline and a depth, sampled on one grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

WALLED = 0.5  # cells; a place of the outline that far inside the uncut one is on a plane


@dataclass(frozen=True, kw_only=True)
class Relief:
    """Grids of one shape; sample (row, column) lies at the point (x = column, y = row), lengths are in cells.

    `distance`: signed distance to the outline, positive inside. `depth_squared`: the solid's half depth, squared (smooth
    across the rim, where it falls off linearly). `size`: the wanted edge length. `uncut`: the distance as it would be if no
    plane cut the solid off, None where none does; where the outline runs inside of that one it has a wall behind it.
    """

    distance: np.ndarray
    depth_squared: np.ndarray
    size: np.ndarray
    uncut: np.ndarray | None = None

    def height_at(self, points: np.ndarray) -> np.ndarray:
        """Half depth at (N, 2) points; at least a sliver, so that front and back never touch inside the outline."""
        return np.sqrt(np.maximum(sample(self.depth_squared, points), 1e-2))

    def rim_height_at(self, points: np.ndarray) -> np.ndarray:
        """Half the height of the wall at (N, 2) points of the outline, 0 where front and back meet."""
        if self.uncut is None:
            return np.zeros(len(points))
        return np.where(sample(self.uncut, points) > WALLED, self.height_at(points), 0.0)

    def walled_cells(self) -> np.ndarray:
        """(rows, columns) bool: samples along a wall."""
        inside = (self.distance > 0) & (self.distance <= 1)
        return inside & (self.uncut > self.distance + WALLED) if self.uncut is not None else np.zeros_like(inside)

    def size_at(self, points: np.ndarray) -> np.ndarray:
        return sample(self.size, points)

    def onto_outline(self, points: np.ndarray, steps: int = 2) -> np.ndarray:
        """Move points that are near the outline onto it (Newton along the gradient), never further than 2 cells."""
        moved = points.copy()
        for _ in range(steps):
            value = sample(self.distance, moved)
            gradient = sample_gradient(self.distance, moved)
            slope = np.maximum((gradient**2).sum(axis=1), 0.1)
            moved -= np.clip(value / slope, -1.0, 1.0)[:, None] * gradient
        return moved


def sample(grid: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Bilinear values of a grid at (N, 2) points (x, y)."""
    top_left, fx, fy = _cell(grid, points)
    flat, width = grid.reshape(-1), grid.shape[1]
    upper = flat[top_left] * (1 - fx) + flat[top_left + 1] * fx
    lower = flat[top_left + width] * (1 - fx) + flat[top_left + width + 1] * fx
    return upper * (1 - fy) + lower * fy


def sample_gradient(grid: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(N, 2) central differences over one cell."""
    half = np.array([[0.5, 0.0], [0.0, 0.5]])
    return np.column_stack([sample(grid, points + step) - sample(grid, points - step) for step in half])


def _cell(grid: np.ndarray, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, columns = grid.shape
    x = np.clip(points[:, 0], 0.0, columns - 1.001)
    y = np.clip(points[:, 1], 0.0, rows - 1.001)
    ix, iy = x.astype(np.int64), y.astype(np.int64)
    return iy * columns + ix, x - ix, y - iy
