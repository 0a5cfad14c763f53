"""Holes in a thing, through which the backdrop shows, told from spots on it that happen to have the backdrop's colour."""

from __future__ import annotations

import cv2
import numpy as np

from .backdrop import Backdrop, shadow_factor, steepness

_HUE, _LIGHT = 5.0, 1.05  # Lab units, k: what may show through a hole
_TRUE_HUE = 1.7  # Lab units: what half of a hole keeps to; white spots in a bluish light are 2 to 4 off
_OUTLINE = 4.0  # Lab units a pixel
_LIMB = 0.04  # of the longer side: a hole no farther than that from the outside is behind a protruding part
_DEEPEST = 1.5  # of its size: the farthest from the outside for other holes, such as a doughnut's; spots lie anywhere


def open_holes(lab: np.ndarray, backdrop: Backdrop, inside: np.ndarray) -> np.ndarray:
    """(H, W) bool: places inside a thing where the backdrop shows through: of its colour, and with an outline around.

    Lit holes may be small; one that lies partly in the thing's own shadow must be large and calm, since highlights and
    the shading of a grey thing pass through the same colours. A small one amid a broad body is a spot on it.
    """
    area = inside.size
    lit = _outlined_parts(lab, backdrop, inside, darkest=0.84, least=max(8, 5e-5 * area), same=0.35, calm=0.0)
    shaded = _outlined_parts(lab, backdrop, inside, darkest=0.6, least=0.002 * area, same=0.15, calm=0.5)
    return _near_outside(lit | shaded, inside)


def _outlined_parts(
    lab: np.ndarray,
    backdrop: Backdrop,
    inside: np.ndarray,
    *,
    darkest: float,
    least: float,
    same: float,
    calm: float,
) -> np.ndarray:
    """Connected parts of the inside, from `darkest` (k) to lit, of at least `least` pixels, outlined all around.

    `same` is the share that must have the backdrop's very colour, `calm` the share that must be without edges.
    """
    noise, slope = backdrop.noise, steepness(lab)
    k, hue = shadow_factor(lab, backdrop.lit)
    off = np.minimum(*(np.abs(lab[..., 0] - colour[..., 0]) for colour in (backdrop.lit, backdrop.colour)))
    clear = (hue < _HUE + noise) & (k > darkest) & (k < _LIGHT + 0.01 * noise) & inside
    count, labels, stats, _ = cv2.connectedComponentsWithStats(clear.astype(np.uint8), connectivity=4)
    area = stats[:, cv2.CC_STAT_AREA]

    def share(of: np.ndarray, among: np.ndarray) -> np.ndarray:
        total = np.maximum(np.bincount(among.ravel(), minlength=count), 1)
        return np.bincount(among[of], minlength=count) / total

    rim = cv2.dilate(labels.astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.int32) * ~clear
    hole = (area >= least) & (share(inside & (slope > _OUTLINE + noise), rim) > 0.85)
    hole &= share((off < 4 + noise) & (hue < 2 + noise), labels) >= same
    hole &= share(hue < _TRUE_HUE + noise, _cores(labels, clear, count)) >= 0.5
    hole &= share(slope < 2 + 2 * noise, labels) >= calm
    hole[0] = False
    return hole[labels]


def _cores(labels: np.ndarray, clear: np.ndarray, count: int) -> np.ndarray:
    """The labels without their outermost pixels, which the thing's own colour tints; all of those too thin for that."""
    core = cv2.erode(clear.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0
    thin = np.bincount(labels[core], minlength=count) == 0
    return labels * (core | thin[labels])


def _near_outside(holes: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The holes not too deep in the thing for their size; near another such hole, as between slats, counts as well."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(holes.astype(np.uint8), connectivity=4)
    reach = np.maximum(_DEEPEST * np.sqrt(stats[:, cv2.CC_STAT_AREA]), _LIMB * max(inside.shape))
    near = np.zeros(count, bool)
    while True:
        air = ~inside | near[labels]
        away = cv2.distanceTransform((~air).astype(np.uint8), cv2.DIST_L2, 3)
        added = np.bincount(labels[away <= reach[labels]], minlength=count) > 0
        added[0] = False
        if np.array_equal(added | near, near):
            return near[labels]
        near |= added
