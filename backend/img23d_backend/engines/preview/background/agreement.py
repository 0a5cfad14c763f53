"""A network's matte combined with background subtraction where the background is plain.

A network may pass over an arm or a stripe that plainly stands out, or take in a rim of the background; a plain background says
nothing about a part of its own colour.
"""

from __future__ import annotations

import cv2
import numpy as np

from ....cutouts.merge import with_missed
from ....cutouts.sharpen import stretched
from ....stages import Photo, PixelBox
from .backdrop import shadow_like
from .scene import Scene

_FAINT = 0.3  # of a matte: less is background
_MARGIN = 7  # pixels of the scene around what stands out that may be its edge or its contact shadow
_BESIDE = 0.03  # of the background: more that differs from the plain one, and it is none
_SAME = 0.25  # intersection over union at least,
_WITHIN = 0.85  # and what they share of the smaller one at least, where both mean the same thing
# Of the matte, in the mean over a part of the background's own colour: less, and one sees through it where it is enclosed, or it is
# the matte's blur where it is a limb
_SURE, _SURE_OF_LIMB = 0.93, 0.55
_PART = 0.003  # of what the matte sees: smaller parts that only the background's colour tells are its pattern
_SHADOW = 0.5  # of a part that only the background's colour tells: then it is a shadow


def agrees(scene: Scene, salient: np.ndarray) -> bool:
    """Whether the scene's background, where a matte (h, w) over the scene sees one, is the plain one nearly everywhere."""
    if not scene.separable or scene.backdrop is None:
        return False
    square = np.ones((_MARGIN, _MARGIN), np.uint8)
    behind = cv2.dilate((salient >= _FAINT).astype(np.uint8), square) == 0
    return bool(np.count_nonzero(scene.foreground & behind) <= _BESIDE * np.count_nonzero(behind))


def agrees_in(scene: Scene, photo: Photo, window: PixelBox, salient: np.ndarray) -> bool:
    """As `agrees`, in a window of the photo over which the matte (h, w) is."""
    part, size = _part(scene, photo, window)
    here = Scene(lab=scene.lab[part], foreground=scene.foreground[part], backdrop=scene.backdrop, scale=scene.scale)
    return agrees(here, cv2.resize(salient, size, interpolation=cv2.INTER_AREA))


def united(scene: Scene, light: Scene) -> np.ndarray:
    """(h, w) bool over the scene: the foreground with what stands out from the plain background of `light` and hangs on to it."""
    shadow = shadow_like(light.lab, light.known_backdrop.colour, light.known_backdrop.noise)
    count, labels = cv2.connectedComponents((light.foreground | scene.foreground).astype(np.uint8), connectivity=8)
    known = np.bincount(labels[scene.foreground], minlength=count) > 0
    extra = known[labels] & light.foreground & ~scene.foreground
    return scene.foreground | _without_shadows(extra, shadow)


def shadow_over(scene: Scene, photo: Photo, window: PixelBox) -> np.ndarray:
    """(h, w) bool over the window: what has the colour of a shadow on the plain background."""
    part, _ = _part(scene, photo, window)
    backdrop = scene.known_backdrop
    like = shadow_like(scene.lab[part], backdrop.colour[part], backdrop.noise).astype(np.uint8)
    return cv2.resize(like, (window.width, window.height), interpolation=cv2.INTER_NEAREST) > 0


def both(plain: np.ndarray, own: np.ndarray, shadow: np.ndarray) -> np.ndarray | None:
    """Alpha (h, w) float32: the plain background's with the whole parts that only the matte has, and less its shadows; None
    where the two mean different things.
    """
    by_colour, by_sight = plain >= 0.5, own >= 0.5
    shared, either = np.count_nonzero(by_colour & by_sight), np.count_nonzero(by_colour | by_sight)
    smaller = min(np.count_nonzero(by_colour), np.count_nonzero(by_sight))
    if not shared or shared < _SAME * either or shared < _WITHIN * smaller:
        return None
    extra = by_colour & (own < _FAINT)
    dropped = extra & ~_large_parts(_without_shadows(extra, shadow), _PART * np.count_nonzero(by_sight))
    alpha = with_missed(plain, np.where(_protruding_parts(by_sight, by_colour), stretched(own), 0), sure=_SURE_OF_LIMB)
    alpha = with_missed(alpha, own, sure=_SURE)
    return np.where(dropped, np.minimum(alpha, own), alpha).astype(np.float32)


def _protruding_parts(by_sight: np.ndarray, by_colour: np.ndarray) -> np.ndarray:
    """(h, w) bool: the connected parts that only the matte has and that reach its outer edge, such as a handle or a ring of a thing."""
    _, labels = cv2.connectedComponents((~by_sight).astype(np.uint8), connectivity=4)
    border = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    around = np.isin(labels, border[border > 0]).astype(np.uint8)
    beside = cv2.dilate(around, np.ones((3, 3), np.uint8)) > 0
    count, labels = cv2.connectedComponents((by_sight & ~by_colour).astype(np.uint8), connectivity=8)
    reaching = np.bincount(labels[beside], minlength=count) > 0
    reaching[0] = False
    return reaching[labels]


def _without_shadows(extra: np.ndarray, shadow: np.ndarray) -> np.ndarray:
    """(h, w) bool: the connected parts that are not mostly of a shadow's colour."""
    count, labels = cv2.connectedComponents(extra.astype(np.uint8), connectivity=8)
    areas = np.bincount(labels.ravel(), minlength=count)
    dark = np.bincount(labels[shadow], minlength=count)
    kept = dark < _SHADOW * areas
    kept[0] = False
    return kept[labels]


def _large_parts(mask: np.ndarray, least: float) -> np.ndarray:
    """(h, w) bool: the connected parts of at least so many pixels; a pattern of the background comes in many small ones."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    kept = stats[:, cv2.CC_STAT_AREA] >= least
    kept[0] = False
    return kept[labels]


def _part(scene: Scene, photo: Photo, window: PixelBox) -> tuple[tuple[slice, slice], tuple[int, int]]:
    """The window's part of the scene, and its size (width, height)."""
    height, width = scene.foreground.shape
    top, bottom = round(window.top / photo.height * height), round(window.bottom / photo.height * height)
    left, right = round(window.left / photo.width * width), round(window.right / photo.width * width)
    bottom, right = max(bottom, top + 1), max(right, left + 1)
    return np.s_[top:bottom, left:right], (right - left, bottom - top)
