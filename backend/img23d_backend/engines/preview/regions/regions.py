"""The separate things of a scene, in reading order, with what can be said about each."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..background.scene import Scene
from .colors import NAMES, NEAR, memberships

_SPECK_PIXELS = 24  # at the working size
_SPECK_SHARE = 0.01  # of the largest region
_LINK = 0.12  # of a matte: as faint as that it still joins a part to its thing
_FRAGMENT = 0.15  # of the largest part joined so: smaller ones belong to it
_SURE = 0.75  # of a matte: what is nowhere that solid is no thing
_SAMPLES = 600  # pixels a region whose colours are looked at
_ALONG_BORDER = 1 / 3  # of its length
_ACROSS, _LINE_WIDTH = 0.7, 0.08  # of the scene's side, of the line's own length
_SAME_ROW = 0.5  # of the smaller height: how far two regions must overlap to stand in one row


@dataclass(frozen=True, kw_only=True)
class Region:
    """One thing at the scene's working size: `mask` (h, w) bool within `left, top, right, bottom` of the scene."""

    mask: np.ndarray
    left: int
    top: int
    colours: np.ndarray  # (len(colours.NAMES),) share of the region's area
    lightness: float  # mean L, 0..100
    parted: bool = False  # cut off from what it touches, by colour, certainty or a waist

    @property
    def right(self) -> int:
        return self.left + self.mask.shape[1]

    @property
    def bottom(self) -> int:
        return self.top + self.mask.shape[0]

    @property
    def area(self) -> int:
        return int(np.count_nonzero(self.mask))

    @property
    def center(self) -> tuple[float, float]:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def share(self, colour: str) -> float:
        return float(self.colours[NAMES.index(colour)])

    def share_about(self, colour: str) -> float:
        """With half of the colours that light and shadow make of it, or that another person would call so."""
        return self.share(colour) + 0.5 * sum(self.share(near) for near in NEAR[colour])

    def over(self, shape: tuple[int, int]) -> np.ndarray:
        """The mask over the whole scene (h, w)."""
        whole = np.zeros(shape, bool)
        whole[self.top : self.bottom, self.left : self.right] = self.mask
        return whole


def find_regions(scene: Scene) -> list[Region]:
    """The scene's separate things in reading order, without specks."""
    bridged = cv2.morphologyEx(scene.foreground.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(bridged, connectivity=8)
    if scene.matte is not None:
        labels = _joined(labels, count, scene.matte)
    areas = np.bincount(labels.ravel(), minlength=count)
    areas[0] = 0
    least = max(_SPECK_PIXELS, _SPECK_SHARE * int(areas.max()))
    regions = []
    for label in np.flatnonzero(areas >= least):
        mine = (labels == label).astype(np.uint8)
        left, top, width, height = cv2.boundingRect(mine)
        part = np.s_[top : top + height, left : left + width]
        regions.append(describe(scene, (mine[part] > 0) & scene.foreground[part], left, top))
    return reading_order(regions)


def _joined(labels: np.ndarray, count: int, matte: np.ndarray) -> np.ndarray:
    """(h, w) int32: small parts with the label of the large one that they faintly hang together with, unsure ones with 0."""
    links, linked = cv2.connectedComponents(((matte >= _LINK) | (labels > 0)).astype(np.uint8), connectivity=8)
    areas = np.bincount(labels.ravel(), minlength=count)
    group, peak = np.zeros(count, np.int64), np.zeros(count, np.float32)
    group[labels.ravel()] = linked.ravel()
    np.maximum.at(peak, labels.ravel(), matte.ravel())
    becomes = np.where(peak >= _SURE, np.arange(count), 0)
    for link in range(1, links):
        members = np.flatnonzero(group == link)
        members = members[members > 0]
        if len(members) > 1:
            largest = members[np.argmax(areas[members])]
            becomes[members[areas[members] < _FRAGMENT * areas[largest]]] = largest
    becomes[0] = 0
    return becomes[labels].astype(np.int32)


def describe(scene: Scene, mask: np.ndarray, left: int, top: int) -> Region:
    """A region of a scene from its mask at (left, top), with its colours."""
    lab = scene.lab[top : top + mask.shape[0], left : left + mask.shape[1]]
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0
    pixels = lab[inner if np.count_nonzero(inner) >= 12 else mask]
    pixels = pixels[:: max(1, len(pixels) // _SAMPLES)]
    return Region(
        mask=mask,
        left=left,
        top=top,
        colours=memberships(pixels).mean(0) if len(pixels) else np.zeros(len(NAMES), np.float32),
        lightness=float(pixels[:, 0].mean()) if len(pixels) else 0.0,
    )


def touches_border(region: Region, shape: tuple[int, int]) -> bool:
    """Whether a region lies along a border of the scene (h, w) for more than a third of it, as grounds and horizons do."""
    whole = region.over(shape)
    sides = (whole[0], whole[-1], whole[:, 0], whole[:, -1])
    return any(np.count_nonzero(side) > _ALONG_BORDER * len(side) for side in sides)


def is_line(region: Region, shape: tuple[int, int]) -> bool:
    """Whether a region is a strip across most of the scene (h, w): an edge of a table, a horizon, a skirting board."""
    height, width = region.mask.shape
    return max(height / shape[0], width / shape[1]) > _ACROSS and region.area < _LINE_WIDTH * max(height, width) ** 2


def cropped(scene: Scene, mask: np.ndarray) -> Region:
    """A region from a mask (h, w) bool over the whole scene, which must not be empty."""
    left, top, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return describe(scene, mask[top : top + height, left : left + width], left, top)


def reading_order(regions: list[Region]) -> list[Region]:
    """Rows from top to bottom, in each from left to right; a row is what overlaps its first region's height."""
    waiting = sorted(regions, key=lambda region: region.center[1])
    ordered: list[Region] = []
    while waiting:
        first = waiting[0]
        row = [region for region in waiting if _share_row(first, region)]
        ordered += sorted(row, key=lambda region: region.center[0])
        taken = {id(region) for region in row}
        waiting = [region for region in waiting if id(region) not in taken]
    return ordered


def _share_row(first: Region, other: Region) -> bool:
    overlap = min(first.bottom, other.bottom) - max(first.top, other.top)
    return overlap >= _SAME_ROW * min(first.bottom - first.top, other.bottom - other.top)
