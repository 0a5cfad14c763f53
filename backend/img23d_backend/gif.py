"""The first frame of a GIF, since OpenCV's wheel reads none. Source: the GIF89a specification (CompuServe, 1990)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from .image_formats import CutShort

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_GRAPHIC_CONTROL = 0xF9
_MAX_CODES = 4096  # a code has at most 12 bits
_INTERLACE = ((0, 8), (4, 8), (2, 4), (1, 2))  # first row and step of each pass


@dataclass(frozen=True, kw_only=True)
class GifFrame:
    """`rgba` (H, W, 4) uint8, straight alpha, over the whole canvas."""

    rgba: np.ndarray
    animated: bool


def read_first_frame(data: bytes) -> GifFrame:
    """Raises CutShort when the file ends inside the first frame."""
    try:
        return _read(data)
    except (struct.error, IndexError) as error:
        raise CutShort(str(error)) from error


def _read(data: bytes) -> GifFrame:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    palette, position = _read_palette(data, 13, flags)
    transparent: int | None = None
    while data[position] == _EXTENSION:
        if data[position + 1] == _GRAPHIC_CONTROL:
            transparent = data[position + 6] if data[position + 3] & 1 else None
        _, position = _read_blocks(data, position + 2)
    if data[position] != _IMAGE:
        raise CutShort("no frame")
    left, top, frame_width, frame_height, flags = struct.unpack_from("<HHHHB", data, position + 1)
    local_palette, position = _read_palette(data, position + 10, flags)
    code_size = data[position]
    packed, position = _read_blocks(data, position + 1)
    indices = np.frombuffer(_unpack(packed, code_size, frame_width * frame_height), np.uint8)
    indices = indices.reshape(frame_height, frame_width)
    if flags & 0x40:
        indices = _deinterlace(indices)
    canvas = np.zeros((max(height, top + frame_height), max(width, left + frame_width), 4), np.uint8)
    colors = _with_alpha(local_palette if len(local_palette) else palette, transparent)
    canvas[top : top + frame_height, left : left + frame_width] = colors[indices]
    return GifFrame(rgba=canvas, animated=_has_more(data, position))


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


def _unpack(packed: bytes, code_size: int, pixel_count: int) -> bytes:
    """GIF's LZW with codes of growing width, least significant bit first."""
    if not 1 <= code_size <= 11:
        raise CutShort("an impossible code size")
    clear, end = 1 << code_size, (1 << code_size) + 1
    roots = [bytes([value & 255]) for value in range(clear)] + [b"", b""]
    table, width, previous = roots.copy(), code_size + 1, b""
    pieces: list[bytes] = []
    bits = bit_count = length = 0
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
            pieces.append(piece)
            length += len(piece)
            if length >= pixel_count:
                return b"".join(pieces)[:pixel_count]
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


def _has_more(data: bytes, position: int) -> bool:
    while position < len(data) and data[position] == _EXTENSION:
        _, position = _read_blocks(data, position + 2)
    return position < len(data) and data[position] == _IMAGE
