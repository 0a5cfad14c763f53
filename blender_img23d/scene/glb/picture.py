"""The picture inside a GLB, checked before Blender's decoder sees it.

Format: W3C, Portable Network Graphics (second edition), sections 5 and 11.2.
"""

from __future__ import annotations

import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KINDS = (b"IHDR", b"IDAT", b"IEND")  # what our backend writes
_LONGEST_SIDE = 8192  # pixels; the largest texture that can be chosen has half of it
_RGB, _RGBA = 2, 6


def check_png(data: bytes) -> None:
    """Raises ValueError for a picture that our backend did not write, or that has changed since: every part has a checksum."""
    if not data.startswith(_SIGNATURE):
        raise ValueError("no PNG")
    start, kinds = len(_SIGNATURE), []
    while start < len(data):
        try:
            length, kind = struct.unpack_from(">I4s", data, start)
            (checksum,) = struct.unpack_from(">I", data, start + 8 + length)
        except struct.error as error:
            raise ValueError("a PNG that is cut off") from error
        if kind not in _KINDS or zlib.crc32(memoryview(data)[start + 4 : start + 8 + length]) != checksum:
            raise ValueError(f"a PNG with a damaged part {kind!r}")
        kinds.append(kind)
        start += 12 + length
    if kinds[:1] != [b"IHDR"] or kinds[-1:] != [b"IEND"] or kinds.count(b"IHDR") + kinds.count(b"IEND") != 2:
        raise ValueError("a PNG without its parts")
    _check_header(data[16:29])


def _check_header(header: bytes) -> None:
    width, height, depth, colour, compression, filtering, interlacing = struct.unpack(">IIBBBBB", header)
    is_ours = (depth, compression, filtering, interlacing) == (8, 0, 0, 0) and colour in (_RGB, _RGBA)
    if not is_ours or not 0 < width <= _LONGEST_SIDE or not 0 < height <= _LONGEST_SIDE:
        raise ValueError(f"a PNG of {width} x {height} pixels")
