"""The surfaces that a photo's border shows: most often the wall and the table that everything stands in front of."""

from __future__ import annotations

import cv2
import numpy as np

_SLOPE = 0.8  # Lab units a pixel: a faster change along the border is an edge, not lighting
_SHORTEST = 0.015  # of the border's length: shorter stretches are ignored
_LAYER_SHARE = 0.25  # of the border's length: what a surface must cover unless it spans the photo
_ALL_SHARE = 0.5  # what all surfaces together must cover
_SAME_SURFACE = 9.0  # Lab units between two stretches of one surface


def border_layers(lab: np.ndarray) -> list[np.ndarray]:
    """Masks (H, W) bool on the outermost pixels, one for each surface; empty where the border is too busy to tell."""
    rows, columns = _ring(lab.shape[:2])
    if not len(rows):  # a single pixel
        return []
    sigma = max(1.0, 0.008 * max(lab.shape[:2]))
    along = cv2.GaussianBlur(lab, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)[rows, columns]
    layers = []
    for members in _surfaces(along, _runs(along)):
        layer = np.zeros(lab.shape[:2], bool)
        layer[rows[members], columns[members]] = True
        if len(members) >= _LAYER_SHARE * len(rows) or _spans(layer):
            layers.append(layer)
    covered = sum(int(np.count_nonzero(layer)) for layer in layers)
    return layers if covered >= _ALL_SHARE * len(rows) else []


def ring_mask(shape: tuple[int, int]) -> np.ndarray:
    """(H, W) bool, true on the outermost pixels."""
    mask = np.zeros(shape, bool)
    mask[[0, -1], :] = True
    mask[:, [0, -1]] = True
    return mask


def _ring(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the outermost pixels, once around, clockwise from the top left."""
    height, width = shape
    across, down = np.arange(width - 1), np.arange(height - 1)
    rows = np.concatenate([0 * across, down, 0 * across + height - 1, height - 1 - down])
    columns = np.concatenate([across, 0 * down + width - 1, width - 1 - across, 0 * down])
    return rows, columns


def _runs(along: np.ndarray) -> list[np.ndarray]:
    """Stretches of the closed path (N, 3) without an edge in them, as index arrays."""
    step = np.linalg.norm(np.roll(along, -2, axis=0) - np.roll(along, 2, axis=0), axis=1) / 4
    calm = step < max(_SLOPE, 4 * float(np.median(step)))
    if calm.all():
        return [np.arange(len(along))]
    order = np.roll(np.arange(len(along)), -int(np.argmin(calm)))
    cuts = np.flatnonzero(np.diff(calm[order].astype(np.int8))) + 1
    return [run for run in np.split(order, cuts) if calm[run[0]] and len(run) >= _SHORTEST * len(along)]


def _surfaces(along: np.ndarray, runs: list[np.ndarray]) -> list[np.ndarray]:
    """Stretches of one colour put together, the longest first."""
    groups: list[list[np.ndarray]] = []
    for run in sorted(runs, key=len, reverse=True):
        for group in groups:
            if any(_same_surface(along, run, other) for other in group):
                group.append(run)
                break
        else:
            groups.append([run])
    return [np.concatenate(group) for group in groups]


def _same_surface(along: np.ndarray, one: np.ndarray, other: np.ndarray) -> bool:
    """Ends are compared as well as the whole, since the light changes along a wall."""
    ends = ((one[0], other[-1]), (one[-1], other[0]))
    near = min(float(np.linalg.norm(along[a] - along[b])) for a, b in ends)
    whole = float(np.linalg.norm(np.median(along[one], axis=0) - np.median(along[other], axis=0)))
    return min(near, whole) < _SAME_SURFACE


def _spans(layer: np.ndarray) -> bool:
    """Whether a surface reaches from one side of the photo to the opposite one, as a wall or a table does."""
    height, width = layer.shape
    left, right, top, bottom = layer[:, 0].sum(), layer[:, -1].sum(), layer[0].sum(), layer[-1].sum()
    return bool(min(left, right) > 0.1 * height or min(top, bottom) > 0.1 * width)
