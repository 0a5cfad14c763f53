"""Cutting one thing out of its photo: a seeded GrabCut, a soft edge, and colours without the backdrop in them."""

from __future__ import annotations

import cv2
import numpy as np

from img23d_protocol import Img23DError

from ....cutouts.edge import soften
from ....cutouts.framing import bounds_of, framed, inside_box, view, without_others
from ....cutouts.merge import alpha_over
from ....stages import Context, CutOut, Found, Photo, PixelBox
from ..background.agreement import agrees_in, both, shadow_over
from ..background.scene import Scene, SceneMemory
from .grabcut import cut_by_box, cut_by_seeds
from .islands import tidy

_AROUND = 24  # pixels of what is behind the thing, beyond the soft edge, which tell the edge's colours


class GrabCutMatter:
    """Mattes with NumPy and OpenCV only. `memory` may be shared with the grounder, so a photo is looked at once."""

    def __init__(self, memory: SceneMemory | None = None) -> None:
        self._memory = memory or SceneMemory()

    def cut_out(self, photo: Photo, found: Found, context: Context) -> CutOut:
        """Cut one thing out. Raises Img23DError(EMPTY_CUTOUT) when nothing is left."""
        context.report(0.0, "")
        scene = self._memory.scene(photo)
        window = _window(photo, found.box)
        if photo.alpha is not None:
            alpha = _kept_alpha(photo.alpha, found, window)
        else:
            inside = _hard_cut(photo, found, window, scene, context)
            window, inside, doubt = _cropped(inside, window)
            alpha = soften(view(photo.rgb, window), inside, width=doubt)
        context.report(0.7, "")
        return framed(view(photo.rgb, window), alpha, bounds_of(alpha, found.name), window)

    def agreed(self, photo: Photo, found: Found, window: PixelBox, salient: np.ndarray, own: np.ndarray, context: Context) -> np.ndarray | None:
        """As `PlainMatter` says."""
        scene = self._memory.scene(photo)
        if not scene.separable or not agrees_in(scene, photo, window, salient):
            return None
        try:
            alpha = alpha_over(self.cut_out(photo, found, context), window)
        except Img23DError:  # nothing was left of it
            return None
        return both(alpha, own, shadow_over(scene, photo, window))


def _window(photo: Photo, box: PixelBox) -> PixelBox:
    """The box with some of its surroundings, which tell the cut what the backdrop looks like."""
    more = max(12, round(0.12 * max(box.width, box.height)))
    return PixelBox(
        left=max(0, box.left - more),
        top=max(0, box.top - more),
        right=min(photo.width, box.right + more),
        bottom=min(photo.height, box.bottom + more),
    )


def _kept_alpha(own: np.ndarray, found: Found, window: PixelBox) -> np.ndarray:
    """The photo's own alpha, less what lies nearer to something else than to the thing."""
    alpha = view(own, window).astype(np.float32) / 255
    alpha[~inside_box(window, found.box)] = 0
    return alpha if found.mask is None else without_others(alpha, view(found.mask, window))


def _hard_cut(photo: Photo, found: Found, window: PixelBox, scene: Scene, context: Context) -> np.ndarray:
    """(h, w) bool over the window, at the working size."""
    cv2.setRNGSeed(context.seed % 2**31)
    rgb = view(photo.rgb, window)
    box = inside_box(window, found.box)
    hint = None if found.mask is None else view(found.mask, window)
    if scene.separable:
        cut = cut_by_seeds(rgb, scene, window, box, hint)
    else:
        cut = cut_by_box(rgb, box, hint)
    context.report(0.4, "")
    return tidy(cut.inside, cut.hint, cut.open)


def _cropped(inside: np.ndarray, window: PixelBox) -> tuple[PixelBox, np.ndarray, float]:
    """The part of the window that a cut at the working size needs, the cut in it at the photo's size (h, w) bool, and
    by how many pixels its outline may be wrong.
    """
    zoom = window.width / inside.shape[1]
    full = cv2.resize(inside.astype(np.float32), (window.width, window.height), interpolation=cv2.INTER_CUBIC) > 0.5
    left, top, width, height = cv2.boundingRect(full.view(np.uint8))
    around = _AROUND + round(4 * zoom)
    part = PixelBox(
        left=max(0, left - around),
        top=max(0, top - around),
        right=min(window.width, left + width + around),
        bottom=min(window.height, top + height + around),
    )
    moved = PixelBox(
        left=window.left + part.left,
        top=window.top + part.top,
        right=window.left + part.right,
        bottom=window.top + part.bottom,
    )
    return moved, np.ascontiguousarray(view(full, part)), 1.0 + 0.75 * zoom
