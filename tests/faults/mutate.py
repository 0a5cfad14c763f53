"""Damaged copies of a file: by its bytes, knowing nothing of any format but that files hold lengths and offsets.

Every copy is made from the seed file and one number, so that a number repeats it.
"""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Iterator

MOST_CHANGES = 4  # of different kinds in one copy
HEAD = 512  # bytes: where headers stand, which half of all changes go to
# What breaks arithmetic: ends of ranges, signs, and sizes that are too large to allocate
EXTREMES = (
    0, 1, 2, 7, 8, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF,
)  # fmt: skip
INTEGERS = ("<H", ">H", "<I", ">I", "<Q", ">Q")

_PNG = b"\x89PNG\r\n\x1a\n"


def mutations(data: bytes, count: int, seed: int) -> Iterator[bytes]:
    """The copies `seed`, `seed + 1` and so on."""
    for number in range(seed, seed + count):
        yield mutation(data, number)


def mutation(data: bytes, number: int) -> bytes:
    """One damaged copy; every other one of a PNG has right checksums, since a decoder looks no further otherwise."""
    chance = random.Random(number)
    changed = bytearray(data)
    for _ in range(chance.randint(1, MOST_CHANGES)):
        if changed:
            chance.choice(_CHANGES)(changed, chance)
    if bytes(changed) == data:
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return with_png_checksums(bytes(changed)) if number % 2 and data.startswith(_PNG) else bytes(changed)


def with_png_checksums(data: bytes) -> bytes:
    """Every chunk that is whole gets the CRC of what it holds (PNG, ISO/IEC 15948, section 5.3)."""
    fixed, start = bytearray(data), len(_PNG)
    while start + 12 <= len(fixed):
        end = start + 8 + struct.unpack_from(">I", fixed, start)[0]
        if end + 4 > len(fixed):
            break
        struct.pack_into(">I", fixed, end, zlib.crc32(fixed[start + 4 : end]))
        start = end + 4
    return bytes(fixed)


# --- kinds of change ------------------------------------------------------------------------------------------------


def _place(data: bytearray, chance: random.Random, size: int = 1) -> int:
    """Where a change of so many bytes begins; half of them in the head."""
    last = max(len(data) - size, 0)
    return chance.randint(0, min(last, HEAD) if chance.random() < 0.5 else last)


def _flip_bits(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 1, 2, 8))):
        data[_place(data, chance)] ^= 1 << chance.randrange(8)


def _set_byte(data: bytearray, chance: random.Random) -> None:
    data[_place(data, chance)] = chance.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF, chance.randrange(256)))


def _set_integer(data: bytearray, chance: random.Random) -> None:
    form = chance.choice(INTEGERS)
    size = struct.calcsize(form)
    if len(data) >= size:
        _write(data, _place(data, chance, size), form, chance.choice(EXTREMES))


def _change_a_length(data: bytearray, chance: random.Random) -> None:
    """An integer that could be the length of what follows, or an offset into the file, becomes another one."""
    form = chance.choice(INTEGERS[:4])
    size = struct.calcsize(form)
    for _ in range(32):
        place = _place(data, chance, size)
        if place + size > len(data):
            return
        value = struct.unpack_from(form, data, place)[0]
        if 2 <= value <= len(data):
            rest = len(data) - place
            near = (value - 1, value + 1, value * 2, value // 2, rest, rest - size, rest + 1)
            _write(data, place, form, chance.choice((0, 1, *near, *EXTREMES[-6:])))
            return


def _swap_halves_of_an_integer(data: bytearray, chance: random.Random) -> None:
    place = _place(data, chance, 4)
    data[place : place + 4] = data[place : place + 4][::-1]


def _cut_out(data: bytearray, chance: random.Random) -> None:
    place = _place(data, chance)
    del data[place : place + _span(data, chance)]


def _repeat(data: bytearray, chance: random.Random) -> None:
    place = _place(data, chance)
    part = data[place : place + _span(data, chance)]
    data[place:place] = part * chance.choice((1, 1, 2, 16))


def _move(data: bytearray, chance: random.Random) -> None:
    place = _place(data, chance)
    part = data[place : place + _span(data, chance)]
    other = _place(data, chance)
    data[other : other + len(part)] = part


def _insert_noise(data: bytearray, chance: random.Random) -> None:
    place = _place(data, chance)
    data[place:place] = chance.randbytes(chance.choice((1, 2, 4, 16, 300)))


def _overwrite(data: bytearray, chance: random.Random) -> None:
    place, size = _place(data, chance), _span(data, chance)
    fill = chance.choice((b"\0" * size, b"\xff" * size, chance.randbytes(size)))
    data[place : place + size] = fill[: len(data) - place]


def _cut_short(data: bytearray, chance: random.Random) -> None:
    del data[_place(data, chance) :]


def _span(data: bytearray, chance: random.Random) -> int:
    return min(chance.choice((1, 2, 4, 8, 12, 64, 512)), len(data))


def _write(data: bytearray, place: int, form: str, value: int) -> None:
    size = struct.calcsize(form)
    struct.pack_into(form, data, place, value % (1 << 8 * size))


_CHANGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _flip_bits,
    _flip_bits,
    _set_byte,
    _set_byte,
    _set_integer,
    _set_integer,
    _change_a_length,
    _change_a_length,
    _change_a_length,
    _swap_halves_of_an_integer,
    _cut_out,
    _repeat,
    _move,
    _insert_noise,
    _overwrite,
    _cut_short,
)
