"""Inference in overlapping tiles for a crowded photo: over the whole of it, a network sees the table with all that stands on it as one thing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np

from ....stages import Context, Detail, Photo, PixelBox, Salience
from ..background.scene import Scene, scene_of_matte
from .regions import Region, cropped

_FEWEST, _MANY = 3, 4  # names, from which on a photo can be crowded, and from which on it is where any of them is not seen
_SPREAD = 0.45  # of the photo: the box of a region that is that large may be a whole table
_PART = 0.67  # of the photo's shorter side: a part's
_STEP = 0.45  # of a part, at most, from one to the next
_MOST = 16  # parts
_SHOWN = 358  # pixels a side of a part, which the network gets enlarged to what is coarse
_RIM = 0.25  # of a part: things nearer to its border are often cut by it, and what is seen of them counts less
_MARGIN = 0.25  # of a thing's longer side, on all sides, in a look at it by itself
_SAME = 0.55  # intersection over union of what the parts and a look at the thing by itself show, where they agree
_SEEN = 0.5  # of a matte


def is_crowded(scene: Scene, regions: list[Region], names: int, *, lacks: bool) -> bool:
    """Whether there are more things than a look at the whole photo has shown: many names, or several and one very large region.

    `lacks`: the regions are not what the names need.
    """
    if not lacks or names < _FEWEST:
        return False
    return names >= _MANY or any(_box_share(region, scene) >= _SPREAD for region in regions)


def scene_of_tiles(photo: Photo, salience: Salience, context: Context) -> Scene | None:
    """The photo's scene by the strongest of all parts' answers at each place; None where the network cannot tell."""
    windows = list(_windows(photo))
    whole = np.zeros(_small_size(photo, windows), np.float32)
    for number, window in enumerate(windows):
        context.report(0.5 + 0.3 * number / len(windows), "")
        seen = salience.of_picture(_shown(photo, window), context, detail=Detail.COARSE)
        if seen is None:
            return None
        place = _place(window, photo, whole.shape)
        size = (place[1].stop - place[1].start, place[0].stop - place[0].start)
        weight = _inner(size, window, photo)
        whole[place] = np.maximum(whole[place], cv2.resize(seen, size, interpolation=cv2.INTER_AREA) * weight)
    scene = scene_of_matte(photo, whole)
    return replace(scene, matte=np.where(scene.foreground, scene.known_matte, 0))  # where parts disagree, what is faint joins nothing


def completed(photo: Photo, scene: Scene, region: Region, others: list[Region], salience: Salience, context: Context) -> Region:
    """The region as a look at it by itself shows it, without the others; as it was where the two looks do not agree."""
    inside = region.over(scene.foreground.shape)
    window = _around(region, scene, photo)
    seen = salience.of_picture(_shown(photo, window), context, detail=Detail.COARSE)
    if seen is None:
        return region
    place = _place(window, photo, inside.shape)
    size = (place[1].stop - place[1].start, place[0].stop - place[0].start)
    near = np.zeros(inside.shape, bool)
    near[place] = cv2.resize(seen, size, interpolation=cv2.INTER_AREA) >= _SEEN
    for other in others:
        near &= ~other.over(inside.shape)
    count, labels = cv2.connectedComponents(near.astype(np.uint8), connectivity=8)
    held = np.bincount(labels[inside & near], minlength=count)
    held[0] = 0
    if not held.any():
        return region
    mine = labels == int(held.argmax())
    if np.count_nonzero(mine & inside) < _SAME * np.count_nonzero(mine | inside):
        return region
    return replace(cropped(scene, mine | inside), parted=region.parted)


def _box_share(region: Region, scene: Scene) -> float:
    return (region.right - region.left) * (region.bottom - region.top) / scene.foreground.size


def _windows(photo: Photo) -> Iterator[PixelBox]:
    """Overlapping squares; of a very long photo rectangles, so that there are at most _MOST."""
    side = max(_PART * min(photo.width, photo.height), math.sqrt(photo.width * photo.height / _MOST) / _STEP)
    width, height = (round(min(max(side, whole / (1 + (_MOST - 1) * _STEP)), whole)) for whole in (photo.width, photo.height))
    for top in _starts(photo.height, height):
        for left in _starts(photo.width, width):
            yield PixelBox(left=left, top=top, right=left + width, bottom=top + height)


def _starts(length: int, side: int) -> list[int]:
    count = min(1 + math.ceil((length - side) / (_STEP * side)), _MOST)
    return [round(number * (length - side) / max(count - 1, 1)) for number in range(count)]


def _shown(photo: Photo, window: PixelBox) -> np.ndarray:
    part = photo.rgb[window.top : window.bottom, window.left : window.right]
    scale = _SHOWN / max(part.shape[:2])
    if scale >= 1:
        return np.ascontiguousarray(part)
    size = max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale))
    return cv2.resize(part, size, interpolation=cv2.INTER_AREA)


def _small_size(photo: Photo, windows: list[PixelBox]) -> tuple[int, int]:
    """(h, w) of the answer: the photo at the resolution that its parts are seen in, at most its own."""
    scale = min(1.0, _SHOWN / max(windows[0].width, windows[0].height))
    return max(1, round(photo.height * scale)), max(1, round(photo.width * scale))


def _place(window: PixelBox, photo: Photo, shape: tuple[int, int]) -> tuple[slice, slice]:
    """The window's rows and columns in a picture (h, w) of the whole photo, at least one of each."""
    down, across = shape[0] / photo.height, shape[1] / photo.width
    top, left = min(int(window.top * down), shape[0] - 1), min(int(window.left * across), shape[1] - 1)
    bottom, right = max(top + 1, round(window.bottom * down)), max(left + 1, round(window.right * across))
    return slice(top, min(bottom, shape[0])), slice(left, min(right, shape[1]))


def _inner(size: tuple[int, int], window: PixelBox, photo: Photo) -> np.ndarray:
    """(h, w) float32: 1 within a part of `size` (width, height), less towards those borders that are not the photo's own."""
    across = _ramp(size[0], window.left == 0, window.right == photo.width)
    down = _ramp(size[1], window.top == 0, window.bottom == photo.height)
    return np.minimum.outer(down, across).astype(np.float32)


def _ramp(length: int, open_first: bool, open_last: bool) -> np.ndarray:
    at = (np.arange(length) + 0.5) / (_RIM * length)
    first = np.ones(length) if open_first else np.minimum(at, 1)
    last = np.ones(length) if open_last else np.minimum(at[::-1], 1)
    return np.minimum(first, last)


def _around(region: Region, scene: Scene, photo: Photo) -> PixelBox:
    more = _MARGIN * max(region.right - region.left, region.bottom - region.top)
    return PixelBox(
        left=max(0, math.floor((region.left - more) / scene.scale)),
        top=max(0, math.floor((region.top - more) / scene.scale)),
        right=min(photo.width, math.ceil((region.right + more) / scene.scale)),
        bottom=min(photo.height, math.ceil((region.bottom + more) / scene.scale)),
    )
