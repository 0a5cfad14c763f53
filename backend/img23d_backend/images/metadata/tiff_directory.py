"""A TIFF's directory of tags, also that of a BigTIFF and of an Exif block; values are read when they are asked for.

Tags may lie on top of each other and each be as long as the file, so none is read that nobody needs.
Sources: TIFF 6.0; libtiff's description of BigTIFF.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

_LAYOUTS = {
    1: "u1", 2: "u1", 3: "u2", 4: "u4", 6: "i1", 7: "u1", 8: "i2", 9: "i4", 11: "f4", 12: "f8", 13: "u4", 16: "u8", 17: "i8", 18: "u8",
}  # fmt: skip
_RATIONAL = {5: "I", 10: "i"}  # two of struct's numbers
_SIZES = {kind: int(layout[1]) for kind, layout in _LAYOUTS.items()} | dict.fromkeys(_RATIONAL, 8)


@dataclass(frozen=True, kw_only=True)
class Entry:
    kind: int
    count: int
    start: int  # of the values, in bytes from the file's beginning


@dataclass(frozen=True, kw_only=True)
class Directory:
    """`following` is where the next one lies, 0 after the last."""

    data: bytes
    order: str  # struct's sign
    entries: dict[int, Entry]
    following: int

    def array(self, tag: int) -> np.ndarray:
        """All values, empty where the tag is missing or its values lie outside of the file. Rationals have none."""
        entry = self.entries.get(tag)
        if entry is None or entry.kind not in _LAYOUTS or not self._lies_inside(entry):
            return np.zeros(0, np.int64)
        return np.frombuffer(self.data, np.dtype(self.order + _LAYOUTS[entry.kind]), entry.count, entry.start)

    def numbers(self, tag: int, most: int = 16) -> tuple[int, ...]:
        """The first whole numbers, none where the tag is missing."""
        values = self.array(tag)[:most]
        return () if values.dtype.kind == "f" else tuple(int(value) for value in values)

    def number(self, tag: int, default: int = 0) -> int:
        return next(iter(self.numbers(tag, 1)), default)

    def real(self, tag: int) -> float:
        """The first value, of a rational its quotient; 0 where there is none."""
        entry = self.entries.get(tag)
        if entry is None or not entry.count or not self._lies_inside(entry):
            return 0.0
        if entry.kind in _RATIONAL:
            above, below = struct.unpack_from(f"{self.order}2{_RATIONAL[entry.kind]}", self.data, entry.start)
            return above / below if below else 0.0
        return float(self.array(tag)[0]) if entry.kind in _LAYOUTS else 0.0

    def content(self, tag: int) -> bytes:
        """The bytes of a value that has no inner order; empty where it is missing."""
        entry = self.entries.get(tag)
        if entry is None or _SIZES.get(entry.kind) != 1 or not self._lies_inside(entry):
            return b""
        return self.data[entry.start : entry.start + entry.count]

    def _lies_inside(self, entry: Entry) -> bool:
        return entry.start + entry.count * _SIZES[entry.kind] <= len(self.data)


def byte_order(data: bytes) -> str:
    return "<" if data.startswith(b"II") else ">"


def read_directory(data: bytes, offset: int | None = None) -> Directory:
    """The directory at a place, the first one if none is named. Raises struct.error where the data ends before it does."""
    order = byte_order(data)
    is_big = struct.unpack_from(order + "H", data, 2) == (43,)
    place, first = ("Q", 8) if is_big else ("I", 4)
    start = struct.unpack_from(order + place, data, first)[0] if offset is None else offset
    if start > len(data):
        raise struct.error("the directory lies outside of the file")
    (count,) = struct.unpack_from(order + ("Q" if is_big else "H"), data, start)
    head, each = struct.calcsize(order + ("Q" if is_big else "H")), 20 if is_big else 12
    end = start + head + each * count
    if end > len(data):
        raise struct.error("the directory runs past the end")
    entries: dict[int, Entry] = {}
    for at in range(start + head, end, each):
        tag, kind, length = struct.unpack_from(f"{order}HH{place}", data, at)
        size = _SIZES.get(kind)
        if size is None or tag in entries:
            continue
        inline = at + each - first
        lies = inline if length * size <= first else struct.unpack_from(order + place, data, inline)[0]
        entries[tag] = Entry(kind=kind, count=length, start=lies)
    following = struct.unpack_from(order + place, data, end)[0] if end + first <= len(data) else 0
    return Directory(data=data, order=order, entries=entries, following=following)
