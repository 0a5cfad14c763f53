"""A cast shadow that a network took for a part of the thing: told by the thing's named colour and the ground's hue."""

from __future__ import annotations

import cv2
import numpy as np

from ....cutouts.pyramid import pull_push
from ....finding.colors import GREYS, NAMES, memberships
from ..background.backdrop import grain, shadow_like
from ..background.scene import Scene
from .regions import Region, cropped
from .split import watershed

_FAINT = 0.1  # of a matte: less is background
_AROUND = 9  # pixels of the scene around what stands out that are not the ground's own colour yet
_LEAST = 0.05  # of the region
_OWN_COLOUR = 0.3  # of the region at least
_OPENED = 7  # pixels: thinner parts are shading along the outline
_COLOUR = 0.5  # of a pixel


def without_shade(scene: Scene, region: Region, colours: tuple[str, ...]) -> Region:
    """The region without a large piece at its outline that looks like the ground in shadow and has none of the named colours."""
    if scene.matte is None or not colours or any(colour in GREYS for colour in colours):
        return region
    if max(region.share(colour) for colour in colours) < _OWN_COLOUR:
        return region
    inside = region.over(scene.foreground.shape)
    own = _of_colours(scene, inside, colours)
    shade = _shade(scene, inside) & ~own
    core = cv2.erode(own.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0
    if np.count_nonzero(shade) < _LEAST * region.area or not core.any():
        return region
    kept, _ = watershed(scene, inside, [core, cv2.erode(shade.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0])
    return cropped(scene, kept) if kept.any() else region


def _of_colours(scene: Scene, inside: np.ndarray, colours: tuple[str, ...]) -> np.ndarray:
    own = np.zeros(inside.shape, bool)
    own[inside] = memberships(scene.lab[inside])[:, [NAMES.index(colour) for colour in colours]].sum(1) > _COLOUR
    return own


def _shade(scene: Scene, inside: np.ndarray) -> np.ndarray:
    """(h, w) bool: large pieces inside that look like the shaded ground and lie at the outline."""
    square = np.ones((_AROUND, _AROUND), np.uint8)
    behind = cv2.dilate((scene.known_matte >= _FAINT).astype(np.uint8), square) == 0
    if not behind.any():
        return np.zeros_like(inside)
    like = shadow_like(scene.lab, pull_push(scene.lab, behind.astype(np.float32)), grain(scene.lab)) & inside
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_OPENED, _OPENED))
    opened = cv2.morphologyEx(like.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    rim = cv2.dilate((~inside).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    at_rim = np.bincount(labels[rim], minlength=count) > 0
    kept = at_rim & (stats[:, cv2.CC_STAT_AREA] >= _LEAST * np.count_nonzero(inside))
    kept[0] = False
    return kept[labels]
