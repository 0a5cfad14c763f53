"""Cutting one thing out of its photo with IS-Net: inference on the whole photo and on crops, combined."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from img23d_protocol.options.preview import FINE_CUTTER, LIGHT_CUTTER

from ...cutouts.framing import bounds_of, framed, view
from ...cutouts.merge import with_missed
from ...cutouts.sharpen import sharpened
from ...cutouts.surroundings import own_part, surroundings
from ...stages import Context, CutOut, Detail, Found, Photo, PixelBox, PlainMatter, Salience

NOTE = "Cut out by IS-Net."
LIGHT_NOTE = "Cut out in the light-weight way."

_SOLID = 0.5  # of a matte
_LEAST = 9  # solid pixels, below which a pass saw nothing
_NEARER = 0.8  # of the photo's sides: surroundings beyond that are no nearer look
_SMALLEST = 128  # pixels of a window's longer side; the look at the photo has shown all of a smaller one
_NEAR = 768  # pixels a side, about, that a window is shown at
_LARGEST = 0.5  # photo's pixels as one of the network's: a smaller window is enlarged no more than that (salience.py)
_SURE = 0.9  # of the matte, in the mean over a part that only one look shows
_SAME = 0.5  # intersection over union of the two looks, from which on they show the same thing
_THERE = 0.3  # of what was found: less, and the look shows something else
# The first look's weight in a mean of two: of the finer one of the first two, and of those two against the finest
_NEAREST, _FIRST_TWO = 0.7, 0.6
_SEEN, _SHARP, _OWN = 0.4, 0.7, 0.8  # fractions of the stage


class IsNetMatter:
    """Mattes by `salience`; by `fallback` where that cannot tell, or sees nothing at the place, and by both on a plain background."""

    def __init__(self, salience: Salience, *, fallback: PlainMatter) -> None:
        self._salience = salience
        self._fallback = fallback

    def cut_out(self, photo: Photo, found: Found, context: Context) -> CutOut:
        """Cut one thing out. Raises Img23DError(EMPTY_CUTOUT)."""
        context = _rising(context)
        if photo.alpha is not None:
            return self._fallback.cut_out(photo, found, context)
        if context.settings.preview.cut_outs.cutter != LIGHT_CUTTER:
            context.report(0.0, "")
            seen = self._seen(photo, found, context)
            if seen is not None:
                alpha, window = seen
                context.report(_OWN, "")
                return replace(framed(view(photo.rgb, window), alpha, bounds_of(alpha, found.name), window), note=NOTE)
        cutout = self._fallback.cut_out(photo, found, context)
        return replace(cutout, note=" ".join(filter(None, [cutout.note, LIGHT_NOTE])))

    def _seen(self, photo: Photo, found: Found, context: Context) -> tuple[np.ndarray, PixelBox] | None:
        """The thing's alpha (h, w) float32 0..1 over a part of the photo; None where nothing is seen there."""
        window = surroundings(photo, found.box, 0)
        rgb = np.ascontiguousarray(view(photo.rgb, window))
        look = self._of_whole_photo(photo, found, window, rgb, context)
        if look is None or max(rgb.shape) >= _SMALLEST:
            context.report(_SEEN, "")
            look = self._with_crops(photo, found, window, rgb, look, context)
        if look is None:
            return None
        context.report(_SHARP, "")
        alpha = self._fallback.agreed(photo, found, window, look.salient, look.own, context)
        return (sharpened(rgb, look.own, look.zoom) if alpha is None else alpha), window

    def _of_whole_photo(self, photo: Photo, found: Found, window: PixelBox, rgb: np.ndarray, context: Context) -> _Candidate | None:
        """The candidate of the inference on the whole photo, over the window."""
        whole = self._salience.of_photo(photo, context)
        if whole is None:
            return None
        zoom = max(photo.width / whole.shape[1], photo.height / whole.shape[0])
        return _candidate(_resampled(whole, window, photo), found, window, rgb, zoom)

    def _with_crops(self, photo: Photo, found: Found, window: PixelBox, rgb: np.ndarray, afar: _Candidate | None, context: Context) -> _Candidate | None:
        """The candidate of the whole photo combined with those of crops at the window."""

        def seen(detail: Detail) -> _Candidate | None:
            salient = self._salience.of_picture(rgb, context, detail=detail)
            return None if salient is None else _candidate(salient, found, window, rgb, max(max(rgb.shape) / _NEAR, _LARGEST))

        if min(window.width / photo.width, window.height / photo.height) < _NEARER:
            near = seen(Detail.USUAL)
            look = _combined(near and replace(near, is_part=True), afar, found, window, _NEAREST)
        else:
            look = _combined(afar, seen(Detail.COARSE), found, window, _NEAREST)
        if context.settings.preview.cut_outs.cutter != FINE_CUTTER or max(rgb.shape) < _NEAR:
            return look
        return _combined(look, seen(Detail.FINE), found, window, _FIRST_TWO)


def _rising(context: Context) -> Context:
    """Tells no less progress than before, whoever does the next part."""
    told = 0.0

    def report(fraction: float, note: str) -> None:
        nonlocal told
        told = max(told, fraction)
        context.report(told, note)

    return replace(context, report=report)


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """Over a window (h, w) float32 0..1: what stands out, and what of it is the thing; `zoom` pixels as one of the network's.

    `is_part`: only the window was shown, which may hide what a part belongs to.
    """

    salient: np.ndarray
    own: np.ndarray
    zoom: float
    is_part: bool = False


def _candidate(salient: np.ndarray, found: Found, window: PixelBox, rgb: np.ndarray, zoom: float) -> _Candidate | None:
    """None where next to nothing of the thing is seen, or another thing in its place."""
    own = own_part(salient, found, window, rgb)
    if found.mask is not None:
        mask = view(found.mask, window)
        if np.count_nonzero(mask & (own >= _SOLID)) < _THERE * np.count_nonzero(mask):
            return None
    return _Candidate(salient=salient, own=own, zoom=zoom) if np.count_nonzero(own >= _SOLID) >= _LEAST else None


def _resampled(whole: np.ndarray, window: PixelBox, photo: Photo) -> np.ndarray:
    """(h, w) float32: the window's part of an answer over the whole photo, at the photo's size."""
    across, down = whole.shape[1] / photo.width, whole.shape[0] / photo.height
    to_whole = np.array(
        [
            [across, 0, (window.left + 0.5) * across - 0.5],
            [0, down, (window.top + 0.5) * down - 0.5],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (window.width, window.height)
    return cv2.warpAffine(whole, to_whole, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _combined(one: _Candidate | None, other: _Candidate | None, found: Found, window: PixelBox, weight: float) -> _Candidate | None:
    """The mean of both, `weight` of the first one's; of a part of the photo also what the other one is sure of. Where they mean
    different things, the one that fills the found box better.
    """
    if one is None or other is None:
        return one or other
    first, second = one.own >= _SOLID, other.own >= _SOLID
    if np.count_nonzero(first & second) < _SAME * np.count_nonzero(first | second):
        return max((other, one), key=lambda look: _fill(look.own, found.box, window))
    salient, own = (_mean(*pair, weight) for pair in ((one.salient, other.salient), (one.own, other.own)))
    return replace(one, salient=salient, own=with_missed(own, other.own, sure=_SURE) if one.is_part else own)


def _mean(one: np.ndarray, other: np.ndarray, weight: float) -> np.ndarray:
    return np.float32(weight) * one + np.float32(1 - weight) * other


def _fill(own: np.ndarray, box: PixelBox, window: PixelBox) -> float:
    """Intersection over union of what is solid, as a box, and the found one."""
    left, top, width, height = cv2.boundingRect((own >= _SOLID).view(np.uint8))
    left, top = left + window.left, top + window.top
    across = min(left + width, box.right) - max(left, box.left)
    down = min(top + height, box.bottom) - max(top, box.top)
    shared = max(across, 0) * max(down, 0)
    return shared / (width * height + box.width * box.height - shared)
