"""The rows of a PNG: unpacked in pieces, their filters checked, and undone by OpenCV in a PNG of ours.

The filters work on bytes and on the pixel before, so any picture's rows are also those of a plain one with as many bytes a pixel.
Paeth's filter depends on the byte before it, which makes Python a hundred times slower than the library.
Source: the PNG specification (third edition), sections 9 and 10.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from . import opencv
from .header import CutShort, Damaged
from .samples import unpacked

_BAND_BYTES, _BAND_PIXELS = 1 << 22, 1 << 21
_CHUNK_BYTES = 1 << 22  # OpenCV warns of longer ones
_FILTERS = 5
# Bytes a pixel -> bits and colour type of a picture of ours
_STAND_INS = {1: (8, 0), 2: (16, 0), 3: (8, 2), 4: (8, 6), 6: (16, 2), 8: (16, 6)}


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A picture, or one pass of an interlaced one."""

    width: int
    height: int
    bits: int
    channels: int

    @property
    def row_bytes(self) -> int:
        return (self.width * self.channels * self.bits + 7) // 8

    @property
    def pixel_bytes(self) -> int:
        """The distance of the filters."""
        return max(1, self.channels * self.bits // 8)


def read_bands(packed: Sequence[memoryview], grids: Sequence[Grid]) -> Iterator[np.ndarray]:
    """(H, W, channels) samples in bands of rows, grid after grid. Raises CutShort or Damaged."""
    stream = _Stream(packed)
    for grid in grids:
        above = np.zeros(grid.row_bytes, np.uint8)
        stride = 1 + grid.row_bytes
        step = max(1, min(_BAND_BYTES // stride, _BAND_PIXELS // grid.width))
        for row in range(0, grid.height, step):
            count = min(step, grid.height - row)
            filtered = np.frombuffer(stream.read(count * stride), np.uint8).reshape(count, stride)
            if filtered[:, 0].max() >= _FILTERS:
                raise Damaged("an impossible filter")
            plain = _unfiltered(filtered, above, grid)
            above = plain[-1].copy()
            yield _samples(plain, grid)


def _samples(rows: np.ndarray, grid: Grid) -> np.ndarray:
    if grid.bits < 16:
        return unpacked(rows, grid.width, grid.bits, grid.channels)
    return rows.view(">u2").astype(np.uint16).reshape(len(rows), grid.width, grid.channels)


class _Stream:
    """The deflated rows, as many bytes at a time as are asked for."""

    def __init__(self, packed: Sequence[memoryview]) -> None:
        self._packed = iter(packed)
        self._inflater = zlib.decompressobj()

    def read(self, size: int) -> bytes:
        parts: list[bytes] = []
        while size:
            part = self._next(size)
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _next(self, most: int) -> bytes:
        """At least one byte."""
        given: bytes | memoryview | None = self._inflater.unconsumed_tail
        while given is not None and not self._inflater.eof:
            try:
                part = self._inflater.decompress(given, most)
            except zlib.error as error:
                raise Damaged(str(error)) from error
            if part:
                return part
            given = next(self._packed, None)
        raise CutShort("rows are missing")


def _unfiltered(filtered: np.ndarray, above: np.ndarray, grid: Grid) -> np.ndarray:
    """(H, row bytes) uint8. `above` is the plain row before the first one."""
    if not filtered[:, 0].any():
        return np.ascontiguousarray(filtered[:, 1:])
    first = np.concatenate([np.zeros(1, np.uint8), above])[None]
    return _decoded(np.concatenate([first, filtered]), grid)[1:]


def _decoded(rows: np.ndarray, grid: Grid) -> np.ndarray:
    """Undo the filters of rows that begin with a filter byte each; (H, row bytes) uint8."""
    bits, color = _STAND_INS[grid.pixel_bytes]
    width = grid.row_bytes // grid.pixel_bytes
    header = struct.pack(">IIBBBBB", width, len(rows), bits, color, 0, 0, 0)
    body = zlib.compress(rows.data, 0)  # stored, not packed: only to be unpacked again
    packed = [_chunk(b"IDAT", body[at : at + _CHUNK_BYTES]) for at in range(0, len(body), _CHUNK_BYTES)]
    file = b"".join([b"\x89PNG\r\n\x1a\n", _chunk(b"IHDR", header), *packed, _chunk(b"IEND", b"")])
    stored = opencv.decode(file, "PNG")
    if stored.ndim == 3:
        stored = opencv.in_rgb_order(stored)
    if bits == 16:
        stored = stored.byteswap()  # to the file's order, the highest byte first
    return np.ascontiguousarray(stored).reshape(len(rows), -1).view(np.uint8)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return b"".join([struct.pack(">I", len(content)), kind, content, struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))])
