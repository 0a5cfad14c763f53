"""WebP: its chunks read, and a file of the first picture alone written for the decoder. Source: RFC 9649."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..metadata.exif import Exif, read_exif
from . import opencv
from .header import CutShort, Damaged, Format, Header, NotAPicture

_ALPHA_FLAG = 0x10
_LOSSLESS_BYTES, _LOSSY_BYTES = 8, 4  # a pixel, in the decoder


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The first picture: `size` of itself, `canvas` of the whole, `place` of its corner there."""

    size: tuple[int, int]
    canvas: tuple[int, int]
    place: tuple[int, int]
    picture: bytes  # of a VP8 or VP8L chunk
    is_lossless: bool
    alpha: bytes  # of an ALPH chunk
    animated: bool
    exif: bytes
    profile: bytes


def read_header(data: bytes) -> Header:
    parts = _read_parts(data)
    width, height = parts.canvas
    exif = read_exif(parts.exif.removeprefix(b"Exif\0\0"), width, height) if parts.exif else Exif()
    held = width * height * (_LOSSLESS_BYTES if parts.is_lossless or parts.alpha else _LOSSY_BYTES)
    return Header(
        format=Format.WEBP,
        width=width,
        height=height,
        orientation=exif.orientation,
        animated=parts.animated,
        focal_35mm=exif.focal_35mm,
        profile=parts.profile,
        is_adobe_rgb=exif.is_adobe_rgb,
        held=held,
        worked=held,
    )


def decode(data: bytes) -> np.ndarray:
    """(H, W, 3 or 4) uint8, not turned."""
    parts = _read_parts(data)
    pixels = opencv.in_rgb_order(opencv.decode(_still(parts), "WebP"))
    if pixels.shape[:2] != parts.size[::-1]:
        raise Damaged("the picture has another size than its header says")
    if parts.size == parts.canvas:
        return pixels
    canvas = np.zeros((parts.canvas[1], parts.canvas[0], 4), np.uint8)
    (left, top), (width, height) = parts.place, parts.size
    shown = canvas[top : top + height, left : left + width]
    shown[:, :, : pixels.shape[2]] = pixels
    if pixels.shape[2] == 3:
        shown[:, :, 3] = 255
    return canvas


def _still(parts: Parts) -> bytes:
    if parts.is_lossless:
        return _riff((b"VP8L", parts.picture))
    if not parts.alpha:
        return _riff((b"VP8 ", parts.picture))
    width, height = parts.size
    extended = bytes([_ALPHA_FLAG, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return _riff((b"VP8X", extended), (b"ALPH", parts.alpha), (b"VP8 ", parts.picture))


def _riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2) for kind, content in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


# --- reading ----------------------------------------------------------------------------------------------------------


def _read_parts(data: bytes) -> Parts:
    """Raises CutShort, Damaged or NotAPicture."""
    if data[8:12] != b"WEBP":
        raise NotAPicture("a sound or video")
    end = struct.unpack_from("<I", data, 4)[0] + 8
    if end > len(data) + 1:  # some writers leave the last padding byte out
        raise CutShort("the RIFF size runs past the end")
    chunks: dict[bytes, bytes] = {}
    for kind, content in _chunks(data, 12, min(end, len(data))):
        chunks.setdefault(kind, content)
    place, frame = (0, 0), chunks
    if b"ANMF" in chunks:
        place, frame = _first_frame(chunks[b"ANMF"])
    size = _size(frame)
    canvas = _canvas(chunks[b"VP8X"]) if b"ANMF" in chunks and b"VP8X" in chunks else size
    if place[0] + size[0] > canvas[0] or place[1] + size[1] > canvas[1]:
        raise Damaged("the first picture lies outside of the canvas")
    return Parts(
        size=size,
        canvas=canvas,
        place=place,
        picture=frame.get(b"VP8L") or frame[b"VP8 "],
        is_lossless=b"VP8L" in frame,
        alpha=b"" if b"VP8L" in frame else frame.get(b"ALPH", b""),
        animated=b"ANIM" in chunks,
        exif=chunks.get(b"EXIF", b""),
        profile=chunks.get(b"ICCP", b""),
    )


def _chunks(data: bytes, position: int, end: int) -> Iterator[tuple[bytes, bytes]]:
    while position + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, position)
        if position + 8 + length > end:
            raise CutShort("a chunk runs past the end")
        yield kind, data[position + 8 : position + 8 + length]
        position += 8 + length + length % 2


def _first_frame(content: bytes) -> tuple[tuple[int, int], dict[bytes, bytes]]:
    """Its corner, and the chunks behind 16 bytes of place, size and time."""
    if len(content) < 16:
        raise Damaged("a short frame header")
    place = 2 * int.from_bytes(content[:3], "little"), 2 * int.from_bytes(content[3:6], "little")
    return place, dict(reversed(list(_chunks(content, 16, len(content)))))  # of several chunks of a kind the first counts


def _canvas(extended: bytes) -> tuple[int, int]:
    if len(extended) < 10:
        raise Damaged("a short VP8X chunk")
    return 1 + int.from_bytes(extended[4:7], "little"), 1 + int.from_bytes(extended[7:10], "little")


def _size(chunks: dict[bytes, bytes]) -> tuple[int, int]:
    """Of the picture's own data."""
    if len(chunks.get(b"VP8X", bytes(10))) < 10:
        raise Damaged("a short VP8X chunk")
    if len(lossless := chunks.get(b"VP8L", b"")) >= 5 and lossless[0] == 0x2F:
        bits = int.from_bytes(lossless[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if b"VP8L" not in chunks and len(lossy := chunks.get(b"VP8 ", b"")) >= 10 and lossy[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", lossy, 6)
        return width & 0x3FFF, height & 0x3FFF
    raise CutShort("no picture chunk")
