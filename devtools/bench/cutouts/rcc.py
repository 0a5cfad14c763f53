"""The files inside a Qt binary resource (.rcc), by Qt's own description of it (qtbase, src/tools/rcc/rcc.cpp, versions 1 to 3)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

MAGIC = b"qres"
_COMPRESSED, _FOLDER, _ZSTANDARD = 1, 2, 4  # flags of a node
_NODE = {1: 14, 2: 22, 3: 22}  # bytes; from version 2 on with the time of the last change


class BadResource(ValueError):
    """The bytes are no Qt resource that can be read here."""


def read_resource(data: bytes) -> dict[str, bytes]:
    """Path inside the resource -> contents. Raises BadResource."""
    try:
        return dict(_files(data))
    except (struct.error, zlib.error, UnicodeDecodeError, IndexError) as error:
        raise BadResource(f"The resource is cut off or damaged: {error}") from error


def _files(data: bytes) -> Iterator[tuple[str, bytes]]:
    if data[:4] != MAGIC:
        raise BadResource("It does not begin as a Qt resource does.")
    version, tree, contents, names = struct.unpack_from(">4I", data, 4)
    if version not in _NODE:
        raise BadResource(f"Qt resources of version {version} are not known.")
    waiting = [(0, "")]
    while waiting:
        number, folder = waiting.pop()
        at = tree + number * _NODE[version]
        name_at, flags = struct.unpack_from(">IH", data, at)
        path = f"{folder}{_name(data, names + name_at)}" if number else ""
        if flags & _FOLDER:
            count, first = struct.unpack_from(">2I", data, at + 6)
            waiting += [(first + child, f"{path}/" if path else "") for child in range(count)]
        else:
            (where,) = struct.unpack_from(">I", data, at + 10)
            yield path, _contents(data, contents + where, flags)


def _name(data: bytes, at: int) -> str:
    """Its length in UTF-16 units, a hash, the name."""
    (length,) = struct.unpack_from(">H", data, at)
    return data[at + 6 : at + 6 + 2 * length].decode("utf-16-be")


def _contents(data: bytes, at: int, flags: int) -> bytes:
    (length,) = struct.unpack_from(">I", data, at)
    found = data[at + 4 : at + 4 + length]
    if len(found) < length:
        raise BadResource("The resource is cut off.")
    if flags & _ZSTANDARD:
        raise BadResource("A file in it is packed with Zstandard, which is not read here.")
    return zlib.decompress(found[4:]) if flags & _COMPRESSED else found  # after the length of what is packed
