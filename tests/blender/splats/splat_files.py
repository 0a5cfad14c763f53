"""Files of splats made from their formats' descriptions, a splat at a time: nothing here knows the extension's own reader or writer.

PLY: Turk, 1994, with the properties that the trainer of 3D Gaussian Splatting (Kerbl et al., 2023) writes; its axes are right, down,
forward. SPZ: the README of github.com/nianticlabs/spz; its axes are right, up, back.
"""

from __future__ import annotations

import gzip
import math
import struct
from dataclasses import dataclass, field

import zstandard


@dataclass(frozen=True, kw_only=True)
class Splat:
    """In a file's own axes and numbers."""

    place: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: tuple[float, float, float] = (0.1, 0.1, 0.1)  # standard deviations
    turn: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)  # w, x, y, z
    opacity: float = 0.5
    color: tuple[float, float, float] = (0.5, 0.5, 0.5)  # sRGB
    rest: tuple[tuple[float, float, float], ...] = field(default=())  # harmonics: red, green, blue of each coefficient


def about(axis: tuple[float, float, float], degrees: float) -> tuple[float, float, float, float]:
    """A quaternion w, x, y, z."""
    half = math.radians(degrees) / 2
    length = math.sqrt(sum(value * value for value in axis))
    return (math.cos(half), *(math.sin(half) * value / length for value in axis))


# --- PLY ----------------------------------------------------------------------------------------------------------------


def ply_values(splat: Splat) -> dict[str, float]:
    """Every property by its name."""
    values = dict(zip("xyz", splat.place, strict=True)) | {"nx": 0.0, "ny": 0.0, "nz": 0.0}
    for axis in range(3):
        values[f"f_dc_{axis}"] = (splat.color[axis] - 0.5) * 2.0 * math.sqrt(math.pi)
        values[f"scale_{axis}"] = math.log(splat.scale[axis])
        for index, one in enumerate(splat.rest):  # all of red, then all of green, then all of blue
            values[f"f_rest_{axis * len(splat.rest) + index}"] = one[axis]
    values["opacity"] = math.log(splat.opacity / (1.0 - splat.opacity))
    return values | {f"rot_{index}": value for index, value in enumerate(splat.turn)}


def ply(
    splats: list[Splat], *, names: list[str] | None = None, without: tuple[str, ...] = (), kind: str = "float", order: str = "little", before: bytes = b""
) -> bytes:
    """`names`: the properties in another order. `before`: rows of another element, of one byte each."""
    rows = [ply_values(splat) for splat in splats]
    names = [name for name in names or list(rows[0]) if not name.startswith(without)] if without else names or list(rows[0])
    lines = ["ply", f"format binary_{order}_endian 1.0", "comment made for a test"]
    lines += [f"element camera {len(before)}", "property uchar flag"] if before else []
    lines += [f"element vertex {len(rows)}", *(f"property {kind} {name}" for name in names), "end_header\n"]
    code = ("<" if order == "little" else ">") + {"float": "f", "double": "d"}[kind] * len(names)
    return "\n".join(lines).encode() + before + b"".join(struct.pack(code, *(row[name] for name in names)) for row in rows)


# --- SPZ ----------------------------------------------------------------------------------------------------------------


def _byte(value: float) -> int:
    return max(0, min(255, round(value)))


def _first_three(turn: tuple[float, ...]) -> bytes:
    w, *xyz = turn
    sign = -1.0 if w < 0.0 else 1.0
    return bytes(_byte(sign * value * 127.5 + 127.5) for value in xyz)


def _smallest_three(turn: tuple[float, ...]) -> bytes:
    xyzw = [*turn[1:], turn[0]]
    largest = max(range(4), key=lambda index: abs(xyzw[index]))
    sign = -1.0 if xyzw[largest] < 0.0 else 1.0
    code = largest
    for index in range(4):
        if index != largest:
            value = sign * xyzw[index]
            code = (code << 10) | (int(value < 0.0) << 9) | round(511 * abs(value) * math.sqrt(2.0))
    return struct.pack("<I", code)


def _blocks(splats: list[Splat], version: int, bits: int) -> list[bytes]:
    turns = _first_three if version == 2 else _smallest_three
    return [
        b"".join(struct.pack("<i", round(value * (1 << bits)))[:3] for splat in splats for value in splat.place),
        bytes(_byte(splat.opacity * 255) for splat in splats),
        bytes(_byte((value - 0.5) * 2.0 * math.sqrt(math.pi) * 0.15 * 255 + 127.5) for splat in splats for value in splat.color),
        bytes(_byte((math.log(value) + 10.0) * 16.0) for splat in splats for value in splat.scale),
        b"".join(turns(splat.turn) for splat in splats),
        bytes(_byte(value * 128 + 128) for splat in splats for one in splat.rest for value in one),
    ]


def spz(splats: list[Splat], version: int, *, bits: int = 12) -> bytes:
    degree = {0: 0, 3: 1, 8: 2, 15: 3, 24: 4}[len(splats[0].rest)]
    blocks = _blocks(splats, version, bits)
    if version < 4:
        return gzip.compress(struct.pack("<4sIIBBBB", b"NGSP", version, len(splats), degree, bits, 0, 0) + b"".join(blocks), mtime=0)
    blocks = blocks if degree else blocks[:5]
    packed = [zstandard.compress(block) for block in blocks]
    head = struct.pack("<4sIIBBBBI12x", b"NGSP", version, len(splats), degree, bits, 0, len(blocks), 32)
    table = b"".join(struct.pack("<QQ", len(one), len(block)) for one, block in zip(packed, blocks, strict=True))
    return head + table + b"".join(packed)


def opened_spz(data: bytes) -> dict[str, list]:
    """A file of version 3 as the numbers that its description gives."""
    raw = gzip.decompress(data)
    magic, version, count, degree, bits, _, _ = struct.unpack_from("<4sIIBBBB", raw)
    assert (magic, version) == (b"NGSP", 3)
    widths = (9, 1, 3, 3, 4, 3 * {0: 0, 1: 3, 2: 8, 3: 15}[degree])
    assert len(raw) == 16 + count * sum(widths)
    blocks, start = [], 16
    for width in widths:
        blocks.append([raw[start + row * width : start + (row + 1) * width] for row in range(count)])
        start += count * width
    places = [[int.from_bytes(row[i : i + 3], "little", signed=True) / (1 << bits) for i in (0, 3, 6)] for row in blocks[0]]
    return {
        "place": places,
        "opacity": [row[0] / 255 for row in blocks[1]],
        "color": [[0.5 + (value / 255 - 0.5) / 0.15 / (2.0 * math.sqrt(math.pi)) for value in row] for row in blocks[2]],
        "scale": [[math.exp(value / 16 - 10) for value in row] for row in blocks[3]],
        "turn": [_opened_turn(struct.unpack("<I", row)[0]) for row in blocks[4]],
        "rest": [[(value - 128) / 128 for value in row] for row in blocks[5]],
    }


def _opened_turn(code: int) -> tuple[float, ...]:
    largest, found = code >> 30, [0.0] * 4
    for index in (3, 2, 1, 0):
        if index != largest:
            found[index] = (code & 511) / 511 / math.sqrt(2.0) * (-1 if code >> 9 & 1 else 1)
            code >>= 10
    found[largest] = math.sqrt(max(0.0, 1.0 - sum(value * value for value in found)))
    return (found[3], *found[:3])


def opened_ply(data: bytes) -> list[dict[str, float]]:
    """A binary little-endian one of floats only."""
    head, _, body = data.partition(b"end_header\n")
    lines = head.decode().splitlines()
    assert lines[:2] == ["ply", "format binary_little_endian 1.0"]
    names = [line.split()[2] for line in lines if line.startswith("property float")]
    (count,) = (int(line.split()[2]) for line in lines if line.startswith("element vertex"))
    assert len(body) == count * 4 * len(names)
    return [dict(zip(names, row, strict=True)) for row in struct.iter_unpack(f"<{len(names)}f", body)]
