"""The part of the photo that the network sees of a thing, and what of its matte belongs to that thing."""

from __future__ import annotations

import cv2
import numpy as np

from ..stages import Found, Photo, PixelBox
from .framing import inside_box, view, without_others
from .neighbours import first_basin, without_neighbours

_AROUND = 1.5  # sides of the thing: what is seen of the photo
_TOLERANCE, _TOLERANCE_LEAST = 0.04, 2  # of the thing's longer side, pixels: how far a box may be too tight
_DOUBT = 0.02  # of the thing's longer side: how far the outline of a found mask may be wrong
_ELSEWHERE = 0.5  # of a part: one that lies more outside than this is another thing's
_WHOLE = 0.85  # of a part: one that lies that much inside is the thing itself, also where it sticks out
_SPECK = 0.002  # of the main part


def surroundings(photo: Photo, box: PixelBox, least: int) -> PixelBox:
    """The square about the box that the network gets to see, as far as the photo goes.

    The published weights saw whole pictures, mostly with one thing that fills a good part of them, scaled to a square. So
    a small thing in a large photo is shown with a quarter of its size around it on all sides rather than in the whole
    photo: it has several times the resolution then, and enough of its backdrop. A square, because nothing is squeezed
    so. `least` (pixels) keeps the network from being fed an enlargement without detail where there is more photo to see.
    """
    side = max(round(_AROUND * max(box.width, box.height)), least)
    left, right = _span(box.left, box.right, side, photo.width)
    top, bottom = _span(box.top, box.bottom, side, photo.height)
    return PixelBox(left=left, top=top, right=right, bottom=bottom)


def _span(first: int, last: int, side: int, size: int) -> tuple[int, int]:
    """`side` pixels with first..last in their middle, moved into 0..size where they stick out."""
    side = min(side, size)
    start = min(max((first + last - side) // 2, 0), size - side)
    return start, start + side


def own_part(alpha: np.ndarray, found: Found, window: PixelBox, rgb: np.ndarray | None = None) -> np.ndarray:
    """Of the alpha (h, w) 0..1 over the window, what belongs to the found thing: the network knows no names.

    A connected part counts as the thing's when most of it lies where the thing was found. The one that fills most of
    that place is the thing in any case; where it runs far out of it, or the found thing was parted from what it touches,
    it has grown together with a neighbour, and is cut off there. Where `rgb` (h, w, 3) uint8 is given, at the edge that it
    shows near the found mask, or in a box that was drawn, where there is no mask, at the edge of the neighbour's colours.
    """
    place = _place(found, window)
    _, labels, stats, _ = cv2.connectedComponentsWithStats((alpha >= 0.5).astype(np.uint8), connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA]
    inside = np.bincount(labels[place], minlength=len(areas))
    inside[0] = 0  # of what is not solid
    main = int(inside.argmax())
    kept = (inside > (1 - _ELSEWHERE) * areas) & (areas >= _SPECK * areas[main])
    kept[main] = main > 0
    mine = kept[labels]
    if main > 0:
        grown = labels == main
        runs_out = found.parted or inside[main] < _WHOLE * areas[main]
        own = None if rgb is None else _by_edge(rgb, grown, place, found, window, runs_out=runs_out)
        if own is not None or runs_out:
            mine &= ~grown | (place if own is None else own)
    return without_others(alpha, mine)


def _by_edge(rgb: np.ndarray, grown: np.ndarray, place: np.ndarray, found: Found, window: PixelBox, *, runs_out: bool) -> np.ndarray | None:
    """(h, w) bool: the thing's part of what has grown together; None where the photo does not tell."""
    if found.mask is None:
        return without_neighbours(rgb, grown, place, _within(found.box, window))
    return _parted(rgb, grown, view(found.mask, window)) if runs_out else None


def _parted(rgb: np.ndarray, grown: np.ndarray, mask: np.ndarray) -> np.ndarray | None:
    """(h, w) bool: the masked part of what has grown together, by watershed; None where the mask is too thin to begin from."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    doubt = max(_TOLERANCE_LEAST, round(_DOUBT * max(np.ptp(rows), np.ptp(columns))))
    square = np.ones((2 * doubt + 1, 2 * doubt + 1), np.uint8)
    sure = grown & (cv2.erode(mask.astype(np.uint8), square, borderValue=1) > 0)
    others = grown & (cv2.dilate(mask.astype(np.uint8), square) == 0)
    if not sure.any() or not others.any():
        return None
    markers = np.where(grown, 0, 3).astype(np.int32)
    markers[sure], markers[others] = 1, 2
    return first_basin(rgb, markers) & grown


def _within(box: PixelBox, window: PixelBox) -> PixelBox:
    """The box in the window's pixels; it may reach beyond them."""
    left, top = window.left, window.top
    return PixelBox(left=box.left - left, top=box.top - top, right=box.right - left, bottom=box.bottom - top)


def _place(found: Found, window: PixelBox) -> np.ndarray:
    """(h, w) bool over the window: where the thing was found, its mask where there is one, and a little more."""
    place = inside_box(window, found.box) if found.mask is None else view(found.mask, window)
    more = max(_TOLERANCE_LEAST, round(_TOLERANCE * max(found.box.width, found.box.height)))
    square = np.ones((2 * more + 1, 2 * more + 1), np.uint8)
    return cv2.dilate(place.astype(np.uint8), square) > 0
