"""What a picture file says about itself before anything is decoded: kind, size, turn, and whether it is complete.

Sources: ITU T.81 (JPEG), the PNG specification (third edition), RFC 9649 (WebP), TIFF 6.0, GIF89a.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from .exif import ORIENTATION, Exif, byte_order, focal_35mm, read_exif, tiff_tags

class Format(StrEnum):
    """What can be opened."""

    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WebP"
    TIFF = "TIFF"
    BMP = "BMP"
    GIF = "GIF"


@dataclass(frozen=True, kw_only=True)
class Header:
    """`width` and `height` are pixels as decoded; `orientation` is Exif's 1..8, to be applied after that.

    `focal_35mm` is the lens's 35 mm equivalent in millimetres, where the file tells it.
    """

    format: Format
    width: int
    height: int
    orientation: int = 1
    animated: bool = False
    focal_35mm: float | None = None

    @property
    def upright_size(self) -> tuple[int, int]:
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


class CutShort(ValueError):
    """The file ends before the picture does."""


class Damaged(ValueError):
    """The file is whole but wrong inside."""


class NotAPicture(ValueError):
    """Nothing that can be opened; the text says what it is instead, where that is known."""


_NO_SIZE = (0, 0)
_FOREIGN_BRANDS = {b"avif": "an AVIF picture", b"avis": "an AVIF picture", b"qt  ": "a video", b"crx ": "a camera raw file"}
_HEIF_BRANDS = (b"hei", b"hev", b"mif", b"msf")
_FOREIGN_MAGIC = {
    b"%PDF": "a PDF document",
    b"8BPS": "a Photoshop file",
    b"BLENDER": "a Blender file",
    b"\xff\x0a": "a JPEG XL picture",
    b"\0\0\0\x0cJXL ": "a JPEG XL picture",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 picture",
    b"v/1\x01": "an OpenEXR picture",
    b"#?RADIANCE": "an HDR picture",
    b"\x1aE\xdf\xa3": "a video",
    b"FUJIFILMCCD-RAW": "a camera raw file",
    b"IIU\0": "a camera raw file",
    b"IIRO": "a camera raw file",
    b"IIRS": "a camera raw file",
    b"<svg": "an SVG drawing",
}


def read_header(data: bytes) -> Header:
    """The header of a whole file's bytes. Raises CutShort, Damaged or NotAPicture."""
    for magic, reader in _READERS.items():
        if data.startswith(magic):
            try:
                return reader(data)
            except (struct.error, IndexError) as error:
                raise CutShort(str(error)) from error
    raise NotAPicture(_foreign_kind(data))


def _foreign_kind(data: bytes) -> str:
    for magic, kind in _FOREIGN_MAGIC.items():
        if data.startswith(magic):
            return kind
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        return "a HEIC picture" if brand[:3] in _HEIF_BRANDS else _FOREIGN_BRANDS.get(brand, "a video")
    return ""


# --- JPEG -----------------------------------------------------------------------------------------------------------

_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # SOF0..SOF15 without DHT, JPG and DAC
_JPEG_ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
_JPEG_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # neither a stuffed byte nor a restart marker


def _read_jpeg(data: bytes) -> Header:
    width, height = _NO_SIZE
    block = b""
    for marker, start, end in _jpeg_segments(data):
        if marker in _JPEG_FRAMES and not width:
            height, width = struct.unpack_from(">HH", data, start + 1)
        elif marker == 0xE1 and data.startswith(b"Exif\0\0", start):
            block = data[start + 6 : end]
    if not width:
        raise CutShort("no frame header")
    return _header(Format.JPEG, width, height, block)


def _header(format: Format, width: int, height: int, exif_block: bytes, *, animated: bool = False) -> Header:
    exif = read_exif(exif_block, width, height) if exif_block else Exif()
    return Header(
        format=format,
        width=width,
        height=height,
        orientation=exif.orientation,
        animated=animated,
        focal_35mm=exif.focal_35mm,
    )


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of each segment's content up to the end-of-image marker; CutShort where there is none."""
    position = 2
    while True:
        position = data.find(b"\xff", position)
        if position < 0:
            raise CutShort("no end-of-image marker")
        marker = data[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        position += 2
        if marker == 0xD9:
            return
        if marker in _JPEG_ALONE or marker == 0:
            continue
        end = position + struct.unpack_from(">H", data, position)[0]
        yield marker, position + 2, end
        if marker == 0xDA:
            scan_end = _JPEG_SCAN_END.search(data, end)
            if scan_end is None:
                raise CutShort("no end-of-image marker")
            end = scan_end.start()
        position = end


# --- PNG ------------------------------------------------------------------------------------------------------------


def _read_png(data: bytes) -> Header:
    width, height = struct.unpack_from(">II", data, 16)
    block, animated = b"", False
    position = 8
    while True:
        (length,) = struct.unpack_from(">I", data, position)
        kind = data[position + 4 : position + 8]
        end = position + 12 + length
        if end > len(data):
            raise CutShort("a chunk runs past the end")
        if zlib.crc32(memoryview(data)[position + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
            raise Damaged(f"the checksum of chunk {kind!r} is wrong")
        if kind == b"eXIf":
            block = data[position + 8 : end - 4]
        elif kind == b"acTL":
            animated = True
        elif kind == b"IEND":
            return _header(Format.PNG, width, height, block, animated=animated)
        position = end


# --- WebP -----------------------------------------------------------------------------------------------------------


def _read_riff(data: bytes) -> Header:
    if data[8:12] != b"WEBP":
        raise NotAPicture("a sound or video")
    if struct.unpack_from("<I", data, 4)[0] + 8 > len(data) + 1:  # some writers leave the last padding byte out
        raise CutShort("the RIFF size runs past the end")
    width, height = _NO_SIZE
    block, animated = b"", False
    position = 12
    while position + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, position)
        start = position + 8
        if not width:
            width, height = _webp_size(data, kind, start)
        if kind == b"EXIF":
            block = data[start : start + length].removeprefix(b"Exif\0\0")
        animated |= kind == b"ANIM"
        position = start + length + length % 2
    if not width:
        raise CutShort("no picture chunk")
    return _header(Format.WEBP, width, height, block, animated=animated)


def _webp_size(data: bytes, kind: bytes, start: int) -> tuple[int, int]:
    if kind == b"VP8X":
        low, high, width_high, height_low, height_mid, height_high = data[start + 4 : start + 10]
        return 1 + low + (high << 8) + (width_high << 16), 1 + height_low + (height_mid << 8) + (height_high << 16)
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, start + 1)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, start + 6)
        return width & 0x3FFF, height & 0x3FFF
    return _NO_SIZE


# --- TIFF -----------------------------------------------------------------------------------------------------------

_WIDTH, _HEIGHT = 256, 257
_STRIPS, _TILES = (273, 279), (324, 325)  # offsets and byte counts


def _read_tiff(data: bytes) -> Header:
    if data[8:10] == b"CR" or b"DNGVersion" in data[:4096]:
        raise NotAPicture("a camera raw file")
    tags = tiff_tags(data, byte_order(data))
    for offsets, counts in (_STRIPS, _TILES):
        if any(a + b > len(data) for a, b in zip(tags.get(offsets, ()), tags.get(counts, ()), strict=False)):
            raise CutShort("a strip runs past the end")
    if not (tags.get(_WIDTH) and tags.get(_HEIGHT)):
        raise CutShort("no size")
    width, height = int(tags[_WIDTH][0]), int(tags[_HEIGHT][0])
    focal = focal_35mm(data, tags, width, height)
    # OpenCV's TIFF reader applies the orientation itself, whatever the flags.
    if tags.get(ORIENTATION, (1,))[0] >= 5:
        width, height = height, width
    return Header(format=Format.TIFF, width=width, height=height, focal_35mm=focal)


# --- BMP and GIF ----------------------------------------------------------------------------------------------------


def _read_bmp(data: bytes) -> Header:
    offset, header_size = struct.unpack_from("<II", data, 10)
    if header_size == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression = 0
    elif header_size in (40, 52, 56, 64, 108, 124):
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    else:
        raise NotAPicture("")
    stride = (width * bits + 31) // 32 * 4
    if compression in (0, 3) and offset + stride * abs(height) > len(data):
        raise CutShort("the rows run past the end")
    return Header(format=Format.BMP, width=width, height=abs(height))


def _read_gif(data: bytes) -> Header:
    width, height = struct.unpack_from("<HH", data, 6)
    return Header(format=Format.GIF, width=width, height=height)


_READERS = {
    b"\xff\xd8\xff": _read_jpeg,
    b"\x89PNG\r\n\x1a\n": _read_png,
    b"RIFF": _read_riff,
    b"II*\0": _read_tiff,
    b"MM\0*": _read_tiff,
    b"BM": _read_bmp,
    b"GIF87a": _read_gif,
    b"GIF89a": _read_gif,
}
