"""The artist's brush strokes over a cut-out: what was brushed in belongs to the thing, what was brushed out does not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import cv2
import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.messages import Stroke

from ..stages import CutOut, Photo, PixelBox
from .framing import bounds_of, framed, view
from .merge import alpha_over

_AROUND = 24  # pixels of what is behind the thing, which tell the edge's colours


def touch_up(cutout: CutOut, photo: Photo, strokes: tuple[Stroke, ...]) -> CutOut:
    """The cut-out with the strokes painted over it in their order, and its colours and its margin made anew.

    `photo` is the one that the cut-out was made from, at the same scale. Raises Img23DError(EMPTY_CUTOUT) when the strokes
    leave nothing.
    """
    strokes = tuple(stroke for stroke in strokes if stroke.xs)
    window = _window(cutout, photo, strokes)
    if not strokes or not window.width or not window.height:
        return cutout
    alpha = alpha_over(cutout, window)
    for stroke in strokes:
        _paint(alpha, stroke, photo, window)
    try:
        bounds = bounds_of(alpha, "")
    except Img23DError as error:
        raise Img23DError(
            ErrorCode.EMPTY_CUTOUT,
            "Your brush strokes leave nothing of it: brush some of it in, or clear the strokes.",
        ) from error
    return replace(framed(view(photo.rgb, window), alpha, bounds, window), note=cutout.note)


def _window(cutout: CutOut, photo: Photo, strokes: Iterable[Stroke]) -> PixelBox:
    """The part of the photo that the cut-out and what is brushed in lie in, with what is around."""
    height, width = cutout.rgba.shape[:2]
    parts = [(cutout.left, cutout.top, cutout.left + width, cutout.top + height)]
    parts += [_extent(stroke, photo) for stroke in strokes if stroke.adds]
    left, top = (min(part[side] for part in parts) - _AROUND for side in (0, 1))
    right, bottom = (max(part[side] for part in parts) + _AROUND for side in (2, 3))
    left, right = np.clip((left, right), 0, photo.width)
    top, bottom = np.clip((top, bottom), 0, photo.height)
    return PixelBox(left=int(left), top=int(top), right=int(right), bottom=int(bottom))


def _extent(stroke: Stroke, photo: Photo) -> tuple[int, int, int, int]:
    """Left, top, right, bottom in pixels of what the stroke touches, its soft rim included."""
    points, reach = _pixels(stroke, photo), stroke.radius * photo.width + 1
    left, top = np.floor(points.min(0) - reach).astype(int)
    right, bottom = np.ceil(points.max(0) + reach).astype(int)
    return int(left), int(top), int(right), int(bottom)


def _pixels(stroke: Stroke, photo: Photo) -> np.ndarray:
    """(P, 2) float64, x and y in pixels of the photo; what is too far outside to touch it comes nearer, to need no room."""
    points = np.stack([stroke.xs, stroke.ys], axis=1) * (photo.width, photo.height)
    reach = stroke.radius * photo.width + 1
    return points.clip(-reach, (photo.width + reach, photo.height + reach))


def _paint(alpha: np.ndarray, stroke: Stroke, photo: Photo, window: PixelBox) -> None:
    """One stroke over the alpha (h, w) of the window, in place."""
    left, top, right, bottom = _extent(stroke, photo)
    part = PixelBox(
        left=max(left, window.left) - window.left,
        top=max(top, window.top) - window.top,
        right=min(right, window.right) - window.left,
        bottom=min(bottom, window.bottom) - window.top,
    )
    if part.width <= 0 or part.height <= 0:
        return
    covered = _coverage(_pixels(stroke, photo) - (left, top), stroke.radius * photo.width, (bottom - top, right - left))
    x, y = part.left + window.left - left, part.top + window.top - top
    covered = covered[y : y + part.height, x : x + part.width]
    under = view(alpha, part)
    under[:] = under + (1 - under) * covered if stroke.adds else under * (1 - covered)


def _coverage(points: np.ndarray, radius: float, size: tuple[int, int]) -> np.ndarray:
    """(h, w) float32: how much of each pixel lies within `radius` of the path through the points (P, 2)."""
    off = np.full(size, 255, np.uint8)
    way = np.clip(np.floor(points), 0, (size[1] - 1, size[0] - 1)).astype(np.int32)
    cv2.polylines(off, [np.concatenate([way, way[-1:]]).reshape(-1, 1, 2)], isClosed=False, color=0)
    distance = cv2.distanceTransform(off, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.clip(radius + 0.5 - distance, 0, 1)
