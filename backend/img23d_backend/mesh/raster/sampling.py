"""Reading an image between its pixels."""

from __future__ import annotations

import cv2
import numpy as np


def sample_image(image: np.ndarray, x: np.ndarray, y: np.ndarray, interpolation: int) -> np.ndarray:
    """(N, ...) the image at float32 positions (N,), in which the first pixel's centre is (0, 0), held at its border."""
    width = 4096  # cv2.remap takes no side of 32768 or more
    padded = -len(x) % width
    columns, rows = (np.pad(v.astype(np.float32, copy=False), (0, padded)).reshape(-1, width) for v in (x, y))
    values = cv2.remap(image, columns, rows, interpolation, borderMode=cv2.BORDER_REPLICATE)
    return values.reshape(-1, *image.shape[2:])[: len(x)]
