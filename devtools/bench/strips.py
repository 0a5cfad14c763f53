"""A sheet of turntable pictures, a caption over each. For the plain environment."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

_ACROSS, _WIDTH, _HEIGHT = 3, 480, 160  # strips in a row, and pixels of one
_QUALITY = 82


def write_sheet(path: Path, captioned: Iterable[tuple[str, np.ndarray]]) -> None:
    """One JPEG of all strips (h, w, 3) uint8 BGR, in their order."""
    strips = []
    for caption, picture in captioned:
        strip = cv2.resize(picture, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA)
        strips.append(cv2.putText(strip, caption, (4, 12), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (60, 60, 60), 1, cv2.LINE_AA))
    strips += [np.full_like(strips[0], 255)] * (-len(strips) % _ACROSS)
    lines = [np.hstack(strips[start : start + _ACROSS]) for start in range(0, len(strips), _ACROSS)]
    path.write_bytes(cv2.imencode(".jpg", np.vstack(lines), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes())
