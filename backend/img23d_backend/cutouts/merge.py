"""Alphas over one part of a photo: a cut-out's, and two of the same thing as one."""

from __future__ import annotations

import cv2
import numpy as np

from ..stages import CutOut, PixelBox

_RIM = 0.007  # of the picture's longer side: what is thinner along the outline is the coarseness of either


def with_missed(alpha: np.ndarray, other: np.ndarray, *, sure: float = 0.5) -> np.ndarray:
    """(h, w) float32 0..1: the alpha, with whole parts that only the other one (h, w) has, but not with its wider rim.

    Over such a part the other one must be `sure` in the mean.
    """
    missed = ((other >= 0.5) & (alpha < 0.5)).astype(np.uint8)
    side = 2 * max(2, round(_RIM * max(alpha.shape))) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    missed &= cv2.dilate(cv2.morphologyEx(missed, cv2.MORPH_OPEN, kernel), kernel)
    count, labels = cv2.connectedComponents(missed, connectivity=8)
    areas = np.bincount(labels.ravel(), minlength=count)
    seen = np.bincount(labels.ravel(), weights=other.ravel(), minlength=count)
    missed &= (seen >= sure * areas)[labels].astype(np.uint8)
    return np.where(missed > 0, np.maximum(alpha, other), alpha)


def alpha_over(cutout: CutOut, window: PixelBox) -> np.ndarray:
    """(h, w) float32 0..1 of a cut-out over the window; what of it lies outside of the photo is only its margin."""
    height, width = cutout.rgba.shape[:2]
    alpha = np.zeros((window.height, window.width), np.float32)
    left, top = max(window.left, cutout.left), max(window.top, cutout.top)
    right, bottom = min(window.right, cutout.left + width), min(window.bottom, cutout.top + height)
    if right > left and bottom > top:
        own = cutout.rgba[top - cutout.top : bottom - cutout.top, left - cutout.left : right - cutout.left, 3]
        alpha[top - window.top : bottom - window.top, left - window.left : right - window.left] = own / np.float32(255)
    return alpha
