"""Splitting regions where there are fewer than names: by colour, where a network was less sure, at a waist."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from ....finding.colors import GREYS, NAMES, NEAR, memberships
from ....finding.things import reading_order
from ..background.scene import Scene
from .regions import Region, cropped

_CORE_LEAST = 16  # pixels of the scene
_PART_LEAST = 0.004  # of the scene: smaller parts are not split off
_COLOUR_FITS = 0.5  # of a region's area: then it needs no part of its own for that colour
_SURE_LEVELS = (0.6, 0.75, 0.85, 0.93)  # of a matte
_SURE_PART = 0.08  # of the region: smaller sure parts are its own light and dark
_GREY_NEAR = 0.5  # of a pixel's share of colours near to a grey, which shading makes of it
_LABEL, _ALIGNED, _LABELLED = 0.6, 0.6, 0.4  # of a part's length; of the wider one's width; of what both and the label cover
_WAIST = 0.65  # of a part's greatest depth: what is thicker is no waist but the middle of one thing
_CORE_DEPTHS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.78)  # of the greatest depth: beyond, the parts of one thing would fall apart


def split_by_colours(scene: Scene, regions: list[Region], colours: list[str], count: int) -> list[Region]:
    """Regions with a part of a wanted colour taken out of one where no region as a whole is of it; at most `count`."""
    for colour in dict.fromkeys(colours):
        if len(regions) >= count or any(region.share(colour) > _COLOUR_FITS for region in regions):
            continue
        parts = [(_colour_part(scene, region, colour), region) for region in regions]
        part, parent = max(parts, key=lambda pair: np.count_nonzero(pair[0]))
        regions = _divided(scene, regions, parent, _parted_at_edge(scene, part, parent.over(part.shape)))
    return reading_order(regions)


def split_by_matte(scene: Scene, regions: list[Region], count: int) -> list[Region]:
    """Regions with the greatest ones parted where the matte has a saddle, a line of less certainty, between sure parts."""
    if scene.matte is None:
        return regions
    return _parted_until(scene, regions, count, sure_parts)


def split_by_waist(scene: Scene, regions: list[Region], count: int) -> list[Region]:
    """Regions with the greatest ones parted at their waists until there are `count`, or none has a waist any more."""
    return _parted_until(scene, regions, count, waist_parts)


def _parted_until(scene: Scene, regions: list[Region], count: int, part: Callable[[Scene, Region], list[np.ndarray]]) -> list[Region]:
    if len(regions) >= count:
        return regions
    solid: list[Region] = []
    waiting = sorted(regions, key=lambda region: region.area)
    while waiting and len(waiting) + len(solid) < count:
        region = waiting.pop()
        masks = part(scene, region)
        if len(masks) < 2 or len(waiting) + len(solid) + len(masks) > count + 2:
            solid.append(region)
            continue
        waiting = sorted([*waiting, *_pieces(scene, masks)], key=lambda part: part.area)
    return reading_order([*solid, *waiting])


def _colour_part(scene: Scene, region: Region, colour: str) -> np.ndarray:
    """(h, w) bool over the scene: the largest connected part of a region that is of a colour, its own spots and labels filled."""
    inside = region.over(scene.foreground.shape)
    fits = np.zeros(inside.shape, np.uint8)
    weights = np.array([1.0 if name == colour else _GREY_NEAR * (colour in GREYS and name in NEAR[colour]) for name in NAMES])
    fits[inside] = memberships(scene.lab[inside]) @ weights.astype(np.float32) > 0.5
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    fits = cv2.morphologyEx(cv2.morphologyEx(fits, cv2.MORPH_OPEN, kernel), cv2.MORPH_CLOSE, kernel)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(fits, connectivity=8)
    stats[0, cv2.CC_STAT_AREA] = 0
    largest = int(np.argmax(stats[:, cv2.CC_STAT_AREA]))
    aligned = [label for label in range(1, len(stats)) if label != largest and _continues(stats[largest], stats[label])]
    part = (labels == largest) & (fits > 0)
    if aligned:
        points = np.argwhere(np.isin(labels, [largest, *aligned]))[:, ::-1].astype(np.int32)
        hull = cv2.fillConvexPoly(np.zeros(inside.shape, np.uint8), cv2.convexHull(points), 1) > 0
        kept = _foreign(scene, region, hull & inside, colour)
        part = part if kept is None else kept
    return part & inside


def _continues(largest: np.ndarray, other: np.ndarray) -> bool:
    """Whether one connected component's statistics are those of another's continuation beyond a label or a band."""
    for start, extent, across, width in ((1, 3, 0, 2), (0, 2, 1, 3)):
        gap = max(largest[start], other[start]) - min(largest[start] + largest[extent], other[start] + other[extent])
        shared = min(largest[across] + largest[width], other[across] + other[width]) - max(largest[across], other[across])
        if 0 <= gap <= _LABEL * largest[extent] and shared >= _ALIGNED * max(largest[width], other[width]):
            return True
    return False


def _foreign(scene: Scene, region: Region, hull: np.ndarray, colour: str) -> np.ndarray | None:
    """The hull of a colour's aligned parts, None where less than the half of it has the colour or is a label's."""
    own = memberships(scene.lab[hull])[:, NAMES.index(colour)] > 0.5
    return hull if np.count_nonzero(own) >= _LABELLED * np.count_nonzero(hull) else None


def _parted_at_edge(scene: Scene, part: np.ndarray, whole: np.ndarray) -> list[np.ndarray]:
    """A part and what of a region is left, parted where the picture has its edge: mixed colours belong to either.

    Where the part was all that held the rest together, the rest comes in its pieces.
    """
    kernel = np.ones((5, 5), np.uint8)
    rest = cv2.erode((whole & ~part).astype(np.uint8), kernel, borderValue=0)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(rest, connectivity=8)
    if count < 2:
        return [whole, np.zeros_like(whole)]
    areas = stats[1:, cv2.CC_STAT_AREA]
    large = [label for label in range(1, count) if areas[label - 1] == areas.max() or areas[label - 1] >= _PART_LEAST * whole.size]
    core = cv2.erode(part.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0
    return _apart(watershed(scene, whole, [core, *(labels == label for label in large)]))


def _apart(masks: list[np.ndarray]) -> list[np.ndarray]:
    """The first mask, and the others with those joined that touch each other still."""
    rest = np.any(masks[1:], axis=0)
    count, labels = cv2.connectedComponents(rest.astype(np.uint8), connectivity=8)
    pieces = [labels == label for label in range(1, count)]
    return [masks[0], *(piece for piece in pieces if np.count_nonzero(piece) >= _PART_LEAST * rest.size)]


def _divided(scene: Scene, regions: list[Region], parent: Region, masks: list[np.ndarray]) -> list[Region]:
    """The regions with one replaced by its parts, unless a part would be a mere speck."""
    if len(masks) < 2 or min(np.count_nonzero(mask) for mask in masks) < _PART_LEAST * scene.foreground.size:
        return regions
    return [*(region for region in regions if region is not parent), *_pieces(scene, masks)]


def _pieces(scene: Scene, masks: list[np.ndarray]) -> list[Region]:
    return [replace(cropped(scene, mask), parted=True) for mask in masks]


def sure_parts(scene: Scene, region: Region) -> list[np.ndarray]:
    """Masks over the scene: watershed from the parts that remain when only what the matte is sure of counts."""
    inside = region.over(scene.foreground.shape)
    for level in _SURE_LEVELS:
        sure = (inside & (scene.known_matte >= level)).astype(np.uint8)
        count, cores, stats, _ = cv2.connectedComponentsWithStats(cv2.erode(sure, np.ones((3, 3), np.uint8)), connectivity=4)
        large = [label for label in range(1, count) if stats[label, cv2.CC_STAT_AREA] >= _SURE_PART * region.area]
        if len(large) >= 2:
            return watershed(scene, inside, [cores == label for label in large])
    return []


def waist_parts(scene: Scene, region: Region) -> list[np.ndarray]:
    """Masks over the scene: watershed from the cores that remain when the region is shrunk until it falls apart."""
    inside = region.over(scene.foreground.shape)
    depth = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5)
    for share in _CORE_DEPTHS:
        count, cores, stats, _ = cv2.connectedComponentsWithStats((depth > share * depth.max()).astype(np.uint8))
        large = [label for label in range(1, count) if stats[label, cv2.CC_STAT_AREA] >= _CORE_LEAST]
        if len(large) >= 2:
            parts = watershed(scene, inside, [cores == label for label in large])
            if min(np.count_nonzero(part) for part in parts) >= _PART_LEAST * inside.size and _touch_slightly(parts, depth):
                return parts
    return []


def _touch_slightly(parts: list[np.ndarray], depth: np.ndarray) -> bool:
    """Whether each part meets the others at places much thinner than itself; `depth` (h, w) is how far inside of all a pixel lies."""
    square = np.ones((5, 5), np.uint8)
    for part in parts:
        rest = np.any([other for other in parts if other is not part], axis=0)
        seam = part & (cv2.dilate(rest.astype(np.uint8), square) > 0)
        if seam.any() and float(depth[seam].max()) > _WAIST * float(depth[part].max()):
            return False
    return True


def watershed(scene: Scene, inside: np.ndarray, cores: list[np.ndarray]) -> list[np.ndarray]:
    """The inside (h, w) bool in as many parts as there are cores (h, w) bool, parted at the picture's edges."""
    markers = np.where(inside, 0, len(cores) + 1).astype(np.int32)
    for index, core in enumerate(cores):
        markers[core] = index + 1
    image = np.clip(cv2.cvtColor(scene.lab, cv2.COLOR_LAB2RGB) * 255, 0, 255).astype(np.uint8)
    cv2.watershed(image, markers)
    parts = np.where(inside & (markers > 0) & (markers <= len(cores)), markers, 0).astype(np.uint8)
    wider = cv2.dilate(parts, np.ones((3, 3), np.uint8))  # over the watershed's own lines
    parts = np.where(inside & (parts == 0), wider, parts)
    return [parts == index + 1 for index in range(len(cores))]
