"""A cut-out as TripoSG's family looks at it: on white with a border, resized and cut as the file beside the image encoder tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from img23d_protocol import ErrorCode, Img23DError

from ..cutouts.resampling import bicubic, resized
from ..models.settings_file import read_settings

_BORDER = 0.1  # of the thing's longer side, on each side
_BICUBIC = 3  # Pillow's number
_WHITE = 255


@dataclass(frozen=True, kw_only=True)
class PictureConfig:
    """The shorter side becomes `shortest` pixels long, the middle of `side` pixels a side is looked at."""

    shortest: int
    side: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def pixels(self, picture: np.ndarray) -> np.ndarray:
        """(h, w, 3) uint8 to (3, side, side) float32, normalized; black where the picture is smaller than its cut."""
        height, width = picture.shape[:2]
        scale = self.shortest / min(height, width)
        wide, tall = (self.shortest if length == min(height, width) else int(length * scale) for length in (width, height))
        small = resized(picture, wide, tall, bicubic)
        values = _middle(small, self.side).astype(np.float32) / 255
        return ((values - self.mean) / self.deviation).transpose(2, 0, 1).astype(np.float32)


def read_picture_config(path: Path, owner: str) -> PictureConfig:
    """Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT)."""
    return read_settings(path, owner, _config)


def _config(content: Mapping[str, Any]) -> PictureConfig:
    if content["image_processor_type"] != "BitImageProcessor" or content["resample"] != _BICUBIC:
        raise ValueError(f"{content['image_processor_type']!r:.80}, resampling {content['resample']!r:.80}")
    if not all(content[f"do_{step}"] for step in ("resize", "center_crop", "rescale", "normalize")):
        raise ValueError("a step is left out")
    crop = content["crop_size"]
    if crop["height"] != crop["width"]:
        raise ValueError(f"no square: {crop!r:.80}")
    mean, deviation = (tuple(map(float, content[name])) for name in ("image_mean", "image_std"))
    if not len(mean) == len(deviation) == 3:
        raise ValueError(f"{len(mean)} means, {len(deviation)} deviations")
    return PictureConfig(shortest=int(content["size"]["shortest_edge"]), side=int(crop["height"]), mean=mean, deviation=deviation)


def on_white(rgba: np.ndarray) -> np.ndarray:
    """(h, w, 4) uint8 straight alpha to (s, s, 3) uint8, a pixel off a square at most, as the published program makes it.

    Raises Img23DError(EMPTY_CUTOUT).
    """
    rows, columns = np.flatnonzero(rgba[:, :, 3].any(axis=1)), np.flatnonzero(rgba[:, :, 3].any(axis=0))
    if not len(rows):
        raise Img23DError(ErrorCode.EMPTY_CUTOUT, "Nothing is left of it after cutting it out: draw a box around it.")
    part = rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32) / 255
    height, width = part.shape[:2]
    border = int(_BORDER * max(height, width))
    above, beside = (border + max(0, int((max(height, width) - length) / 2)) for length in (height, width))
    alpha = part[:, :, 3:]
    square = np.full((height + 2 * above, width + 2 * beside, 3), 1.0, dtype=np.float32)
    square[above : above + height, beside : beside + width] = part[:, :, :3] * alpha + (1 - alpha)
    return (square * _WHITE).astype(np.uint8)


def _middle(picture: np.ndarray, side: int) -> np.ndarray:
    height, width = picture.shape[:2]
    more = [max(0, side - length) for length in (height, width)]
    padded = np.pad(picture, [(more[0] // 2, more[0] - more[0] // 2), (more[1] // 2, more[1] - more[1] // 2), (0, 0)])
    top, left = ((length - side) // 2 for length in padded.shape[:2])
    return padded[top : top + side, left : left + side]
