"""Cutting one thing out of its photo with IS-Net."""

from __future__ import annotations

import logging
from dataclasses import replace

import cv2
import numpy as np
from img23d_protocol import ErrorCode, Img23DError

from ...cutouts.framing import bounds_of, framed, view
from ...cutouts.surroundings import own_part, surroundings
from ...stages import Context, CutOut, Found, Matter, Photo, PixelBox
from .network import LARGEST, Network

log = logging.getLogger(__name__)

_SIDES = (320, 512, 768, LARGEST)  # pixels: what a picture is shown at, the least that it fits into
_COARSE = 0.5  # of the first pass's side: a thing that is smaller in it is looked at once more from near by
_SAME = 0.5  # overlap (intersection over union) of the two passes from which the second one shows the same thing
_LEAST = 9  # solid pixels, below which a pass saw nothing
_MATTED = 0.9  # fraction of the stage
_WITHOUT = "The simple cut-out is used instead."
_FALLS_BACK = {ErrorCode.WEIGHTS_DAMAGED, ErrorCode.OUT_OF_MEMORY}  # and it is told; a zip without the network is no failure

NOTE = "Cut out by IS-Net."


class IsNetMatter:
    """Mattes with IS-Net; `fallback` where it is not there or damaged, memory is short, or nothing stands out.

    `largest` pixels a side are what the network is shown at most, one of its sizes: for a quick look.
    """

    def __init__(self, network: Network, *, fallback: Matter, largest: int = LARGEST) -> None:
        self._network = network
        self._fallback = fallback
        self._largest = largest

    def cut_out(self, photo: Photo, found: Found, context: Context) -> CutOut:
        """Cut one thing out. Raises Img23DError(EMPTY_CUTOUT)."""
        if photo.alpha is not None or not self._network.is_installed:
            return self._fallback.cut_out(photo, found, context)
        context.report(0.0, "")
        try:
            window, alpha = self._looked_at(photo, found, context)
            bounds = bounds_of(alpha, found.name)
        except Img23DError as error:
            if error.code in _FALLS_BACK:
                log.warning("%s %s", error.sentence, error.detail)
                context.notify(f"{error.sentence} {_WITHOUT}")
            elif error.code is not ErrorCode.EMPTY_CUTOUT:  # where nothing stands out, the box still says that something is there
                raise
            return self._fallback.cut_out(photo, found, context)
        context.report(_MATTED, "")
        return replace(framed(view(photo.rgb, window), alpha, bounds, window), note=NOTE)

    def _looked_at(self, photo: Photo, found: Found, context: Context) -> tuple[PixelBox, np.ndarray]:
        """What was looked at last, and its alpha (h, w) float32 0..1."""
        window = surroundings(photo, found.box, _SIDES[0] // 2)
        alpha = own_part(self._matte(view(photo.rgb, window), window), found, window)
        closer = _closer(photo, alpha, window, self._side(window))
        if closer is None:
            return window, alpha
        context.report(_MATTED / 2, "")  # a cancel is seen between the passes
        seen = _of_the_photo(alpha >= 0.5, window, photo)
        near = own_part(self._matte(view(photo.rgb, closer), closer), replace(found, mask=seen), closer)
        return (closer, near) if _overlap(near >= 0.5, view(seen, closer)) >= _SAME else (window, alpha)

    def _matte(self, rgb: np.ndarray, window: PixelBox) -> np.ndarray:
        return self._network.matte(rgb, self._side(window))

    def _side(self, window: PixelBox) -> int:
        """Pixels that the network is shown of a window: enough for all its detail, as far as it can."""
        most = [side for side in _SIDES if side <= self._largest]
        return next((side for side in most if side >= max(window.width, window.height)), most[-1])


def _closer(photo: Photo, alpha: np.ndarray, window: PixelBox, side: int) -> PixelBox | None:
    """Where to look once more; None where the thing was seen large enough, or with all the detail that there is."""
    solid = (alpha >= 0.5).astype(np.uint8)
    left, top, width, height = cv2.boundingRect(solid)
    whole = max(window.width, window.height)
    if np.count_nonzero(solid) < _LEAST or side >= whole or max(width, height) >= _COARSE * whole:
        return None
    x, y = window.left + left, window.top + top
    return surroundings(photo, PixelBox(left=x, top=y, right=x + width, bottom=y + height), _SIDES[0] // 2)


def _of_the_photo(mask: np.ndarray, window: PixelBox, photo: Photo) -> np.ndarray:
    """(H, W) bool over the photo of one over the window."""
    whole = np.zeros((photo.height, photo.width), bool)
    view(whole, window)[:] = mask
    return whole


def _overlap(first: np.ndarray, second: np.ndarray) -> float:
    either = np.count_nonzero(first | second)
    return np.count_nonzero(first & second) / either if either else 0.0
