"""The separate things of a scene, in reading order, with what can be said about each."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ....finding.looks import Looks, looks_of
from ....finding.things import reading_order
from ..background.scene import Scene

_SPECK_PIXELS = 24  # at the working size
_SPECK_SHARE = 0.01  # of the largest region
_LINK = 0.12  # of a matte: as faint as that it still joins a part to its thing
_FRAGMENT = 0.15  # of the largest part joined so: smaller ones belong to it
_SURE = 0.75  # of a matte: what is nowhere that solid is no thing
_ALONG_BORDER = 1 / 3  # of its length
_ACROSS, _LINE_WIDTH = 0.7, 0.08  # of the scene's side, of the line's own length


@dataclass(frozen=True, kw_only=True)
class Region(Looks):
    """One thing at the scene's working size: `mask` (h, w) bool within `left, top, right, bottom` of the scene."""

    mask: np.ndarray
    left: int
    top: int
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
    looks = looks_of(pixels)
    return Region(mask=mask, left=left, top=top, colours=looks.colours, lightness=looks.lightness)


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
