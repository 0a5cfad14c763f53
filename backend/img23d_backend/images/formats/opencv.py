"""OpenCV's decoders, for files that this package wrote itself from what it had checked.

Animation chunks in a PNG make the one in OpenCV 4.11 write outside of its memory, and none of the decoders bounds what it takes.
"""

from __future__ import annotations

import numpy as np

from .header import Damaged

_BAND_PIXELS = 1 << 20


def decode(data: bytes | bytearray, kind: str, flags: int | None = None) -> np.ndarray:
    """Samples as stored, channels in OpenCV's order. Raises Damaged or MemoryError."""
    import cv2

    try:
        stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED if flags is None else flags)
    except cv2.error as error:
        if error.code == cv2.Error.StsNoMem:
            raise MemoryError(str(error)) from error
        raise Damaged(str(error)) from error
    if stored is None:
        raise Damaged(f"a {kind} that cannot be decoded")
    return stored


def in_rgb_order(stored: np.ndarray) -> np.ndarray:
    """(H, W, 3 or 4), from one, three or four of OpenCV's channels; these are changed in place, which saves a copy."""
    import cv2

    if stored.ndim == 2 or stored.shape[2] == 1:
        return cv2.cvtColor(stored, cv2.COLOR_GRAY2RGB)
    code = cv2.COLOR_BGRA2RGBA if stored.shape[2] == 4 else cv2.COLOR_BGR2RGB
    step = max(1, _BAND_PIXELS // stored.shape[1])
    for top in range(0, len(stored), step):
        stored[top : top + step] = cv2.cvtColor(stored[top : top + step], code)
    return stored
