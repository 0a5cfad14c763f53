"""Brush strokes as the pixels of a mask: which part each pixel belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...shared.img23d_protocol.job_requests import Stroke

Color = tuple[float, float, float]  # sRGB, 0..1


def draw_mask(parts: Sequence[Sequence[Stroke]], width: int, height: int) -> np.ndarray:
    """(H, W) uint8, rows from the top: 1 + the number of the part whose stroke covers the middle of the pixel, 0 where none does.
    Later parts lie over earlier ones.
    """
    labels = np.zeros((height, width), np.uint8)
    for number, strokes in enumerate(parts, start=1):
        for stroke in strokes:
            cover(labels, stroke, number)
    return labels


def colored(labels: np.ndarray, colors: Sequence[Color], opacity: float) -> np.ndarray:
    """(H, W, 4) float32 to lie over a photo."""
    table = np.zeros((256, 4), np.float32)
    for number, color in enumerate(colors[:255], start=1):
        table[number] = (*color, opacity)
    return table[labels]


def cover(labels: np.ndarray, stroke: Stroke, number: int) -> None:
    """What the stroke adds is `number` in (H, W), what it takes away of that number is 0."""
    height, width = labels.shape
    for rows, columns, is_covered in _covered(stroke, width, height):
        area = labels[rows, columns]
        area[is_covered if stroke.adds else is_covered & (area == number)] = number if stroke.adds else 0


def _covered(stroke: Stroke, width: int, height: int) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """Windows of the mask, and what the brush covers in each on its way from one point to the next."""
    radius = stroke.radius * width
    points = np.stack([np.array(stroke.xs) * width, np.array(stroke.ys) * height], axis=1).clip(-1e6, 1e6)
    for start, end in zip(points[:-1], points[1:], strict=True) if len(points) > 1 else [(points[0], points[0])]:
        low = np.floor(np.minimum(start, end) - radius).astype(int).clip(0, (width, height))
        high = np.ceil(np.maximum(start, end) + radius).astype(int).clip(0, (width, height))
        x, y = np.arange(low[0], high[0]) + 0.5 - start[0], np.arange(low[1], high[1])[:, None] + 0.5 - start[1]
        along = end - start
        share = ((x * along[0] + y * along[1]) / max(along @ along, 1e-12)).clip(0.0, 1.0)
        yield slice(low[1], high[1]), slice(low[0], high[0]), (x - share * along[0]) ** 2 + (y - share * along[1]) ** 2 <= radius * radius
