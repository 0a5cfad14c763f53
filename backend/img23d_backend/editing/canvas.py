"""The size at which a model edits a picture, and the way back to the picture's own proportions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

AREA = 1024 * 1024  # pixels, which the models were trained on


@dataclass(frozen=True, kw_only=True)
class Canvas:
    """`width`, `height`: what the model sees and draws; `shown_width`, `shown_height`: what becomes of it, in the picture's proportions."""

    width: int
    height: int
    shown_width: int
    shown_height: int

    @property
    def pixels(self) -> int:
        return self.width * self.height

    def seen(self, rgb: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 to (height, width, 3)."""
        return _resized(rgb, self.width, self.height)

    def shown(self, rgb: np.ndarray) -> np.ndarray:
        """(height, width, 3) uint8 to (shown_height, shown_width, 3)."""
        return _resized(rgb, self.shown_width, self.shown_height)


def canvas_for(rgb: np.ndarray, *, multiple: int, area: int = AREA, enlarges: bool = False) -> Canvas:
    """Sides that are multiples of `multiple`, together about `area` pixels; a smaller picture keeps its size unless the model `enlarges` it."""
    height, width = rgb.shape[:2]
    scale = math.sqrt(area / (width * height))
    if not enlarges:
        scale = min(scale, 1.0)
    shown = [max(1, round(side * scale)) for side in (width, height)]
    seen = [max(multiple, round(side / multiple) * multiple) for side in shown]
    return Canvas(width=seen[0], height=seen[1], shown_width=shown[0], shown_height=shown[1])


def _resized(rgb: np.ndarray, width: int, height: int) -> np.ndarray:
    from PIL import Image

    if rgb.shape[:2] == (height, width):
        return rgb
    return np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.LANCZOS))
