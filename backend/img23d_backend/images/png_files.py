"""PNG files of the run's folder: through memory, since OpenCV opens no path outside the system's alphabet on Windows."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from img23d_protocol.files.whole_files import write_whole

# Level 1 takes a fifth of level 6's time and the file grows by a tenth.
_COMPRESSION = 1


def write_png(path: Path, pixels: np.ndarray) -> None:
    """`pixels` (H, W, 3 or 4) uint8 RGB(A); colours under full transparency are kept. Raises OSError."""
    import cv2

    swap = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    _, encoded = cv2.imencode(".png", cv2.cvtColor(pixels, swap), [cv2.IMWRITE_PNG_COMPRESSION, _COMPRESSION])
    write_whole(path, encoded.tobytes())


def read_rgba(path: Path) -> np.ndarray:
    """(H, W, 4) uint8 RGBA as `write_png` wrote it. Raises OSError."""
    import cv2

    data = path.read_bytes()
    stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if _is_still(data) else None
    if stored is None or stored.ndim != 3 or stored.shape[2] != 4:
        raise OSError(f"{path} is no RGBA PNG any more")
    return cv2.cvtColor(stored, cv2.COLOR_BGRA2RGBA)


def _is_still(data: bytes) -> bool:
    """Whether it has no other chunks than those written here: an animation's can end the process (see `images.libraries`)."""
    position = 8
    while position + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        if kind not in (b"IHDR", b"IDAT", b"IEND"):
            return False
        position += 12 + length
    return position == len(data)
