"""Pictures made on the fly, written without any image library."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np


def three_things(width: int = 360, height: int = 160) -> np.ndarray:
    """(H, W, 3) uint8: a red disc, a green box and a blue disc on light ground, softly shaded."""
    y, x = np.mgrid[0:height, 0:width] + 0.5
    picture = np.full((height, width, 3), 232.0) - (y / height * 10)[..., None]
    shade = (0.8 + 0.3 * (1 - y / height))[..., None]
    radius = height * 0.3
    for center, colour in ((60, (200, 40, 40)), (300, (40, 60, 200))):
        inside = np.hypot(x - center, y - height / 2) < radius
        picture[inside] = (np.array(colour) * shade)[inside]
    inside = (np.abs(x - 180) < 35) & (np.abs(y - height / 2) < radius)
    picture[inside] = (np.array((40, 160, 60)) * shade)[inside]
    return np.clip(picture, 0, 255).astype(np.uint8)


def png_bytes(pixels: np.ndarray) -> bytes:
    """`pixels` (H, W), (H, W, 3) or (H, W, 4) uint8 (PNG, ISO/IEC 15948)."""
    height, width = pixels.shape[:2]
    colour_type = 0 if pixels.ndim == 2 else {3: 2, 4: 6}[pixels.shape[2]]
    rows = pixels.reshape(height, -1)
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(raw, 1)) + _chunk(b"IEND", b"")


def write_png(path: Path, pixels: np.ndarray) -> Path:
    path.write_bytes(png_bytes(pixels))
    return path


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
