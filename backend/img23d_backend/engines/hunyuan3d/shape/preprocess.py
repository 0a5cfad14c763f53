"""Preprocessing of the shape model's picture: the thing in the middle of a white square, filling 85% of it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from img23d_protocol import ErrorCode, Img23DError


@dataclass(frozen=True, kw_only=True)
class Framing:
    """`size` pixels a side; `border_ratio` of them are left white around the thing, half on each side."""

    size: int = 512
    border_ratio: float = 0.15

    def picture(self, rgba: np.ndarray) -> np.ndarray:
        """(h, w, 4) uint8 straight alpha to (3, size, size) float32 in -1..1.

        Pixel for pixel what hy3dgen's image processor makes, its box being one row and column short included: the model
        was trained on that. Raises Img23DError(EMPTY_CUTOUT).
        """
        square = self._recentred(rgba).astype(np.float32)
        weight = square[:, :, 3:] / 255
        over_white = square[:, :, :3] * weight + 255 * (1 - weight)
        small = cv2.resize(over_white.clip(0, 255).astype(np.uint8), (self.size, self.size), interpolation=cv2.INTER_CUBIC)
        return small.transpose(2, 0, 1).astype(np.float32) / 255 * 2 - 1

    def _recentred(self, rgba: np.ndarray) -> np.ndarray:
        """(s, s, 4) uint8 with s the longer side, transparent around the thing."""
        rows, columns = np.flatnonzero(rgba[:, :, 3].any(axis=1)), np.flatnonzero(rgba[:, :, 3].any(axis=0))
        if len(rows) < 2 or len(columns) < 2:
            sentence = "Nothing is left of it after cutting it out: draw a box around it."
            raise Img23DError(ErrorCode.EMPTY_CUTOUT, sentence)
        part = rgba[rows[0] : rows[-1], columns[0] : columns[-1]]
        side = max(rgba.shape[:2])
        zoom = int(side * (1 - self.border_ratio)) / max(part.shape[:2])
        height, width = (max(1, int(length * zoom)) for length in part.shape[:2])
        top, left = (side - height) // 2, (side - width) // 2
        square = np.zeros((side, side, 4), dtype=np.uint8)
        square[top : top + height, left : left + width] = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)
        return square
