"""A BMP decoder of our own: OpenCV's reader bounds nothing. Source: Microsoft's BITMAPINFOHEADER, BITMAPV4HEADER and RLE pages."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from .bands import Bands
from .header import CutShort, Damaged, Format, Header, NotAPicture
from .samples import looked_up, unpacked

_PLAIN, _RLE8, _RLE4, _MASKS, _ALPHA_MASKS = 0, 1, 2, 3, 6  # compressions
_OLD_HEADER = 12
_HEADERS = (40, 52, 56, 64, 108, 124)
_BAND_PIXELS = 1 << 21
_MASKS_OF_555 = (0x7C00, 0x03E0, 0x001F, 0)
_MASKS_OF_888 = (0xFF0000, 0xFF00, 0xFF, 0)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """`start` is where the rows lie; `masks` are for red, green, blue and alpha of 16 or 32 bits."""

    width: int
    height: int
    is_upwards: bool
    bits: int
    compression: int
    start: int
    palette: np.ndarray
    masks: tuple[int, ...]

    @property
    def stride(self) -> int:
        return (self.width * self.bits + 31) // 32 * 4


def read_header(data: bytes) -> Header:
    parts = _read_parts(data)
    pixels = parts.width * parts.height
    is_packed = parts.compression in (_RLE8, _RLE4)
    return Header(format=Format.BMP, width=parts.width, height=parts.height, held=3 * pixels if is_packed else 0, worked=pixels)


def decode(data: bytes, factor: int) -> np.ndarray:
    """(H, W, 3 or 4) uint8. Raises CutShort or Damaged."""
    parts = _read_parts(data)
    step = max(1, _BAND_PIXELS // parts.width)
    bands = Bands(parts.width, parts.height, factor)
    is_packed = parts.compression in (_RLE8, _RLE4)
    indices = _run_lengths(data[parts.start :], parts) if is_packed else np.empty((0, 0), np.uint8)
    for top in range(0, parts.height, step):
        count = min(step, parts.height - top)
        if is_packed:
            bands.add(looked_up(parts.palette, indices[top : top + count]))
        else:
            bands.add(_colors(_rows(data, parts, top, count), parts))
    pixels = bands.picture()
    # Many writers reserve a place for alpha and leave it at 0.
    return pixels[:, :, :3] if pixels.shape[2] == 4 and not pixels[:, :, 3].any() else pixels


def _rows(data: bytes, parts: Parts, top: int, count: int) -> np.ndarray:
    """(count, stride) uint8 from the picture's row `top` downwards."""
    first = parts.height - top - count if parts.is_upwards else top
    rows = np.frombuffer(data, np.uint8, count * parts.stride, parts.start + first * parts.stride).reshape(count, -1)
    return rows[::-1] if parts.is_upwards else rows


def _colors(rows: np.ndarray, parts: Parts) -> np.ndarray:
    if parts.bits <= 8:
        return looked_up(parts.palette, unpacked(np.ascontiguousarray(rows), parts.width, parts.bits)[:, :, 0])
    pixels = rows[:, : parts.width * parts.bits // 8]
    if parts.bits == 24:
        return pixels.reshape(len(rows), parts.width, 3)[:, :, ::-1]
    values = np.ascontiguousarray(pixels).view(f"<u{parts.bits // 8}").astype(np.uint32)
    return np.stack([_channel(values, mask) for mask in parts.masks if mask], axis=2)


def _channel(values: np.ndarray, mask: int) -> np.ndarray:
    """The masked bits as bytes, of which the largest is 255."""
    low = (mask & -mask).bit_length() - 1
    most = mask >> low
    return np.rint(((values & mask) >> low) * (255 / most)).astype(np.uint8)


# --- reading ----------------------------------------------------------------------------------------------------------


def _read_parts(data: bytes) -> Parts:
    """Raises CutShort, Damaged, NotAPicture or struct.error."""
    start, size = struct.unpack_from("<II", data, 10)
    if size == _OLD_HEADER:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression, used = _PLAIN, 0
    elif size in _HEADERS:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
        used = struct.unpack_from("<I", data, 46)[0]
    else:
        raise NotAPicture("")
    _check(width, height, bits, compression)
    parts = Parts(
        width=width,
        height=abs(height),
        is_upwards=height > 0,
        bits=bits,
        compression=compression,
        start=start,
        palette=_palette(data, size, bits, used, start),
        masks=_masks(data, size, bits, compression),
    )
    if compression not in (_RLE8, _RLE4) and start + parts.stride * parts.height > len(data):
        raise CutShort("the rows run past the end")
    return parts


def _check(width: int, height: int, bits: int, compression: int) -> None:
    depths = {_PLAIN: (1, 4, 8, 16, 24, 32), _RLE8: (8,), _RLE4: (4,), _MASKS: (16, 32), _ALPHA_MASKS: (16, 32)}
    if width <= 0 or not height or bits not in depths.get(compression, ()):
        raise Damaged(f"a picture of {width} x {height} pixels of {bits} bits in compression {compression}")


def _palette(data: bytes, size: int, bits: int, used: int, start: int) -> np.ndarray:
    """(256, 3) uint8; what it lacks is black."""
    colors = np.zeros((256, 3), np.uint8)
    if bits > 8:
        return colors
    each = 3 if size == _OLD_HEADER else 4
    count = min(used or 2**bits, 2**bits, max(0, min(start, len(data)) - 14 - size) // each)
    given = np.frombuffer(data, np.uint8, count * each, 14 + size if count else 0).reshape(count, each)
    colors[:count] = given[:, 2::-1]
    return colors


def _masks(data: bytes, size: int, bits: int, compression: int) -> tuple[int, ...]:
    """Each 0 or bits that lie side by side. The fourth byte of a plain 32-bit pixel means nothing."""
    if compression not in (_MASKS, _ALPHA_MASKS):
        return _MASKS_OF_555 if bits == 16 else _MASKS_OF_888
    has_alpha = compression == _ALPHA_MASKS or size >= 56
    given = (*struct.unpack_from("<III", data, 54), struct.unpack_from("<I", data, 66)[0] if has_alpha else 0)
    masks = tuple(mask & (2**bits - 1) for mask in given)
    if not all(masks[:3]) or not all(_is_one_stretch(mask) for mask in masks):
        raise Damaged(f"impossible masks {masks}")
    return masks


def _is_one_stretch(mask: int) -> bool:
    lowest = mask & -mask
    return mask == 0 or (mask + lowest) & mask == 0


def _run_lengths(packed: bytes, parts: Parts) -> np.ndarray:
    """(H, W) indices from the top; pixels that are skipped are 0. A stream that ends early is a file that was cut off."""
    indices = np.zeros((parts.height, parts.width), np.uint8)
    is_nibbles = parts.compression == _RLE4
    row = column = at = 0
    while True:
        if at + 2 > len(packed):
            raise CutShort("the runs end early")
        count, value = packed[at], packed[at + 1]
        at += 2
        if count:
            run = _nibbles(bytes([value]) * ((count + 1) // 2), count) if is_nibbles else value
            column = _put(indices, row, column, run, count)
        elif value == 0:
            row, column = row + 1, 0
        elif value == 1:
            return indices[::-1] if parts.is_upwards else indices
        elif value == 2:
            if at + 2 > len(packed):
                raise CutShort("the runs end early")
            column, row, at = column + packed[at], row + packed[at + 1], at + 2
        else:
            length = (value + 1) // 2 if is_nibbles else value
            stretch = packed[at : at + length]
            if len(stretch) < length:
                raise CutShort("the runs end early")
            given = _nibbles(stretch, value) if is_nibbles else np.frombuffer(stretch, np.uint8)
            column = _put(indices, row, column, given, value)
            at += length + length % 2


def _nibbles(packed: bytes, count: int) -> np.ndarray:
    return unpacked(np.frombuffer(packed, np.uint8)[None], count, 4)[0, :, 0]


def _put(indices: np.ndarray, row: int, column: int, values: np.ndarray | int, count: int) -> int:
    """What lies outside of the picture is left out; returns the next column."""
    if row < len(indices) and column < indices.shape[1]:
        kept = min(count, indices.shape[1] - column)
        indices[row, column : column + kept] = values if isinstance(values, int) else values[:kept]
    return column + count
