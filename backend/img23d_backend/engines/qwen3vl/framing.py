"""The picture as Qwen3-VL gets it: never much longer than wide, and the way back for what it finds there.

On a picture of 3.3:1 and more it answers with boxes in space, or with boxes beside the things (huggingface/transformers issue 44393,
QwenLM/Qwen3-VL issue 2020); squeezed to a usual format it does not. Coordinates are relative, so that squeezing changes none. Things
that are squeezed by more than half are not known again, so that the rest is filled up with grey at the right or at the bottom.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from img23d_protocol import ErrorCode, Img23DError

from ...finding.instances import Instance

USUAL_LONGEST = 2.0  # times its other side
ONCE_MORE_LONGEST = 4 / 3  # the format that worked best in the issue above
_MOST_SQUEEZED = 2.0
_MOST_SLENDER = 200  # from there on hardly a row of patches would be left of the picture
_GREY = 127  # nothing, after the model's own normalization
_MOST_PIXELS = 8_000_000  # of the filled-up picture: four times what the model is given at most


@dataclass(frozen=True, kw_only=True)
class Framed:
    """`rgb` (H, W, 3) uint8; the photo takes the shares `across` and `down` of it, from its top left corner."""

    rgb: np.ndarray
    across: float = 1.0
    down: float = 1.0

    def on_photo(self, found: Iterable[Instance]) -> tuple[Instance, ...]:
        """From fractions of the framed picture to fractions of the photo; what lies outside of the photo is left out."""
        moved = (
            replace(
                one,
                left=min(one.left / self.across, 1.0),
                right=min(one.right / self.across, 1.0),
                top=min(one.top / self.down, 1.0),
                bottom=min(one.bottom / self.down, 1.0),
            )
            for one in found
        )
        return tuple(one for one in moved if one.left < one.right and one.top < one.bottom)


def framed(rgb: np.ndarray, longest: float = USUAL_LONGEST) -> Framed:
    """(H, W, 3) uint8 to a picture that is at most `longest` times as long as it is wide, or as high.

    Raises Img23DError(BAD_REQUEST) for a picture that is all length and no width.
    """
    height, width = rgb.shape[:2]
    ratio = max(width, height) / min(width, height)
    if ratio >= _MOST_SLENDER:
        sentence = f"The photo is more than {_MOST_SLENDER} times as long as it is wide: crop it first."
        raise Img23DError(ErrorCode.BAD_REQUEST, sentence)
    if ratio <= longest:
        return Framed(rgb=rgb)
    if height > width:
        turned = framed(rgb.transpose(1, 0, 2), longest)
        return Framed(rgb=turned.rgb.transpose(1, 0, 2), across=turned.down, down=turned.across)
    return _wide(rgb, squeeze=min(ratio / longest, _MOST_SQUEEZED), longest=longest)


def _wide(rgb: np.ndarray, squeeze: float, longest: float) -> Framed:
    import cv2

    height, width = rgb.shape[0], rgb.shape[1] / squeeze
    filled = max(height, width / longest)  # rows
    scale = min(1.0, (_MOST_PIXELS / (width * filled)) ** 0.5)
    columns, rows, lines = (max(1, round(length * scale)) for length in (width, height, filled))
    small = cv2.resize(np.ascontiguousarray(rgb), (columns, rows), interpolation=cv2.INTER_AREA)
    picture = np.full((max(lines, rows), columns, 3), _GREY, np.uint8)
    picture[:rows] = small
    return Framed(rgb=picture, down=rows / len(picture))
