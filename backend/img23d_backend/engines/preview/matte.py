"""Cutting one thing out of its photo: a seeded GrabCut, a soft edge, and colours without the backdrop in them."""

from __future__ import annotations

import cv2
import numpy as np
from img23d_protocol import ErrorCode, Img23DError

from ...stages import Context, CutOut, Found, Photo, PixelBox
from .edge import soften
from .foreground import estimate_foreground
from .grabcut import cut_by_box, cut_by_seeds
from .islands import tidy
from .scene import Scene, SceneMemory

_MARGIN = 0.05  # of the thing's longer side, transparent around it
_MARGIN_LEAST = 4  # pixels
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
            alpha = _kept_alpha(photo, found, window)
        else:
            inside = _hard_cut(photo, found, window, scene, context)
            window, inside, doubt = _cropped(inside, window)
            alpha = soften(_view(photo.rgb, window), inside, width=doubt)
        context.report(0.7, "")
        bounds = _bounds(alpha, found.name)
        colours = estimate_foreground(_view(photo.rgb, window), alpha)
        context.report(0.95, "")
        return _assembled(colours, alpha, bounds, window)


def _window(photo: Photo, box: PixelBox) -> PixelBox:
    """The box with some of its surroundings, which tell the cut what the backdrop looks like."""
    more = max(12, round(0.12 * max(box.width, box.height)))
    return PixelBox(
        left=max(0, box.left - more),
        top=max(0, box.top - more),
        right=min(photo.width, box.right + more),
        bottom=min(photo.height, box.bottom + more),
    )


def _view(image: np.ndarray, window: PixelBox) -> np.ndarray:
    return image[window.top : window.bottom, window.left : window.right]


def _inside_box(window: PixelBox, box: PixelBox) -> np.ndarray:
    """(h, w) bool over the window: the box itself."""
    inside = np.zeros((window.height, window.width), bool)
    inside[box.top - window.top : box.bottom - window.top, box.left - window.left : box.right - window.left] = True
    return inside


def _kept_alpha(photo: Photo, found: Found, window: PixelBox) -> np.ndarray:
    """The photo's own alpha, less what lies nearer to something else than to the thing."""
    alpha = _view(photo.alpha, window).astype(np.float32) / 255
    alpha[~_inside_box(window, found.box)] = 0
    if found.mask is None:
        return alpha
    mine = _view(found.mask, window)
    others = (alpha >= 0.5) & ~mine
    to_mine = cv2.distanceTransform((~mine).astype(np.uint8), cv2.DIST_L2, 3)
    to_others = cv2.distanceTransform((~others).astype(np.uint8), cv2.DIST_L2, 3)
    return np.where(to_mine <= to_others, alpha, 0)


def _hard_cut(photo: Photo, found: Found, window: PixelBox, scene: Scene, context: Context) -> np.ndarray:
    """(h, w) bool over the window, at the working size."""
    cv2.setRNGSeed(context.seed % 2**31)
    rgb = _view(photo.rgb, window)
    box = _inside_box(window, found.box)
    hint = None if found.mask is None else _view(found.mask, window)
    if scene.separable:
        cut = cut_by_seeds(rgb, scene, window, box, hint)
    else:
        cut = cut_by_box(rgb, box)
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
    return moved, np.ascontiguousarray(_view(full, part)), 1.0 + 0.75 * zoom


def _bounds(alpha: np.ndarray, name: str) -> tuple[int, int, int, int]:
    """First and past-the-last row and column that are not empty."""
    solid = alpha >= 0.5
    rows, columns = np.flatnonzero((alpha > 0).any(1)), np.flatnonzero((alpha > 0).any(0))
    if np.count_nonzero(solid) < 9:
        raise Img23DError(
            ErrorCode.EMPTY_CUTOUT,
            f"Nothing that stands out was found where “{name}” should be; draw a box tightly around it.",
        )
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1


def _assembled(
    colours: np.ndarray, alpha: np.ndarray, bounds: tuple[int, int, int, int], window: PixelBox
) -> CutOut:
    """The cut-out with its transparent margin, also beyond the window where that ends too soon."""
    top, bottom, left, right = bounds
    margin = max(_MARGIN_LEAST, round(_MARGIN * max(bottom - top, right - left)))
    rgba = np.dstack([colours, np.rint(alpha * 255).astype(np.uint8)])[top:bottom, left:right]
    rgba = cv2.copyMakeBorder(rgba, *[margin] * 4, cv2.BORDER_REPLICATE)
    rgba[:margin, :, 3] = rgba[-margin:, :, 3] = 0
    rgba[:, :margin, 3] = rgba[:, -margin:, 3] = 0
    return CutOut(rgba=rgba, left=window.left + left - margin, top=window.top + top - margin)
