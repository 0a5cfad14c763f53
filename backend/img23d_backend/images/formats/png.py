"""PNG without its animation: chunks, samples, transparency. Source: the PNG specification (third edition)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from ..metadata.exif import Exif, read_exif
from .bands import Bands
from .header import CutShort, Damaged, Format, Header
from .png_rows import Grid, read_bands
from .samples import DIVISOR_OF_16_BITS, looked_up, to_8_bits

_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by the colour type
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_PALETTE = 3
_MOST_PROFILE = 1 << 23  # bytes, unpacked
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))  # x, y and their steps


@dataclass(frozen=True, kw_only=True)
class Parts:
    """`data` are the contents of the IDAT chunks, `others` the first of each other kind that is read."""

    width: int
    height: int
    bits: int
    color: int
    is_interlaced: bool
    data: list[memoryview]
    others: dict[bytes, bytes] = field(default_factory=dict)

    @property
    def channels(self) -> int:
        return _CHANNELS[self.color]

    def grids(self) -> list[tuple[tuple[int, int, int, int], Grid]]:
        """Where each pass lies in the picture, and its rows; passes without a pixel are not in the file."""
        passes = _ADAM7 if self.is_interlaced else ((0, 0, 1, 1),)
        sizes = ((one, -(-(self.width - one[0]) // one[2]), -(-(self.height - one[1]) // one[3])) for one in passes)
        return [(one, Grid(width=width, height=height, bits=self.bits, channels=self.channels)) for one, width, height in sizes if width > 0 and height > 0]


def read_header(data: bytes) -> Header:
    parts = _read_parts(data)
    block = parts.others.get(b"eXIf", b"")
    exif = read_exif(block.removeprefix(b"Exif\0\0"), parts.width, parts.height) if block else Exif()
    raw = sum(grid.height * (1 + grid.row_bytes) for _, grid in parts.grids())
    return Header(
        format=Format.PNG,
        width=parts.width,
        height=parts.height,
        orientation=exif.orientation,
        animated=b"acTL" in parts.others,
        focal_35mm=exif.focal_35mm,
        profile=_profile(parts.others.get(b"iCCP", b"")),
        is_adobe_rgb=exif.is_adobe_rgb,
        held=parts.width * parts.height * (parts.channels * max(1, parts.bits // 8) + 4) if parts.is_interlaced else 0,
        # Rows of 16 bits go through twice where their values turn out to end at 255.
        worked=max(raw * (2 if parts.bits == 16 else 1), parts.width * parts.height),
    )


def decode(data: bytes, factor: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """(H, W, 3 or 4) uint8, not turned, and what there is to say. Raises CutShort or Damaged."""
    parts = _read_parts(data)
    if parts.bits < 16:
        return _decode(parts, factor, 1)[0], ()
    pixels, brightest = _decode(parts, factor, DIVISOR_OF_16_BITS)
    if brightest > 255:
        return pixels, ()
    note = "The picture is said to have 16 bits but its values end at 255, so they were taken as 8 bits."
    return _decode(parts, factor, 1)[0], (note,)


def samples(data: bytes) -> np.ndarray:
    """(H, W, channels) uint8 or uint16 as they are in the file, such as places in its palette. Raises CutShort or Damaged."""
    parts = _read_parts(data)
    if parts.is_interlaced:
        return _deinterlaced(parts)
    ((_, grid),) = parts.grids()
    return np.concatenate(list(read_bands(parts.data, [grid])))


def colorimetry(data: bytes) -> dict[bytes, bytes]:
    """The contents of the chunks that say what the colours mean: cICP, sRGB, gAMA, cHRM."""
    others = _read_parts(data).others
    return {kind: others[kind] for kind in (b"cICP", b"sRGB", b"gAMA", b"cHRM") if kind in others}


def _decode(parts: Parts, factor: int, divisor: int) -> tuple[np.ndarray, int]:
    """And the largest sample that is not alpha."""
    painter = _Painter(parts, divisor)
    if parts.is_interlaced:
        bands = Bands(parts.width, parts.height, factor)
        bands.add(painter.paint(_deinterlaced(parts)))
        return bands.picture(), painter.brightest
    ((_, grid),) = parts.grids()
    bands = Bands(parts.width, parts.height, factor)
    for rows in read_bands(parts.data, [grid]):
        bands.add(painter.paint(rows))
    return bands.picture(), painter.brightest


def _deinterlaced(parts: Parts) -> np.ndarray:
    """(H, W, channels) samples."""
    whole = np.zeros((parts.height, parts.width, parts.channels), np.uint16 if parts.bits == 16 else np.uint8)
    grids = parts.grids()
    bands = read_bands(parts.data, [grid for _, grid in grids])
    for (left, top, across, down), grid in grids:
        row = top
        while row < top + down * grid.height:
            band = next(bands)
            whole[row : row + down * len(band) : down, left::across] = band
            row += down * len(band)
    return whole


class _Painter:
    """From samples to RGB or RGBA in 8 bits."""

    def __init__(self, parts: Parts, divisor: int) -> None:
        self._parts, self._divisor = parts, divisor
        self.brightest = 0
        transparency = parts.others.get(b"tRNS")
        self._key = _key(parts, transparency) if transparency is not None and parts.color in (0, 2) else None
        self._colors = _palette(parts, transparency or b"") if parts.color == _PALETTE else None

    def paint(self, samples: np.ndarray) -> np.ndarray:
        """(H, W, channels) to (H, W, 3 or 4) uint8."""
        import cv2

        if self._colors is not None:
            return looked_up(self._colors, samples[:, :, 0])
        colors = samples[:, :, : 3 if self._parts.color in (2, 6) else 1]
        alpha = samples[:, :, -1] if self._parts.color in (4, 6) else None
        if self._parts.bits == 16:
            self.brightest = max(self.brightest, int(colors.max()))
        alpha8 = None if alpha is None else to_8_bits(alpha, self._parts.bits, self._divisor)
        if self._key is not None:
            alpha8 = np.where((colors == self._key).all(axis=2), np.uint8(0), np.uint8(255))
        colors8 = to_8_bits(colors, self._parts.bits, self._divisor)
        if colors8.shape[2] == 1:
            colors8 = cv2.cvtColor(np.ascontiguousarray(colors8), cv2.COLOR_GRAY2RGB)
        return colors8 if alpha8 is None else np.dstack([colors8, alpha8])


def _key(parts: Parts, transparency: bytes) -> np.ndarray | None:
    """The one colour that is clear, in the picture's own samples."""
    if len(transparency) < 2 * parts.channels:
        return None
    return np.frombuffer(transparency[: 2 * parts.channels], ">u2") & (2**parts.bits - 1)


def _palette(parts: Parts, transparency: bytes) -> np.ndarray:
    """(256, 3 or 4) uint8. An index beyond the palette is black, as in the reference decoder."""
    given = np.frombuffer(parts.others[b"PLTE"][:768], np.uint8)
    colors = np.zeros((256, 4 if transparency else 3), np.uint8)
    colors[: len(given) // 3, :3] = given[: len(given) // 3 * 3].reshape(-1, 3)
    if transparency:
        colors[:, 3] = 255
        colors[: min(256, len(transparency)), 3] = np.frombuffer(transparency[:256], np.uint8)
    return colors


# --- chunks -----------------------------------------------------------------------------------------------------------


def _read_parts(data: bytes) -> Parts:
    """Raises CutShort or Damaged."""
    packed: list[memoryview] = []
    others: dict[bytes, bytes] = {}
    for kind, content in _chunks(data):
        if kind == b"IDAT":
            packed.append(content)
        elif kind in (b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"iCCP", b"acTL", b"cICP", b"sRGB", b"gAMA", b"cHRM"):
            others.setdefault(kind, bytes(content))
    if len(others.get(b"IHDR", b"")) != 13 or not packed:
        raise Damaged("no header or no picture")
    width, height, bits, color, _, _, interlace = struct.unpack(">IIBBBBB", others[b"IHDR"])
    if bits not in _DEPTHS.get(color, ()) or interlace > 1 or others[b"IHDR"][10:12] != b"\0\0" or not (width and height):
        raise Damaged("impossible values in the header")
    if color == _PALETTE and b"PLTE" not in others:
        raise Damaged("no palette")
    return Parts(width=width, height=height, bits=bits, color=color, is_interlaced=bool(interlace), data=packed, others=others)


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Up to IEND; CutShort where there is none."""
    view, position = memoryview(data), 8
    while True:
        (length,) = struct.unpack_from(">I", data, position)
        kind, end = data[position + 4 : position + 8], position + 12 + length
        if end > len(data):
            raise CutShort("a chunk runs past the end")
        if zlib.crc32(view[position + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
            raise Damaged(f"the checksum of chunk {kind!r} is wrong")
        if kind == b"IEND":
            return
        yield kind, view[position + 8 : end - 4]
        position = end


def _profile(content: bytes) -> bytes:
    """Behind its name and a byte for the method; one that cannot be unpacked is none."""
    _, _, packed = content.partition(b"\0")
    try:
        return zlib.decompressobj().decompress(packed[1:], _MOST_PROFILE)
    except zlib.error:
        return b""
