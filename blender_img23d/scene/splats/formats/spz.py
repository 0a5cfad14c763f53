"""Gaussian splats as SPZ files: versions 2 to 4 are read, version 3 is written, which every reader knows.

Format: Niantic, github.com/nianticlabs/spz. Versions 1 to 3 are a header of 16 bytes and six blocks in one gzip stream, version 4 has a
header of 32 bytes and each block in a zstd stream of its own. The axes are right, up, back.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ....shared.img23d_protocol.files.splat_spz import GZIP_WINDOW, LEGACY_HEADER, MAGIC, MOST_FRACTIONAL, fractional_bits, header
from .cloud import Splats
from .harmonics import COUNTS
from .refusals import DAMAGED, EMPTY, TOO_MANY, TRUNCATED, SplatFileError
from .spz_codes import Blocks, decoded, encoded, sizes
from .streams import Packed, gunzip, unzstd

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"  # what such a file begins with; the last is version 2 as some services pack it
_HEADER, _ENTRY = struct.Struct("<4sIIBBBBI12x"), struct.Struct("<QQ")  # of version 4
_DEGREES = {0: 0, 1: 3, 2: 8, 3: 15, 4: 24}  # -> coefficients a colour
_MORE = 1 << 20  # bytes that may follow the blocks of an older file: what other programs add
_OLD = "This SPZ file is of a version that was never in use: save it again in the program that it is from."
_NEWER = "This SPZ file is of a newer version than Img23D knows: save it as SPZ 3 or as PLY in the program that it is from."


@dataclass(frozen=True, kw_only=True)
class _Head:
    version: int
    count: int
    degree: int
    fractional: int  # bits

    def check(self, most: int) -> None:
        if self.version < 2:
            raise SplatFileError(_OLD)
        if self.version > 4:
            raise SplatFileError(_NEWER)
        if self.degree not in _DEGREES or self.fractional > MOST_FRACTIONAL:
            raise SplatFileError(DAMAGED)
        if self.count == 0:
            raise SplatFileError(EMPTY)
        if self.count > most:
            raise SplatFileError(TOO_MANY)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Bytes of each block."""
        return sizes(self.count, _DEGREES[self.degree], rotation_bytes=3 if self.version == 2 else 4)


def read_spz(data: bytes, *, most: int) -> Splats:
    """In the file's own axes, with the spherical harmonics up to the third degree. Raises SplatFileError; more than `most` are refused."""
    if data.startswith(MAGIC):
        head, blocks = _read_streams(data, most)
    else:
        head, blocks = _read_legacy(unzstd(data) if data.startswith(ZSTD) else gunzip(data), most)
    return decoded(blocks, fractional=head.fractional, harmonics=_DEGREES[head.degree], is_smallest_three=head.version >= 3)


def write_spz(splats: Splats) -> bytes:
    """The axes are the file's: right, up, back. Lossy, as the format is."""
    fractional = fractional_bits(float(np.abs(splats.positions).max(initial=0.0)))
    head = header(len(splats), fractional, COUNTS.index(splats.harmonics.shape[1]))
    press = zlib.compressobj(wbits=GZIP_WINDOW)
    parts = [press.compress(block) for block in (head, *encoded(splats, fractional=fractional))]
    return b"".join((*parts, press.flush()))


def _read_legacy(stream: Packed, most: int) -> tuple[_Head, Blocks]:
    """Of one stream, which is read as far as the header says and no further."""
    magic, version, count, degree, fractional, _flags, _ = LEGACY_HEADER.unpack(_exactly(stream, LEGACY_HEADER.size))
    if magic != MAGIC or version == 4:
        raise SplatFileError(DAMAGED)
    head = _Head(version=version, count=count, degree=degree, fractional=fractional)
    head.check(most)
    blocks = Blocks(*(_exactly(stream, size) for size in head.sizes))
    stream.read(_MORE)  # to its end, where the checksum is
    return head, blocks


def _read_streams(data: bytes, most: int) -> tuple[_Head, Blocks]:
    """Of a stream for each block, and none for harmonics where there are none."""
    if len(data) < _HEADER.size:
        raise SplatFileError(TRUNCATED)
    _magic, version, count, degree, fractional, _flags, streams, start = _HEADER.unpack_from(data)
    head = _Head(version=version, count=count, degree=degree, fractional=fractional)
    head.check(most)
    wanted = [size for size in head.sizes if size]
    if version != 4 or streams < len(wanted) or start < _HEADER.size:
        raise SplatFileError(DAMAGED)
    return head, Blocks(*_streams(data, start, streams, wanted))


def _streams(data: bytes, start: int, count: int, wanted: list[int]) -> Iterator[bytes]:
    """Each of the wanted sizes, one after the other: their table is at `start`, and they follow it."""
    place = start + count * _ENTRY.size
    if place > len(data):
        raise SplatFileError(TRUNCATED)
    for index, size in enumerate(wanted):
        packed, unpacked = _ENTRY.unpack_from(data, start + index * _ENTRY.size)
        if unpacked != size:
            raise SplatFileError(DAMAGED)
        if place + packed > len(data):
            raise SplatFileError(TRUNCATED)
        yield _exactly(unzstd(data[place : place + packed]), size)
        place += packed


def _exactly(stream: Packed, size: int) -> bytes:
    block = stream.read(size)
    if len(block) != size:
        raise SplatFileError(TRUNCATED)
    return block
