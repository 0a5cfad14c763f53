"""In a drawn box: separating a thing from the neighbours that stand out as well, touch it, and reach into the box."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from ..stages import PixelBox

_SIDE = 640  # pixels of the longer side that the colours are compared at
_DEEP = 0.08  # of the box's longer side, beyond the tolerance: what sticks out less is the thing in a box that is too tight
_LEAST = 0.01  # of what lies inside: smaller parts go with what surrounds them
_SMALL_PART = 0.03  # of what lies inside: what is left of a neighbour's rim
_BINS, _SMOOTH = (12, 24, 24), (0.8, 1.0, 1.0)  # of lightness and the two axes of colour; standard deviations in bins
_PRIOR = 1e-5  # of a histogram: so much of every colour may be anywhere
_SURE = 4.0  # natural logarithm: the most that one pixel's colour says
_RATIOS = (0.5, 0.2, 0.0)  # natural logarithms, one a round: what a neighbour's colour is more likely outside than inside
_REACH = 0.02  # of the box's longer side: how far colours are averaged, and half of how far the seam may be wrong
_STAYS = 1 / 3  # of what lies inside: less, and the thing itself would be lost
_GAP = 0.16  # of the box's side: a box is drawn tightly, so the thing comes that near to its sides
_ALIKE, _ALIKE_LESS = 0.6, 0.4  # Bhattacharyya coefficients of the two's colours; the second where one side is missed


def without_neighbours(rgb: np.ndarray, grown: np.ndarray, place: np.ndarray, box: PixelBox) -> np.ndarray | None:
    """(h, w) bool: of a connected part, what is not a neighbour's; None where nothing says that there is a neighbour.

    `rgb` (h, w, 3) uint8, `grown` (h, w) bool the connected part, `place` (h, w) bool the box and its tolerance, `box` the
    box in the same pixels, which may reach beyond them.

    What runs far out of the box is taken for a neighbour, and so is what continues it into the box in colours that are
    more frequent there than in the box (the likelihood ratio of two smoothed histograms, as in Jones and Rehg 2002,
    averaged nearby). The line between the two is then found by watershed. Nothing is parted where the thing itself may be
    lost: where little of it stays, it no longer fills its box, or both have the same colours.
    """
    scale = min(1.0, _SIDE / max(grown.shape))
    small = _Scene(rgb, grown, place, round(_REACH * scale * max(box.width, box.height)) or 1, scale)
    theirs = small.neighbours(_DEEP * scale * max(box.width, box.height))
    if theirs is None:
        return None
    theirs = _sized(theirs, grown)
    inside = grown & place
    stay = _seamed(rgb, inside & ~theirs, grown & theirs, round(2 * small.reach / scale)) & inside
    stay = _without_small_parts(stay, grown & theirs, _SMALL_PART * np.count_nonzero(inside))
    missed = sum(gap > _GAP for gap in _gaps(stay, box))
    if missed > 1 or np.count_nonzero(stay) < _STAYS * np.count_nonzero(inside):
        return None
    return stay if small.color_similarity(theirs) <= (_ALIKE_LESS if missed else _ALIKE) else None


class _Scene:
    """The connected part at the working size, with its colours as numbers of bins."""

    def __init__(self, rgb: np.ndarray, grown: np.ndarray, place: np.ndarray, reach: int, scale: float) -> None:
        self.reach = reach
        self._colours = _binned(cv2.bilateralFilter(_scaled(rgb, scale), 5, 20, 2))
        grown, place = (_scaled(mask.astype(np.uint8) * 255, scale) >= 128 for mask in (grown, place))
        self._grown, self._inside, self._outside = grown, grown & place, grown & ~place
        self._depth = cv2.distanceTransform((~place).astype(np.uint8), cv2.DIST_L2, 3)

    def neighbours(self, deep: float) -> np.ndarray | None:
        """(h, w) bool: all of the neighbours, inside and outside; None where none reaches into the box."""
        least = _LEAST * np.count_nonzero(self._inside)
        outer = [part for part in _parts(self._outside, least) if self._depth[part].max() >= deep]
        theirs = np.zeros_like(self._inside)
        for ratio in _RATIOS if outer else ():
            stay = self._inside & ~theirs
            if not stay.any():
                return None
            own = self._histogram(stay)
            theirs = np.logical_or.reduce([self._continued(part, own, ratio) for part in outer])
            theirs = _united(theirs, least)
            theirs = self._inside & ~_united(self._inside & ~theirs, least)
        return np.logical_or.reduce([theirs, *outer]) if theirs.any() else None

    def color_similarity(self, theirs: np.ndarray) -> float:
        """0..1: the Bhattacharyya coefficient of the colours of what stays and of the neighbours (H, W) bool of any size."""
        theirs = _sized(theirs, self._grown)
        both = self._histogram(self._inside & ~theirs) * self._histogram(self._grown & theirs)
        return float(np.sqrt(both).sum())

    def _continued(self, part: np.ndarray, own: np.ndarray, ratio: float) -> np.ndarray:
        """(h, w) bool: what continues a part from outside into the box, in its colours rather than in those of `own`."""
        says = np.clip(np.log((self._histogram(part) + _PRIOR) / (own + _PRIOR)), -_SURE, _SURE)
        known = self._grown.astype(np.float32)
        nearby = cv2.GaussianBlur(says[self._colours].astype(np.float32) * known, (0, 0), self.reach)
        alike = self._inside & (nearby > ratio * cv2.GaussianBlur(known, (0, 0), self.reach))
        _, labels = cv2.connectedComponents((alike | part).astype(np.uint8), connectivity=8)
        return alike & np.isin(labels, np.unique(labels[part]))

    def _histogram(self, mask: np.ndarray) -> np.ndarray:
        """(bins,) float64: the smoothed frequencies of the mask's colours."""
        counts = np.bincount(self._colours[mask], minlength=int(np.prod(_BINS))).reshape(_BINS).astype(np.float64)
        for axis, deviation in enumerate(_SMOOTH):
            first = np.moveaxis(counts, axis, 0)
            rows = np.ascontiguousarray(first).reshape(len(first), -1)
            rows = cv2.GaussianBlur(rows, (1, 7), deviation, borderType=cv2.BORDER_CONSTANT)
            counts = np.moveaxis(rows.reshape(first.shape), 0, axis)
        return (counts / max(counts.sum(), 1e-9)).ravel()


def _scaled(image: np.ndarray, scale: float) -> np.ndarray:
    return image if scale == 1 else cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _sized(mask: np.ndarray, like: np.ndarray) -> np.ndarray:
    return cv2.resize(mask.astype(np.uint8), like.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0


def _binned(rgb: np.ndarray) -> np.ndarray:
    """(h, w) int: the bin of each colour. The axes of colour are cut to -64..63, which few photos leave."""
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB).astype(np.int32)
    light, across, along = lab[..., 0] * _BINS[0] // 256, (lab[..., 1] - 64) * _BINS[1] // 128, (lab[..., 2] - 64) * _BINS[2] // 128
    axes = (light, np.clip(across, 0, _BINS[1] - 1), np.clip(along, 0, _BINS[2] - 1))
    return np.ravel_multi_index(axes, _BINS)


def _parts(mask: np.ndarray, least: float) -> Iterator[np.ndarray]:
    """Connected parts (h, w) bool of at least so many pixels."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return (labels == part for part in range(1, count) if stats[part, cv2.CC_STAT_AREA] >= max(least, 1))


def _united(mask: np.ndarray, least: float) -> np.ndarray:
    """The parts of at least so many pixels together."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    large = stats[:, cv2.CC_STAT_AREA] >= least
    large[0] = False
    return large[labels]


def _seamed(rgb: np.ndarray, stay: np.ndarray, theirs: np.ndarray, reach: int) -> np.ndarray:
    """(h, w) bool: what stays, with the line to the neighbours moved by up to `reach` pixels to the edge that the photo shows."""
    markers = np.where(stay | theirs, 0, 3).astype(np.int32)
    markers[stay & _far(theirs, reach)], markers[theirs & _far(stay, reach)] = 1, 2
    if not (markers == 1).any() or not (markers == 2).any():
        return stay
    mine = first_basin(rgb, markers)
    return np.where(markers == 3, stay, mine) & (stay | theirs)


def first_basin(rgb: np.ndarray, markers: np.ndarray) -> np.ndarray:
    """(h, w) bool: what watershed over `rgb` (h, w, 3) uint8 gives to marker 1 of `markers` (h, w) int32, with the line to the
    others. Marker 2 is what it is told from; 0 is open. `markers` is changed.
    """
    cv2.watershed(np.ascontiguousarray(rgb), markers)
    return (cv2.dilate((markers == 1).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0) & (markers != 2)


def _far(mask: np.ndarray, reach: int) -> np.ndarray:
    return cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 3) > reach


def _without_small_parts(stay: np.ndarray, theirs: np.ndarray, least: float) -> np.ndarray:
    """What stays less its small parts at the neighbours."""
    _, labels = cv2.connectedComponents(stay.astype(np.uint8), connectivity=8)
    near = np.unique(labels[stay & ~_far(theirs, 3)])
    small_parts = [label for label in near if np.count_nonzero(labels == label) < least]
    return stay & ~np.isin(labels, small_parts)


def _gaps(stay: np.ndarray, box: PixelBox) -> tuple[float, float, float, float]:
    """How far a mask ends before the box's left, top, right and bottom, as shares of its sides."""
    left, top, width, height = cv2.boundingRect(stay.view(np.uint8))
    right, bottom = box.right - left - width, box.bottom - top - height
    return (left - box.left) / box.width, (top - box.top) / box.height, right / box.width, bottom / box.height
