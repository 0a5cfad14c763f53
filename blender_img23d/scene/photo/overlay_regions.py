"""The highlight of the region under the mouse: a light tint with a bright outline, made when the mouse comes to another region."""

from __future__ import annotations

import bpy
import gpu
import numpy as np

from .overlay_drawing import paint_texture, texture_of
from .picks import Picks
from .view import PhotoView

_RIM, _LINE, _TINT = (0.0, 0.0, 0.0, 0.6), (1.0, 1.0, 1.0, 0.95), (0.25, 0.6, 1.0, 0.3)
_NEAR = ((0, 2), (2, 0), (4, 2), (2, 4), (1, 1), (1, 3), (3, 1), (3, 3))  # places two pixels away or diagonal, from (2, 2)


class RegionHighlight:
    """Keeps the picture of the last region."""

    def __init__(self) -> None:
        self._picks: Picks | None = None
        self._index = -1
        self._texture: gpu.types.GPUTexture | None = None
        self._extent = (0.0, 0.0, 0.0, 0.0)  # left, top, right, bottom in fractions of the photo

    def paint(self, view: PhotoView, picks: Picks, index: int) -> None:
        """In the pixels that `view` is in."""
        if picks is not self._picks or index != self._index or self._texture is None:
            self._make(picks, index)
        left, top, right, bottom = self._extent
        (x0, y0), (x1, y1) = view.to_region(left, top), view.to_region(right, bottom)
        paint_texture(self._texture, [(x0, y0), (x1, y0), (x1, y1), (x0, y1)])

    def _make(self, picks: Picks, index: int) -> None:
        box, (height, width) = picks.regions[index].box, picks.labels.shape[1:]
        left, top = int(box.left * width), int(box.top * height)
        right, bottom = max(left + 1, round(box.right * width)), max(top + 1, round(box.bottom * height))
        self._texture = texture_of(highlight_of(picks.mask(index)[top:bottom, left:right]))
        self._extent = (left / width, top / height, right / width, bottom / height)
        self._picks, self._index = picks, index


def highlight_of(mask: np.ndarray) -> np.ndarray:
    """(h, w) bool to (h, w, 4) float32: the region's tint, its outermost two pixels as a line, and a dark rim around that."""
    padded = np.pad(mask, 2)
    inner, around = mask.copy(), mask.copy()
    height, width = mask.shape
    for down, right in _NEAR:
        moved = padded[down : down + height, right : right + width]
        inner &= moved
        around |= moved
    colours = np.array([(0, 0, 0, 0), _RIM, _LINE, _TINT], np.float32)
    return colours[around.astype(np.uint8) + mask + inner]


def paint_highlight(context: bpy.types.Context, highlight: RegionHighlight, picks: Picks, view: PhotoView, x: float, y: float) -> int:
    """Paint the region at a place of `view`; returns its index, -1 where there is none."""
    at_x, at_y = view.to_photo(x, y)
    index = picks.at(at_x, at_y, parts=context.window_manager.img23d.picks == "PARTS")
    if index >= 0:
        highlight.paint(view, picks, index)
    return index
