"""Colours for the empty parts of an image: each takes the nearest known one."""

from __future__ import annotations

import cv2
import numpy as np


def fill_nearest(image: np.ndarray, known: np.ndarray, reach: float = np.inf) -> tuple[np.ndarray, np.ndarray]:
    """The image (H, W, C) with every pixel outside `known` (H, W) bool given the colour of the nearest known one, or the
    mean colour where that is further than `reach` pixels; and the distance (H, W) float32. `known` must have a pixel set.
    """
    empty = np.where(known, 0, 1).astype(np.uint8)
    distance, label = cv2.distanceTransformWithLabels(empty, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    source = np.zeros(int(label.max()) + 1, dtype=np.intp)
    inside = np.flatnonzero(known)
    source[label.ravel()[inside]] = inside
    filled = image.copy()
    if np.isfinite(reach):
        filled[distance > reach] = np.rint(cv2.mean(image, known.astype(np.uint8))[: image.shape[2]])
    near = np.flatnonzero((distance > 0.0) & (distance <= reach))
    flat = filled.reshape(-1, image.shape[2])
    flat[near] = flat[source[label.ravel()[near]]]
    return filled, distance
