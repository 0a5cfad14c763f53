"""Which way a photo is turned: Blender shows the pixels as they are stored, the boxes are of the upright photo.

Sources: Exif 2.32 (tag 274), ITU T.81 (JPEG), the PNG specification (third edition), RFC 9649 (WebP), TIFF 6.0.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_TAG = 274
_MOST = 1 << 20  # bytes of a block that are read; what says how a photo is turned stands at its beginning


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What makes stored pixels upright: first mirrored left to right, then turned clockwise by that many quarters."""

    mirrored: bool = False
    quarters: int = 0

    @property
    def swaps_sides(self) -> bool:
        """Whether the upright photo is as wide as the stored one is high."""
        return self.quarters % 2 == 1


_TURNS = {
    1: Turn(),
    2: Turn(mirrored=True),
    3: Turn(quarters=2),
    4: Turn(mirrored=True, quarters=2),
    5: Turn(mirrored=True, quarters=3),
    6: Turn(quarters=1),
    7: Turn(mirrored=True, quarters=1),
    8: Turn(quarters=3),
}


def photo_turn(path: str | Path) -> Turn:
    """No turn where the file does not say, or cannot be read. Reads a few kilobytes."""
    try:
        with open(path, "rb") as file:
            return _TURNS.get(_orientation(_exif_block(file)), _TURNS[1])
    except (OSError, struct.error):
        return _TURNS[1]


def _exif_block(file: BinaryIO) -> bytes:
    """What a TIFF file begins with, wherever the format keeps it; empty where there is none."""
    start = file.read(12)
    file.seek(0)
    if start.startswith(b"\xff\xd8"):
        return _in_jpeg(file)
    if start.startswith(b"\x89PNG"):
        return _in_chunks(file, 8, ">I4s", b"eXIf", trailer=4)
    if start.startswith(b"RIFF") and start.endswith(b"WEBP"):
        return _in_chunks(file, 12, "<4sI", b"EXIF", trailer=0).removeprefix(b"Exif\0\0")
    return file.read(_MOST) if start[:4] in (b"II*\0", b"MM\0*") else b""


def _in_jpeg(file: BinaryIO) -> bytes:
    """It stands before the frame, in one of the segments that are for applications."""
    file.seek(2)
    while True:
        marker, length = struct.unpack(">HH", file.read(4))
        if marker < 0xFFC0 or marker == 0xFFDA:
            return b""
        content = file.read(length - 2)
        if marker == 0xFFE1 and content.startswith(b"Exif\0\0"):
            return content[6:]


def _in_chunks(file: BinaryIO, first: int, layout: str, wanted: bytes, trailer: int) -> bytes:
    """`layout` is of a chunk's head; `trailer` bytes follow its content. RIFF pads chunks to an even length."""
    file.seek(first)
    while True:
        head = struct.unpack(layout, file.read(8))
        length, kind = head if isinstance(head[0], int) else head[::-1]
        if kind == wanted:
            return file.read(min(length, _MOST))
        file.seek(length + trailer + (0 if trailer else length % 2), 1)


def _orientation(exif: bytes) -> int:
    if not exif:
        return 1
    order = "<" if exif.startswith(b"II") else ">"
    (directory,) = struct.unpack_from(order + "I", exif, 4)
    (count,) = struct.unpack_from(order + "H", exif, directory)
    for entry in range(directory + 2, directory + 2 + 12 * count, 12):
        tag, _, _, value = struct.unpack_from(order + "HHIH", exif, entry)
        if tag == _TAG:
            return value
    return 1
