"""A second pass for things that the first one over the whole photo missed."""

from __future__ import annotations

import cv2
import numpy as np

from ....cutouts.pyramid import pull_push
from ....stages import Context, Photo, Salience
from ..background.scene import Scene, SceneMemory, scene_of_matte, small_photo
from .regions import Region, cropped, find_regions, is_line, touches_border

_ROUNDS = 2
_AROUND = 0.02  # of the scene's longer side: what is painted over around a thing, such as its soft edge and contact shadow
_LEAST = 0.003  # of the scene: smaller ones are chance
_MOST = 0.5  # of the scene: larger ones are the background itself
_SURE = 0.8  # of the matte, in the mean over a region
_KNOWN = 0.2  # of a region: where it covers that much of a known one, it is no other thing


def with_missed_regions(photo: Photo, scene: Scene, regions: list[Region], salience: Salience, context: Context, count: int) -> list[Region]:
    """The regions, and behind them what stands out when these are painted over; looked for until there are `count`."""
    for _ in range(_ROUNDS):
        if len(regions) >= count:
            break
        context.report(0.6, "")
        matte = salience.of_picture(_without(photo, scene, regions), context)
        if matte is None:
            break
        seen = [region for region in find_regions(scene_of_matte(photo, matte)) if _is_thing(region, matte)]
        further = _others(seen, regions, scene)
        if not further:
            break
        regions = [*regions, *further]
    return regions


def light_regions(photo: Photo, scene: Scene, regions: list[Region], memory: SceneMemory) -> list[Region]:
    """The regions, and behind them what stands apart from a plain background and is none of them."""
    return [*regions, *_others(find_regions(memory.scene(photo)), regions, scene)]


def _without(photo: Photo, scene: Scene, regions: list[Region]) -> np.ndarray:
    """(h, w, 3) uint8 at the working size: the photo with the regions filled from around them."""
    covered = _covered(scene, regions).astype(np.uint8)
    more = 2 * max(1, round(_AROUND * max(covered.shape))) + 1
    covered = cv2.dilate(covered, np.ones((more, more), np.uint8))
    rgb, _ = small_photo(photo)
    filled = pull_push(rgb.astype(np.float32), (1 - covered).astype(np.float32))
    return np.clip(np.rint(filled), 0, 255).astype(np.uint8)


def _covered(scene: Scene, regions: list[Region]) -> np.ndarray:
    covered = np.zeros(scene.foreground.shape, bool)
    for region in regions:
        covered |= region.over(scene.foreground.shape)
    return covered


def _is_thing(region: Region, matte: np.ndarray) -> bool:
    sure = matte[region.top : region.bottom, region.left : region.right][region.mask]
    return _LEAST * matte.size <= region.area <= _MOST * matte.size and float(sure.mean()) >= _SURE


def _others(seen: list[Region], known: list[Region], scene: Scene) -> list[Region]:
    """What of the seen regions is not one of the known and no ground or line, less what they share."""
    covered = _covered(scene, known)
    others = []
    for region in seen:
        mask = region.over(covered.shape)
        if touches_border(region, covered.shape) or is_line(region, covered.shape):
            continue
        if np.count_nonzero(mask & covered) <= _KNOWN * region.area:
            others.append(cropped(scene, mask & ~covered))
    return others
