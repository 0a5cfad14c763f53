"""Packed bytes, unpacked only as far as they are asked for: a file cannot fill the memory by what it says of itself."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import Protocol

from ....shared.img23d_protocol.files.splat_spz import GZIP_WINDOW
from .refusals import DAMAGED, TRUNCATED, SplatFileError

_NO_ZSTD = "This Blender cannot open SPZ files of this kind: save it as SPZ 3 or as PLY in the program that it is from."


class Packed(Protocol):
    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer where it ends. Raises SplatFileError for what cannot be unpacked."""


class _Gunzipped:
    def __init__(self, data: bytes) -> None:
        self._rest = data
        self._inflate = zlib.decompressobj(wbits=GZIP_WINDOW)

    def read(self, size: int) -> bytes:
        if size == 0:  # zlib takes it for no limit
            return b""
        try:
            block = self._inflate.decompress(self._rest, size)
        except zlib.error as error:
            raise SplatFileError(DAMAGED, repr(error)) from error
        if len(block) < size and not self._inflate.eof:  # its checksum is at the end
            raise SplatFileError(TRUNCATED)
        self._rest = self._inflate.unconsumed_tail
        return block


class _Unzstd:
    def __init__(self, read: Callable[[int], bytes], error: type[Exception]) -> None:
        self._read = read
        self._error = error

    def read(self, size: int) -> bytes:
        try:
            return self._read(size)
        except self._error as error:
            raise SplatFileError(DAMAGED, repr(error)) from error


def gunzip(data: bytes) -> Packed:
    return _Gunzipped(data)


def unzstd(data: bytes) -> Packed:
    """By the package with which Blender itself opens compressed .blend files; a Linux distribution's build may come without it.

    Raises SplatFileError where it does.
    """
    try:
        import zstandard
    except ImportError as error:
        raise SplatFileError(_NO_ZSTD, repr(error)) from error
    return _Unzstd(zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data)).read, zstandard.ZstdError)
