"""What hangs together, parted: into things that only touch, and into a thing's parts of other colours."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from ..background.scene import Scene
from .regions import Region, cropped
from .split import sure_parts, waist_parts, watershed

_ROUNDS = 4  # of parting what was parted
_LEAST = 0.08  # of what is parted: smaller parts are a thing's own
_NARROW = 0.55  # of the smaller part's width: things hang together by no more
_UNLIKE = 20.0  # Lab units between the own colours of parts, the lightness counted half
_SHORT = 0.4  # of each part's outline: a longer cut runs around a pattern
_CLUSTERS = (2, 3)
_SAMPLES = 4000  # pixels whose colours are grouped
_CROSS = np.ones((3, 3), np.uint8)

_Test = Callable[[Scene, np.ndarray, np.ndarray], bool]  # whether a part and the rest are what is looked for


def things_in(scene: Scene, region: Region) -> list[Region]:
    """The region itself, or the things that it is made of: each hangs on to the others by a narrow place only."""

    def propose(one: Region) -> list[list[np.ndarray]]:
        return [waist_parts(scene, one)] if scene.matte is None else [sure_parts(scene, one), waist_parts(scene, one)]

    return _parted(scene, region, propose, _hangs_by_little)


def parts_in(scene: Scene, region: Region) -> list[Region]:
    """The region itself, or its large parts of other colours, which may be things that touch or parts of one."""

    def propose(one: Region) -> list[list[np.ndarray]]:
        return [_colour_parts(scene, one, count) for count in _CLUSTERS]

    return _parted(scene, region, propose, _looks_different)


def _parted(scene: Scene, region: Region, propose: Callable[[Region], list[list[np.ndarray]]], is_other: _Test) -> list[Region]:
    done, waiting = [], [region]
    for _ in range(_ROUNDS):
        further = []
        for one in waiting:
            parts = next((masks for masks in propose(one) if _are_parts(scene, one, masks, is_other)), [])
            further += [cropped(scene, mask) for mask in parts]
            done += [] if parts else [one]
        waiting = further
    return [*done, *waiting]


def _are_parts(scene: Scene, region: Region, masks: list[np.ndarray], is_other: _Test) -> bool:
    if len(masks) < 2 or min(np.count_nonzero(mask) for mask in masks) < _LEAST * region.area:
        return False
    whole = np.any(masks, axis=0)
    return all(is_other(scene, mask, whole & ~mask) for mask in masks)


def _hangs_by_little(scene: Scene, part: np.ndarray, rest: np.ndarray) -> bool:
    return _cut(part, rest) <= _NARROW * min(_width(part), _width(rest))


def _looks_different(scene: Scene, part: np.ndarray, rest: np.ndarray) -> bool:
    unlike = np.linalg.norm((np.median(scene.lab[part], axis=0) - np.median(scene.lab[rest], axis=0)) * (0.5, 1, 1))
    return bool(unlike >= _UNLIKE) and _cut(part, rest) <= _SHORT * min(_outline(part), _outline(rest))


def _cut(part: np.ndarray, rest: np.ndarray) -> int:
    """Pixels along which the two touch."""
    return int(np.count_nonzero((cv2.dilate(part.astype(np.uint8), _CROSS) > 0) & rest))


def _width(mask: np.ndarray) -> float:
    """The diameter of the largest circle in it, in pixels."""
    return 2 * float(cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5).max())


def _outline(mask: np.ndarray) -> int:
    return int(np.count_nonzero(mask & (cv2.erode(mask.astype(np.uint8), _CROSS, borderValue=0) == 0)))


def _colour_parts(scene: Scene, region: Region, count: int) -> list[np.ndarray]:
    """Masks over the scene: watershed from the largest connected place of each of the region's `count` colours."""
    inside = region.over(scene.foreground.shape)
    pixels = np.ascontiguousarray(scene.lab[inside] * (0.5, 1, 1), np.float32)
    sample = pixels[:: max(1, len(pixels) // _SAMPLES)]
    if len(sample) < 10 * count:
        return []
    cv2.setRNGSeed(0)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    _, _, centres = cv2.kmeans(sample, count, None, stop, 2, cv2.KMEANS_PP_CENTERS)
    nearest = np.zeros(inside.shape, np.uint8)
    nearest[inside] = 1 + np.argmin(((pixels[:, None] - centres) ** 2).sum(2), axis=1)
    cores = [core for colour in range(1, count + 1) if (core := _core(nearest == colour)) is not None]
    return watershed(scene, inside, cores) if len(cores) > 1 else []


def _core(mask: np.ndarray) -> np.ndarray | None:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.erode(mask.astype(np.uint8), _CROSS, iterations=2), connectivity=4)
    if len(stats) < 2:
        return None
    return labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
