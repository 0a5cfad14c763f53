"""The first frame of a GIF, since no OpenCV for NumPy 1.26 reads any (see docs/comparisons.md). Source: the GIF89a specification (CompuServe, 1990)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from .bands import Bands
from .header import CutShort, Damaged, Format, Header
from .samples import looked_up

_EXTENSION, _IMAGE = 0x21, 0x2C
_GRAPHIC_CONTROL = 0xF9
_INTERLACED = 0x40
_MAX_CODES = 4096  # a code has at most 12 bits
_INTERLACE = ((0, 8), (4, 8), (2, 4), (1, 2))  # first row and step of each pass
_MOST_PIXELS = 60_000_000  # of a frame or a canvas: far more than GIFs are made of
_BAND = 1 << 21  # pixels


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The first one: where it lies on the canvas (width, height), its colours (256, 4) RGBA, and its packed indices."""

    canvas: tuple[int, int]
    left: int
    top: int
    width: int
    height: int
    is_interlaced: bool
    colors: np.ndarray
    code_size: int
    packed: bytes
    animated: bool


def read_header(data: bytes) -> Header:
    """Of the canvas, which is larger than the screen where the frame is."""
    frame = _read_frame(data)
    width, height = frame.canvas
    if width * height > _MOST_PIXELS:
        return Header(format=Format.GIF, width=width, height=height, held=1 << 62)
    pixels = frame.width * frame.height
    return Header(format=Format.GIF, width=width, height=height, animated=frame.animated, held=2 * pixels, worked=pixels)


def decode(data: bytes, factor: int) -> np.ndarray:
    """(H, W, 4) uint8, straight alpha. Raises CutShort or Damaged."""
    frame = _read_frame(data)
    indices = np.frombuffer(_unpack(frame.packed, frame.code_size, frame.width * frame.height), np.uint8)
    indices = indices.reshape(frame.height, frame.width)
    if frame.is_interlaced:
        indices = _deinterlace(indices)
    width, height = frame.canvas
    bands = Bands(width, height, factor)
    step = max(1, _BAND // width)
    for top in range(0, height, step):
        band = np.zeros((min(step, height - top), width, 4), np.uint8)
        rows = indices[max(0, top - frame.top) : max(0, top - frame.top + len(band))]
        start = max(0, frame.top - top)
        band[start : start + len(rows), frame.left : frame.left + frame.width] = looked_up(frame.colors, rows)
        bands.add(band)
    return bands.picture()


# --- reading ----------------------------------------------------------------------------------------------------------


def _read_frame(data: bytes) -> Frame:
    """Raises CutShort when the file ends inside the first frame."""
    try:
        return _frame(data)
    except (struct.error, IndexError) as error:
        raise CutShort(str(error)) from error


def _frame(data: bytes) -> Frame:
    screen_width, screen_height, flags = struct.unpack_from("<HHB", data, 6)
    palette, position = _read_palette(data, 13, flags)
    transparent: int | None = None
    while data[position] == _EXTENSION:
        if data[position + 1] == _GRAPHIC_CONTROL:
            transparent = data[position + 6] if data[position + 3] & 1 else None
        _, position = _read_blocks(data, position + 2)
    if data[position] != _IMAGE:
        raise CutShort("no frame")
    left, top, width, height, flags = struct.unpack_from("<HHHHB", data, position + 1)
    local_palette, position = _read_palette(data, position + 10, flags)
    packed, end = _read_blocks(data, position + 1)
    if not 1 <= data[position] <= 8 or not (width and height):
        raise Damaged("an impossible code size, or a frame without a pixel")
    return Frame(
        canvas=(max(screen_width, left + width), max(screen_height, top + height)),
        left=left,
        top=top,
        width=width,
        height=height,
        is_interlaced=bool(flags & _INTERLACED),
        colors=_with_alpha(local_palette if len(local_palette) else palette, transparent),
        code_size=data[position],
        packed=packed,
        animated=_has_more(data, end),
    )


def _read_palette(data: bytes, position: int, flags: int) -> tuple[np.ndarray, int]:
    """The colour table (N, 3) that the flags announce, and where it ends."""
    if not flags & 0x80:
        return np.zeros((0, 3), np.uint8), position
    end = position + 3 * (2 << (flags & 7))
    if end > len(data):
        raise CutShort("the colour table runs past the end")
    return np.frombuffer(data[position:end], np.uint8).reshape(-1, 3), end


def _with_alpha(palette: np.ndarray, transparent: int | None) -> np.ndarray:
    colors = np.zeros((256, 4), np.uint8)
    colors[:, 3] = 255
    colors[: len(palette), :3] = palette
    if transparent is not None:
        colors[transparent, 3] = 0
    return colors


def _read_blocks(data: bytes, position: int) -> tuple[bytes, int]:
    """The joined sub-blocks and the position after their terminator."""
    parts = []
    while length := data[position]:
        parts.append(data[position + 1 : position + 1 + length])
        position += 1 + length
    return b"".join(parts), position + 1


def _has_more(data: bytes, position: int) -> bool:
    try:
        while data[position] == _EXTENSION:
            _, position = _read_blocks(data, position + 2)
        return data[position] == _IMAGE
    except IndexError:  # the file ends behind the first frame, which is all that is wanted
        return False


# --- unpacking --------------------------------------------------------------------------------------------------------


def _unpack(packed: bytes, code_size: int, pixel_count: int) -> bytearray:
    """GIF's LZW with codes of growing width, least significant bit first."""
    clear, end = 1 << code_size, (1 << code_size) + 1
    roots = [bytes([value]) for value in range(clear)] + [b"", b""]
    table, width, previous = roots.copy(), code_size + 1, b""
    indices = bytearray()
    bits = bit_count = 0
    for byte in packed:
        bits |= byte << bit_count
        bit_count += 8
        while bit_count >= width:
            code = bits & ((1 << width) - 1)
            bits >>= width
            bit_count -= width
            if code == end:
                raise CutShort("the frame ends early")
            if code == clear:
                table, width, previous = roots.copy(), code_size + 1, b""
                continue
            piece = _piece(table, code, previous)
            indices += piece
            if len(indices) >= pixel_count:
                del indices[pixel_count:]
                return indices
            if previous and len(table) < _MAX_CODES:
                table.append(previous + piece[:1])
                width += len(table) == 1 << width and width < 12
            previous = piece
    raise CutShort("the frame ends early")


def _piece(table: list[bytes], code: int, previous: bytes) -> bytes:
    if code < len(table):
        return table[code]
    if not previous:
        raise CutShort("a code without meaning")
    return previous + previous[:1]  # the one code that is used before it is defined


def _deinterlace(rows: np.ndarray) -> np.ndarray:
    order = [row for first, step in _INTERLACE for row in range(first, len(rows), step)]
    result = np.empty_like(rows)
    result[order] = rows
    return result
