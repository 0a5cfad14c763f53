"""Colours in space: scattered seeds on a coarse grid, spread over everything between them.

A function of the position alone is the same on both sides of every UV seam, whatever the charts and the triangles are
like, and needs no clean mesh: parts that only touch share it as well. Spreading is push-pull on a pyramid of grids
(Gortler et al., The Lumigraph, 1996), here in three dimensions.
"""

from __future__ import annotations

import cv2
import numpy as np

_CELLS = 64  # along the longest side
_ENOUGH = 0.5  # weight in a cell from which its own colour counts fully


class ColorVolume:
    """A grid of colours over a box."""

    def __init__(self, low: np.ndarray, high: np.ndarray) -> None:
        self._cell = max(float((high - low).max()), 1e-30) / (_CELLS - 4)
        self._origin = low - 1.5 * self._cell
        shape = np.ceil((high - low) / self._cell).astype(int) + 4
        self._shape = tuple((-(-shape // 8) * 8).tolist())  # x, y, z; halved at least three times without a rest
        self._sums = np.zeros((*self._shape, 4), dtype=np.float64)
        self._sheet = np.zeros((0, 0, 3), dtype=np.float32)
        self._columns = 1

    def add(self, points: np.ndarray, colors: np.ndarray, weights: np.ndarray) -> None:
        """Seeds: `points` (N, 3), `colors` (N, 3), `weights` (N,)."""
        cell = ((points - self._origin) / self._cell).astype(np.int64)
        flat = np.ravel_multi_index(cell.T, self._shape)
        channels = self._sums.reshape(-1, 4)
        for channel, values in enumerate((*(colors.T * weights), weights)):
            channels[:, channel] += np.bincount(flat, weights=values, minlength=len(channels))

    def spread(self) -> None:
        """Give every cell a colour; call it once, after the last `add`."""
        total = float(self._sums[..., 3].sum())
        seeded = max(int(np.count_nonzero(self._sums[..., 3])), 1)
        filled = _push_pull((self._sums * (seeded / max(total, 1e-30))).astype(np.float32))
        self._columns = int(np.ceil(np.sqrt(self._shape[2])))
        self._sheet = _slices_side_by_side(filled, self._columns)

    def sample(self, points: np.ndarray) -> np.ndarray:
        """(N, 3) float32 colours, linear between the cells. The slices lie in one image: OpenCV reads it 10 times faster."""
        x, y, z = (
            np.clip((column - np.float32(low)) * np.float32(1.0 / self._cell) - np.float32(0.5), 0.0, size - 1.001)
            for column, low, size in zip(points.T.astype(np.float32), self._origin, self._shape, strict=True)
        )
        lower = np.floor(z)
        return _lerp(self._slice(x, y, lower), self._slice(x, y, lower + 1.0), (z - lower)[:, None])

    def _slice(self, x: np.ndarray, y: np.ndarray, index: np.ndarray) -> np.ndarray:
        row, column = np.divmod(index, np.float32(self._columns))
        return sample_image(self._sheet, y + column * self._shape[1], x + row * self._shape[0], cv2.INTER_LINEAR)


def sample_image(image: np.ndarray, x: np.ndarray, y: np.ndarray, interpolation: int) -> np.ndarray:
    """(N, ...) the image at float32 positions (N,), in which the first pixel's centre is (0, 0), held at its border."""
    width = 4096  # cv2.remap takes no side of 32768 or more
    padded = -len(x) % width
    maps = [np.pad(v.astype(np.float32, copy=False), (0, padded)).reshape(-1, width) for v in (x, y)]
    values = cv2.remap(image, *maps, interpolation, borderMode=cv2.BORDER_REPLICATE)
    return values.reshape(-1, *image.shape[2:])[: len(x)]


def _lerp(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    return a + (b - a) * t


def _push_pull(sums: np.ndarray) -> np.ndarray:
    """(X, Y, Z, 4) weighted colour sums and weights to (X, Y, Z, 3) colours everywhere."""
    weight = sums[..., 3:]
    color = sums[..., :3] / np.maximum(weight, 1e-12)
    if max(sums.shape[:3]) == 1:
        return color
    trust = np.minimum(weight / _ENOUGH, 1.0)
    even = np.pad(np.concatenate([color * trust, trust], axis=3), [(0, size % 2) for size in sums.shape[:3]] + [(0, 0)])
    coarse = sum(even[i::2, j::2, k::2] for i in (0, 1) for j in (0, 1) for k in (0, 1))
    below = _doubled(_push_pull(coarse))[: sums.shape[0], : sums.shape[1], : sums.shape[2]]
    return below + (color - below) * trust


def _doubled(grid: np.ndarray) -> np.ndarray:
    """Twice as many cells along each of the three axes, linear between the centres."""
    for axis in range(3):
        edge = np.concatenate([grid.take([0], axis), grid, grid.take([-1], axis)], axis=axis)
        count = grid.shape[axis]
        before, after = edge.take(range(count), axis), edge.take(range(2, count + 2), axis)
        pair = np.stack([0.75 * grid + 0.25 * before, 0.75 * grid + 0.25 * after], axis=axis + 1)
        grid = pair.reshape(*grid.shape[:axis], 2 * count, *grid.shape[axis + 1 :])
    return grid


def _slices_side_by_side(grid: np.ndarray, columns: int) -> np.ndarray:
    """(X, Y, Z, 3) as one image (rows * X, columns * Y, 3) of its slices along z, the first one at the top left."""
    x, y, z, channels = grid.shape
    rows = -(-z // columns)
    padded = np.concatenate([grid, np.zeros((x, y, rows * columns - z, channels), grid.dtype)], axis=2)
    tiled = padded.reshape(x, y, rows, columns, channels).transpose(2, 0, 3, 1, 4)
    return np.ascontiguousarray(tiled.reshape(rows * x, columns * y, channels))
