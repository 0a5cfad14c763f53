"""How often outlines wind around the pixels of an image: what lies inside of them, and where they cover themselves, without
drawing what they enclose.
"""

from __future__ import annotations

import numpy as np


def windings(start: np.ndarray, end: np.ndarray, *, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """(H, W) int8 how often the edges from `start` to `end` (E, 2), in pixels within the image, wind around each pixel's centre:
    1 where they run down at its left once, -1 where they run up. And (H,) int8 what is left over at each row's end: 0 but where
    the edges do not close, as when neighbours differ by a rounding.
    """
    row = np.ceil(np.stack([start[:, 1], end[:, 1]]) - 0.5).astype(np.int64)
    top, count = row.min(axis=0), np.abs(row[1] - row[0])
    edge = np.repeat(np.arange(len(count)), count)
    row = np.arange(len(edge)) + (top - (np.cumsum(count) - count))[edge]
    step = end - start
    slope = step[:, 0] / np.where(step[:, 1] == 0.0, 1.0, step[:, 1])
    column = np.ceil(start[edge, 0] + (row + 0.5 - start[edge, 1]) * slope[edge] - 0.5).astype(np.int64).clip(0, width)
    crossings = np.bincount(row * (width + 1) + column, np.sign(step[:, 1])[edge], height * (width + 1))
    turns = np.cumsum(crossings.astype(np.int8).reshape(height, width + 1), axis=1, dtype=np.int8)
    return turns[:, :width], turns[:, width]
