"""The painted mask of parts as an indexed PNG over the whole photo: 0 is background, each other value a part."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.boxes.strokes import parse_strokes
from ...shared.img23d_protocol.errors import bad_request
from ...shared.img23d_protocol.files.whole_files import write_whole
from ..mask.pixels import draw_mask
from ..mesh.world_file import write_in_run
from ..photo.image import photo_size

if TYPE_CHECKING:
    import numpy as np

MASK_COLORS = (
    "#e6794b",
    "#4b9ce6",
    "#6cc24a",
    "#c77dd6",
    "#e6c84b",
    "#4bd6c0",
    "#d65a7c",
    "#8a8ae6",
    "#b0784a",
    "#3f8f5f",
)  # one after the other, again from the first
_LONGEST = 2048  # pixels of a side; the mask is compared with a photo of any size


def mask_color(number: int) -> str:
    """Of the part of that number, from 0."""
    return MASK_COLORS[number % len(MASK_COLORS)]


def write_mask(path: Path, photo: str, painted: Sequence[str]) -> Path:
    """`painted` are the strokes of each part as `strokes` keeps them, later parts over earlier ones. Raises Img23DError."""
    width, height = photo_size(photo)
    share = min(1.0, _LONGEST / max(width, height))
    labels = draw_mask([parse_strokes(one) for one in painted], max(1, round(width * share)), max(1, round(height * share)))
    if not labels.any():
        raise bad_request("No part is painted yet: paint each part over the photo, or choose a mask's file.")
    palette = [(0, 0, 0), *(_bytes(mask_color(number)) for number in range(len(painted)))]
    write_in_run(path, lambda: write_whole(path, indexed_png(labels, palette)))
    return path


def indexed_png(labels: np.ndarray, palette: Sequence[tuple[int, int, int]]) -> bytes:
    """A PNG of 8 bits a pixel with a palette (PNG specification, 11.2)."""
    height, width = labels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in labels)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    colors = b"".join(bytes(color) for color in palette)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"PLTE", colors) + _chunk(b"IDAT", zlib.compress(rows, 6)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _bytes(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
