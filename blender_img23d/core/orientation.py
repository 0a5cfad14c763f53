"""Which way a photo is turned: Blender shows the pixels as they are stored, the boxes are of the upright photo.

Sources: Exif 2.32 (tag 274), ITU T.81 (JPEG), the PNG specification (third edition), RFC 9649 (WebP), TIFF 6.0.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_TAG = 274
_MOST = 1 << 20  # bytes of a block that are read; what says how a photo is turned stands at its beginning
_MOST_PARTS = 5000  # segments or chunks that are looked at: Blender's window waits meanwhile
_VALUES = {1: "B", 3: "H", 4: "I"}  # TIFF's kinds of whole numbers


@dataclass(frozen=True, kw_only=True)
class Orientation:
    """What makes stored pixels upright: first mirrored left to right, then turned clockwise by that many quarters."""

    mirrored: bool = False
    quarters: int = 0

    @property
    def swaps_sides(self) -> bool:
        """Whether the upright photo is as wide as the stored one is high."""
        return self.quarters % 2 == 1


_ORIENTATIONS = {
    1: Orientation(),
    2: Orientation(mirrored=True),
    3: Orientation(quarters=2),
    4: Orientation(mirrored=True, quarters=2),
    5: Orientation(mirrored=True, quarters=3),
    6: Orientation(quarters=1),
    7: Orientation(mirrored=True, quarters=1),
    8: Orientation(quarters=3),
}


def photo_orientation(path: str | Path) -> Orientation:
    """No turn where the file does not say, or cannot be read. Reads a few kilobytes, and only of a regular file."""
    if not os.path.isfile(path):  # the opening of a pipe would wait for its other end
        return _ORIENTATIONS[1]
    try:
        with open(path, "rb") as file:
            return _ORIENTATIONS.get(_orientation(_exif_block(file)), _ORIENTATIONS[1])
    except (OSError, struct.error):
        return _ORIENTATIONS[1]


def _exif_block(file: BinaryIO) -> bytes:
    """What a TIFF file begins with, wherever the format keeps it; empty where there is none."""
    start = file.read(12)
    file.seek(0)
    if start.startswith(b"\xff\xd8"):
        return _in_jpeg(file)
    if start.startswith(b"\x89PNG"):
        return _in_chunks(file, 8, ">I4s", b"eXIf", trailer=4).removeprefix(b"Exif\0\0")
    if start.startswith(b"RIFF") and start.endswith(b"WEBP"):
        return _in_chunks(file, 12, "<4sI", b"EXIF", trailer=0).removeprefix(b"Exif\0\0")
    return file.read(_MOST) if start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+") else b""


def _in_jpeg(file: BinaryIO) -> bytes:
    """It stands before the frame, in one of the segments that are for applications."""
    file.seek(2)
    for _ in range(_MOST_PARTS):
        marker, length = struct.unpack(">HH", file.read(4))
        if marker < 0xFFC0 or marker == 0xFFDA or length < 2:
            return b""
        content = file.read(length - 2)
        if marker == 0xFFE1 and content.startswith(b"Exif\0\0"):
            return content[6:]
    return b""


def _in_chunks(file: BinaryIO, first: int, layout: str, wanted: bytes, trailer: int) -> bytes:
    """`layout` is of a chunk's head; `trailer` bytes follow its content. RIFF pads chunks to an even length."""
    file.seek(first)
    for _ in range(_MOST_PARTS):
        head = struct.unpack(layout, file.read(8))
        length, kind = head if isinstance(head[0], int) else head[::-1]
        if kind == wanted:
            return file.read(min(length, _MOST))
        file.seek(length + trailer + (0 if trailer else length % 2), 1)
    return b""


def _orientation(exif: bytes) -> int:
    if not exif:
        return 1
    order = "<" if exif.startswith(b"II") else ">"
    is_big = struct.unpack_from(order + "H", exif, 2) == (43,)  # a BigTIFF
    (directory,) = struct.unpack_from(order + ("Q" if is_big else "I"), exif, 8 if is_big else 4)
    (count,) = struct.unpack_from(order + ("Q" if is_big else "H"), exif, directory)
    head, each, layout = (8, 20, "HHQ") if is_big else (2, 12, "HHI")
    for entry in range(directory + head, directory + head + each * min(count, _MOST_PARTS), each):
        tag, kind, values = struct.unpack_from(order + layout, exif, entry)
        if tag == _TAG:
            is_one = kind in _VALUES and values == 1
            return struct.unpack_from(order + _VALUES[kind], exif, entry + each - (8 if is_big else 4))[0] if is_one else 1
    return 1
