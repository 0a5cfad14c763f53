"""A picture put together from bands of rows, each made smaller at once where it will not be needed at full size."""

from __future__ import annotations

import numpy as np


class Bands:
    """Rows come from the top, in bands of any height."""

    def __init__(self, width: int, height: int, factor: int) -> None:
        self._size = (-(-width // factor), -(-height // factor))
        self._factor, self._row = factor, 0
        self._waiting: list[np.ndarray] = []  # fewer rows than the factor
        self._pixels: np.ndarray | None = None

    def add(self, band: np.ndarray) -> None:
        """(H, W) or (H, W, C)."""
        if self._factor == 1:
            self._place(band)
            return
        rows = np.concatenate([*self._waiting, band]) if self._waiting else band
        whole = len(rows) // self._factor * self._factor
        if whole:
            self._place(self._reduced(rows[:whole], whole // self._factor))
        self._waiting = [rows[whole:].copy()] if whole < len(rows) else []

    def picture(self) -> np.ndarray:
        """Raises ValueError where rows are missing."""
        if self._waiting:
            self._place(self._reduced(self._waiting[0], 1))
            self._waiting = []
        if self._pixels is None or self._row != len(self._pixels):
            raise ValueError("rows are missing")
        return self._pixels

    def _reduced(self, rows: np.ndarray, height: int) -> np.ndarray:
        import cv2

        return cv2.resize(np.ascontiguousarray(rows), (self._size[0], height), interpolation=cv2.INTER_AREA)

    def _place(self, band: np.ndarray) -> None:
        if self._pixels is None:
            self._pixels = np.empty((self._size[1], *band.shape[1:]), band.dtype)
        self._pixels[self._row : self._row + len(band)] = band
        self._row += len(band)
