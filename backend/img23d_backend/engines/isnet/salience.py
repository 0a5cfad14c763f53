"""Salience by IS-Net: of a whole photo once for all things in it, and of crops."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.options.preview import LIGHT_CUTTER

from ...machine import memory
from ...result_cache import ResultCache, digest
from ...stages import Context, Detail, Origin, Photo
from .network import LARGEST, STEP, Network

log = logging.getLogger(__name__)

# Pixels a side that a picture is shown at. Of composites with a known matte, 768 cuts out better than 640 or 1024, and its mean with
# a look at 448 better still; 1024 has the finer edges where it sees the same.
_SIDES = {Detail.COARSE: 448, Detail.USUAL: 768, Detail.FINE: LARGEST}
_LEAST = 320
_ENLARGED = 2.0  # times, at most: a small part is seen better so, and no better beyond
_SMALLER = (640, 448, 320)  # pixels a side, one after the other where memory is short
_SMALL = 1_000_000  # pixels of a part whose answer is kept for the next thing, which may have the same surroundings
_LONGEST = 2.5  # times as long as high: beyond, a photo is shown in parts
_PARTS = 4  # at most
_OVERLAP = 0.25  # of a part's length
# Bytes of the process with the network read, and for each pixel that it is shown: measured with OpenCV 4.11 on Linux
_BYTES, _BYTES_A_PIXEL = 480_000_000, 450
_LIGHT = "The light-weight way cuts the things out."
_NO_MEMORY = "There was not enough memory for the cut-out network: close other programs."
_COARSER = "There is not enough memory for the best cut-outs: they are made more coarsely."


class IsNetSalience:
    """Keeps the last photo's answer, since the search and every cut-out of a run ask for the same one.

    `available` tells the machine's free memory in bytes, 0 where nobody knows.
    """

    def __init__(self, network: Network, available: Callable[[], int] = memory.available_bytes) -> None:
        self._network = network
        self._available = available
        self._held = 0  # bytes, about, that the process has taken for the network
        self._origin: Origin | None = None
        self._matte: np.ndarray | None = None
        self._last: ResultCache[np.ndarray] = ResultCache(1)
        self._trouble: Img23DError | None = None  # why the network's file cannot be used

    def of_photo(self, photo: Photo, context: Context) -> np.ndarray | None:
        """As `Salience` says; the shorter side of the answer has at most the pixels that the network is shown."""
        if context.settings.preview.cut_outs.cutter == LIGHT_CUTTER:
            return None
        if self._origin is photo.origin:
            return self._matte
        matte = self._in_parts(photo.rgb, _SIDES[Detail.USUAL], context)
        self._origin, self._matte = (None, None) if matte is None else (photo.origin, matte)
        return matte

    def of_picture(self, rgb: np.ndarray, context: Context, *, detail: Detail = Detail.USUAL) -> np.ndarray | None:
        """As `Salience` says."""
        if context.settings.preview.cut_outs.cutter == LIGHT_CUTTER:
            return None
        enough = math.ceil(_ENLARGED * max(rgb.shape[:2]) / STEP) * STEP
        return self._inferred(rgb, min(_SIDES[detail], max(enough, _LEAST)), context)

    def unload(self) -> int:
        """Gives back the answer and the network; returns bytes. A file that could not be used is tried again then."""
        freed = 0 if self._matte is None else self._matte.nbytes
        self._origin = self._matte = self._trouble = None
        self._held, self._last = 0, ResultCache(1)
        return freed + self._network.unload()

    def offload(self) -> None:
        """Gives back the network, which no thing of this run needs any more, and keeps the answer."""
        self._held = 0
        self._network.unload()

    def _in_parts(self, rgb: np.ndarray, side: int, context: Context) -> np.ndarray | None:
        """A very long photo, squeezed to a square, would show nothing: it is looked at in a few parts that overlap."""
        rgb = _shrunk(rgb, side)
        spans = _spans(max(rgb.shape[:2]), min(rgb.shape[:2]))
        if len(spans) == 1:
            return self._inferred(rgb, side, context)
        side = _multiple(side / math.sqrt(len(spans)))
        lies = rgb.shape[1] > rgb.shape[0]
        whole = np.zeros(rgb.shape[:2], np.float32)
        for first, last in spans:
            part = np.s_[:, first:last] if lies else np.s_[first:last]
            seen = self._inferred(np.ascontiguousarray(rgb[part]), side, context)
            if seen is None:
                return None
            whole[part] = np.maximum(whole[part], seen)
        return whole

    def _inferred(self, rgb: np.ndarray, side: int, context: Context) -> np.ndarray | None:
        if self._trouble is not None:
            return self._give_up(self._trouble, context)
        for smaller in (side, *(one for one in _SMALLER if one < side)):
            try:
                self._check_memory(smaller)
                return self._answer(rgb, smaller)
            except Img23DError as error:
                log.warning("the cut-out network at %d pixels: %s %s", smaller, error.sentence, error.detail)
                if error.code is not ErrorCode.OUT_OF_MEMORY:
                    self._trouble = error
                    return self._give_up(error, context)
                shortage = error
            context.notify(_COARSER)
        return self._give_up(shortage, context)  # pyright: ignore[reportPossiblyUnboundVariable]  # at least one side was tried

    def _answer(self, rgb: np.ndarray, side: int) -> np.ndarray:
        if rgb.shape[0] * rgb.shape[1] > _SMALL:
            return self._network.matte(rgb, side)
        return self._last.get((digest(rgb), side), lambda: self._network.matte(rgb, side))

    def _check_memory(self, side: int) -> None:
        """Beforehand, since a system that is out of memory ends a program rather than refuse it. Raises Img23DError."""
        needed, free = _BYTES + _BYTES_A_PIXEL * side**2, self._available()
        if 0 < free < needed - self._held:
            raise Img23DError(ErrorCode.OUT_OF_MEMORY, _NO_MEMORY, f"{free} bytes free, {needed - self._held} needed")
        self._held = max(self._held, needed)

    def _give_up(self, error: Img23DError, context: Context) -> None:
        if error.code is not ErrorCode.WEIGHTS_MISSING:  # such an Img23D was built without the network, and works without it
            context.notify(f"{error.sentence} {_LIGHT}")


def _shrunk(rgb: np.ndarray, side: int) -> np.ndarray:
    """With `side` pixels at most along the shorter side: the network sees no more of it."""
    height, width = rgb.shape[:2]
    scale = side / min(height, width)
    if scale >= 1:
        return rgb
    return cv2.resize(rgb, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)


def _spans(long: int, short: int) -> Sequence[tuple[int, int]]:
    """First and last (exclusive) pixel of each part of a photo's longer side."""
    count = 1 if long <= _LONGEST * short else min(_PARTS, math.ceil(long / (2 * short)))
    length = math.ceil(long / (count - (count - 1) * _OVERLAP))
    starts = [round(number * (long - length) / max(count - 1, 1)) for number in range(count)]
    return [(start, start + length) for start in starts]


def _multiple(side: float) -> int:
    return max(_LEAST, round(side / STEP) * STEP)
