"""The strips or tiles of a TIFF's page, unpacked and put side by side into bands of rows.

LZW and fax codes are undone by libtiff in OpenCV, each block as a small file of ours; the rest by the standard library and NumPy.
Source: TIFF 6.0; Adobe's technical note 3 (predictors) and Photoshop TIFF notes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from . import jpeg, opencv
from .header import CutShort, Damaged
from .samples import unpacked

_NONE, _FAX, _LZW, _JPEG, _DEFLATE, _PACKBITS = (1,), (2, 3, 4), (5,), (7,), (8, 32946), (32773,)
_KNOWN = {*_NONE, *_FAX, *_LZW, *_JPEG, *_DEFLATE, *_PACKBITS}
_DIFFERENCES, _FLOAT_DIFFERENCES = 2, 3  # predictors
_ADOBE = b"Adobe\0\x64\0\0\0\0"  # APP14, before the byte that says whether the components are RGB (0) or YCbCr (1)
_REVERSED = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)[:, ::-1], axis=1)[:, 0]
_BAND_BYTES = 1 << 24


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """`block_width` x `block_height` pixels each, row by row; with separate planes one after the other. Strips are as wide as the page."""

    width: int
    height: int
    bits: int
    samples: int
    is_planar: bool
    block_width: int
    block_height: int
    offsets: np.ndarray
    counts: np.ndarray
    compression: int
    predictor: int
    order: str
    is_reversed: bool
    fax_options: tuple[int, int]
    jpeg_tables: bytes
    is_ycc: bool

    def __post_init__(self) -> None:
        if self.compression not in _KNOWN or not (self.block_width > 0 and self.block_height > 0):
            raise Damaged(f"compression {self.compression}, blocks of {self.block_width} x {self.block_height}")
        if self.bits not in (1, 2, 4, 8, 16, 32, 64) or self.predictor not in (1, 2, 3):
            raise Damaged(f"samples of {self.bits} bits with predictor {self.predictor}")
        if self.block_width > 2 * self.width + 1024 or self.block_height > 2 * self.height + 1024:
            raise Damaged("a tile far larger than the page")
        if min(len(self.offsets), len(self.counts)) < self.count:
            raise CutShort("strips are missing")

    @property
    def across(self) -> int:
        return -(-self.width // self.block_width)

    @property
    def down(self) -> int:
        return -(-self.height // self.block_height)

    @property
    def planes(self) -> int:
        return self.samples if self.is_planar else 1

    @property
    def count(self) -> int:
        return self.across * self.down * self.planes

    @property
    def block_samples(self) -> int:
        return 1 if self.is_planar else self.samples

    @property
    def row_bytes(self) -> int:
        return (self.block_width * self.block_samples * self.bits + 7) // 8

    @property
    def largest_bytes(self) -> int:
        return self.row_bytes * self.block_height

    @property
    def held(self) -> int:
        """Bytes while a row of blocks is unpacked; libtiff makes 32 bits of each pixel of a fax."""
        each = 40 if self.compression in _FAX else 4
        return each * self.largest_bytes * self.across * self.planes


def read_blocks(data: bytes, blocks: Blocks) -> Iterator[np.ndarray]:
    """(H, W, samples) in bands of rows; whole numbers unsigned, floating point as it is. Raises CutShort or Damaged."""
    for row in range(blocks.down):
        height = min(blocks.block_height, blocks.height - row * blocks.block_height)
        planes = [_row_of_blocks(data, blocks, plane, row, height) for plane in range(blocks.planes)]
        yield planes[0] if len(planes) == 1 else np.concatenate(planes, axis=2)


def _row_of_blocks(data: bytes, blocks: Blocks, plane: int, row: int, height: int) -> np.ndarray:
    first = (plane * blocks.down + row) * blocks.across
    is_strip = blocks.across == 1 and blocks.block_width == blocks.width
    parts = [_block(data, blocks, first + column, height if is_strip else blocks.block_height) for column in range(blocks.across)]
    whole = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
    return whole[:height, : blocks.width]


def _block(data: bytes, blocks: Blocks, index: int, height: int) -> np.ndarray:
    """(height, block width, samples of a block)."""
    start, length = int(blocks.offsets[index]), int(blocks.counts[index])
    if start < 0 or length < 0 or start + length > len(data):
        raise CutShort("a strip runs past the end")
    packed = data[start : start + length]
    if blocks.compression in _JPEG:
        return _jpeg(packed, blocks, height)
    if blocks.is_reversed:
        packed = _REVERSED[np.frombuffer(packed, np.uint8)].tobytes()
    rows = _unpacked(packed, blocks, height)
    return _samples(rows, blocks)


# --- compressions -----------------------------------------------------------------------------------------------------


def _unpacked(packed: bytes, blocks: Blocks, height: int) -> np.ndarray:
    """(height, row bytes) uint8."""
    size = blocks.row_bytes * height
    if blocks.compression in _DEFLATE:
        try:
            plain: bytes | bytearray = zlib.decompressobj().decompress(packed, size)
        except zlib.error as error:
            raise Damaged(str(error)) from error
    elif blocks.compression in _PACKBITS:
        plain = _packbits(packed, size)
    elif blocks.compression in _LZW + _FAX:
        return _by_library(packed, blocks, height)
    else:
        plain = packed[:size]
    if len(plain) < size:
        raise CutShort("a strip ends early")
    return np.frombuffer(plain, np.uint8).reshape(height, blocks.row_bytes)


def _packbits(packed: bytes, size: int) -> bytearray:
    plain, at = bytearray(), 0
    while len(plain) < size and at + 1 < len(packed):
        count = packed[at]
        if count < 128:
            plain += packed[at + 1 : at + 2 + count]
            at += 2 + count
        else:
            plain += packed[at + 1 : at + 2] * (257 - count if count > 128 else 0)
            at += 2 if count > 128 else 1
    return plain[:size]


def _by_library(packed: bytes, blocks: Blocks, height: int) -> np.ndarray:
    """Of LZW the bytes as samples of 16 bits where their number is even, since 8 bits would take four times the memory."""
    if blocks.compression in _FAX:
        if blocks.bits != 1 or blocks.block_samples != 1:
            raise Damaged("fax codes of more than one bit")
        stored = opencv.decode(_small_tiff(packed, blocks.block_width, height, 1, blocks.compression, blocks.fax_options), "TIFF")
        gray = stored if stored.ndim == 2 else stored[:, :, 0]
        return np.packbits(gray > 127, axis=1)
    is_even = blocks.row_bytes % 2 == 0
    width, bits = (blocks.row_bytes // 2, 16) if is_even else (blocks.row_bytes, 8)
    stored = opencv.decode(_small_tiff(packed, width, height, bits, blocks.compression), "TIFF")
    return np.ascontiguousarray(stored).reshape(height, -1).view(np.uint8).reshape(height, blocks.row_bytes)


def _small_tiff(packed: bytes, width: int, height: int, bits: int, compression: int, fax_options: tuple[int, int] = (0, 0)) -> bytes:
    """A grey page of one strip, its bytes from the lowest."""
    tags = {256: width, 257: height, 258: bits, 259: compression, 262: 1, 273: 8, 277: 1, 278: height, 279: len(packed)}
    if compression == 3:
        tags[292] = fax_options[0] & 7
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    return b"".join([b"II*\0", struct.pack("<I", 8 + len(packed)), packed, struct.pack("<H", len(tags)), entries, bytes(4)])


def _jpeg(packed: bytes, blocks: Blocks, height: int) -> np.ndarray:
    """A whole JPEG file, but for tables that all blocks share; whether it is RGB is the page's to say, in three samples."""
    if blocks.bits != 8 or blocks.block_samples not in (1, 3):
        raise Damaged("a JPEG strip of unusual samples")
    colors = b"\xff\xee" + struct.pack(">H", 2 + len(_ADOBE) + 1) + _ADOBE + bytes([blocks.is_ycc])
    tables = blocks.jpeg_tables[2:-2] if blocks.jpeg_tables.startswith(b"\xff\xd8") else b""
    file = b"".join([b"\xff\xd8", colors if blocks.block_samples == 3 else b"", tables, packed[2:]])
    header = jpeg.read_header(file)
    if header.width != blocks.block_width or header.height < height or header.height > 2 * blocks.block_height + 16:
        raise Damaged("a strip of another size")
    if header.worked > header.width * header.height:
        raise Damaged("a strip of too many scans")
    return jpeg.decode(file, 1)[:height, :, : blocks.block_samples]


# --- samples ----------------------------------------------------------------------------------------------------------


def _samples(rows: np.ndarray, blocks: Blocks) -> np.ndarray:
    shape = (len(rows), blocks.block_width, blocks.block_samples)
    if blocks.predictor == _FLOAT_DIFFERENCES and blocks.bits >= 16:
        return _float_undone(rows, blocks).reshape(shape)
    if blocks.bits < 8:
        return unpacked(np.ascontiguousarray(rows), *shape[1:2], blocks.bits, blocks.block_samples)
    values = rows.view(f"{blocks.order}u{blocks.bits // 8}").astype(f"u{blocks.bits // 8}", copy=False).reshape(shape)
    if blocks.predictor == _DIFFERENCES:
        values = np.cumsum(values, axis=1, dtype=values.dtype)
    return values


def _float_undone(rows: np.ndarray, blocks: Blocks) -> np.ndarray:
    """Bytes of a row are sorted by their weight, the highest first, and each is the difference to the one a pixel before."""
    size, count = blocks.bits // 8, blocks.block_samples
    sums = np.cumsum(rows.reshape(len(rows), -1, count), axis=1, dtype=np.uint8)
    planes = sums.reshape(len(rows), size, -1)
    return np.ascontiguousarray(planes.swapaxes(1, 2)).view(f">u{size}")[:, :, 0].astype(f"u{size}")
