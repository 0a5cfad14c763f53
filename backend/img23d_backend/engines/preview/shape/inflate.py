"""Inflation of an outline by a membrane equation: long parts get round sections, discs become balls."""

from __future__ import annotations

import cv2
import numpy as np

COARSEST = 24  # samples a side
SWEEPS = 36  # a level
RIDGE_LOSS = 0.45  # cells that the distance along the middle of a limb falls short, since it is smoothed
BALL_GRID = 128  # samples a side for the union of inscribed balls


def inflated(distance: np.ndarray) -> np.ndarray:
    """Squared half depth (same grid) of the rounded solid over an outline given as signed distance.

    Poisson's equation gives the form: its root has round sections for strips and discs alike. Strips and discs differ
    in height by a factor, so the height is led to that of the union of all balls that fit into the outline.
    """
    membrane = solve_membrane(distance)
    return membrane * _height_ratio(distance, membrane)


def solve_membrane(distance: np.ndarray) -> np.ndarray:
    """Solve -laplace(u) = 4 inside, u = 0 on the sub-grid outline; 0 outside. A disc of radius R gives R² - r².

    Five-point stencil with shortened legs at the outline (Shortley and Weller, 1938), coarse to fine (cascadic
    multigrid), Chebyshev-accelerated Jacobi sweeps.
    """
    u = None
    for grid, spacing in reversed(_pyramid(distance)):
        start = np.zeros(grid.shape, dtype=np.float32)
        if u is not None:
            start = cv2.resize(u, grid.shape[::-1], interpolation=cv2.INTER_LINEAR)
        sweeps = SWEEPS * (8 if u is None else 1)
        u = _sweep(grid, spacing, start, sweeps)
    assert u is not None, "a pyramid has at least one level"
    return u.astype(np.float64)


def _pyramid(distance: np.ndarray) -> list[tuple[np.ndarray, float]]:
    grids = [(distance.astype(np.float32), 1.0)]
    while min(grids[-1][0].shape) > COARSEST:
        grid, spacing = grids[-1]
        size = ((grid.shape[1] + 1) // 2, (grid.shape[0] + 1) // 2)
        grids.append((cv2.resize(grid, size, interpolation=cv2.INTER_AREA), spacing * 2))
    return grids


def _sweep(distance: np.ndarray, spacing: float, u: np.ndarray, sweeps: int) -> np.ndarray:
    inside = distance > 0
    legs = [_leg(distance, axis, step) for axis, step in ((1, -1), (1, 1), (0, -1), (0, 1))]
    west, east, north, south = legs
    weights = [1 / (west * (west + east)), 1 / (east * (west + east))]
    weights += [1 / (north * (north + south)), 1 / (south * (north + south))]
    total = 1 / (west * east) + 1 / (north * south)
    weights = [np.where(inside & (leg >= 1), 2 * w / (2 * total), 0).astype(np.float32) for w, leg in zip(weights, legs, strict=True)]
    source = np.where(inside, 2 * spacing**2 / total, 0).astype(np.float32)
    framed = np.zeros((3, inside.shape[0] + 2, inside.shape[1] + 2), dtype=np.float32)  # with a border of zeros
    now, before, step = framed
    now[1:-1, 1:-1] = np.where(inside, u, 0)
    product = np.empty_like(source)
    radius = 1 - 4.0 / max(float(distance.max()) / spacing * 1.2, 2.5) ** 2  # of the iteration; slowest over the widest part
    relaxation = 1.0
    for sweep in range(sweeps):
        new = step[1:-1, 1:-1]
        new[...] = source
        for weight, neighbour in zip(weights, _neighbours(now), strict=True):
            new += np.multiply(weight, neighbour, out=product)
        if sweep > 0:
            relaxation = 1 / (1 - 0.25 * radius**2 * relaxation) if sweep > 1 else 1 / (1 - 0.5 * radius**2)
            new -= before[1:-1, 1:-1]
            new *= np.float32(relaxation)
            new += before[1:-1, 1:-1]
        now, before, step = step, now, before
    return now[1:-1, 1:-1]


def _neighbours(framed: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The samples to the west, east, north and south of each one within the frame."""
    return framed[1:-1, :-2], framed[1:-1, 2:], framed[:-2, 1:-1], framed[2:, 1:-1]


def _leg(distance: np.ndarray, axis: int, step: int) -> np.ndarray:
    """How far the outline is in one direction, in samples: 1 where the neighbour is inside."""
    neighbour = np.roll(distance, -step, axis=axis)
    cut = distance / np.maximum(distance - neighbour, 1e-6)
    return np.where((neighbour > 0) | (distance <= 0), 1.0, np.clip(cut, 0.05, 0.999)).astype(np.float32)


def _height_ratio(distance: np.ndarray, membrane: np.ndarray) -> np.ndarray:
    """Smooth ratio of the union of inscribed balls to the membrane, about 1/2 in strips and 1 in discs."""
    shrink = min(1.0, BALL_GRID / max(distance.shape))
    size = (max(round(distance.shape[1] * shrink), 4), max(round(distance.shape[0] * shrink), 4))
    small, low = (_peaks(grid, size) for grid in (np.where(distance > 0, distance + RIDGE_LOSS, 0), membrane))
    balls = _union_of_balls(small * shrink) / shrink**2
    inner = (small > 0.5 / shrink) if (small > 0.5 / shrink).any() else small > 0
    weight = inner * np.maximum(small, 0)
    ratio = np.where(inner, balls / np.maximum(low, 1e-3), 0)
    sigma = 5.0
    ratio = cv2.GaussianBlur(weight * np.clip(ratio, 0.3, 1.2), (0, 0), sigma)
    total = cv2.GaussianBlur(weight, (0, 0), sigma)
    smooth = np.where(total > 1e-4, ratio / np.maximum(total, 1e-4), 0.5)
    return cv2.resize(smooth, distance.shape[::-1], interpolation=cv2.INTER_CUBIC)


def _peaks(grid: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The largest value around each sample of a coarser grid of `size` (w, h): a thin limb keeps the height of its middle."""
    reach = 2 * (max(grid.shape) // (2 * max(size))) + 1
    return cv2.resize(cv2.dilate(grid, np.ones((reach, reach), np.uint8)), size, interpolation=cv2.INTER_NEAREST_EXACT)


def _union_of_balls(radius: np.ndarray) -> np.ndarray:
    """max over all samples c of radius(c)² - |x - c|²: a dilation by a parabola, one axis after the other."""
    height = np.where(radius > 0, radius**2, -1e9)
    reach = int(np.ceil(radius.max()))
    for axis in (0, 1):
        best = height.copy()
        for shift in range(1, reach + 1):
            ahead, behind = (slice(shift, None), slice(None, -shift))
            if axis == 1:
                ahead, behind = (slice(None), ahead), (slice(None), behind)
            np.maximum(best[ahead], height[behind] - shift**2, out=best[ahead])
            np.maximum(best[behind], height[ahead] - shift**2, out=best[behind])
        height = best
    return np.maximum(height, 0)
