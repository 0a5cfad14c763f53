"""ICC profiles, byte by byte from ICC.1:2022 (version 4) and ICC.1:2001-04 (version 2)."""

from __future__ import annotations

import struct
from collections.abc import Sequence

# Colorants under D50. Sources: Adobe RGB (1998), 4.3.2.1 and annex; SMPTE EG 432-1 with D65, adapted after Bradford.
ADOBE_RGB = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
DISPLAY_P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)


def gamma(value: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(value * 256)) + bytes(2)


def samples(values: Sequence[int]) -> bytes:
    return b"curv" + bytes(4) + struct.pack(f">I{len(values)}H", len(values), *values)


def parametric(kind: int, values: Sequence[float]) -> bytes:
    return b"para" + bytes(4) + struct.pack(">HH", kind, 0) + b"".join(_fixed(value) for value in values)


def rgb_profile(colorants: Sequence[Sequence[float]], curve: bytes, version: int = 4) -> bytes:
    named = {name: b"XYZ " + bytes(4) + b"".join(map(_fixed, values)) for name, values in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colorants, strict=True)}
    return profile(b"RGB ", named | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve), version)


def grey_profile(curve: bytes) -> bytes:
    return profile(b"GRAY", {b"kTRC": curve}, 2)


def profile(space: bytes, tags: dict[bytes, bytes], version: int, kind: bytes = b"mntr") -> bytes:
    white = b"XYZ " + bytes(4) + b"".join(map(_fixed, (0.9642, 1.0, 0.8249)))
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78)
    contents = {b"desc": text, b"wtpt": white, **tags}
    table, body, start = b"", b"", 132 + 12 * len(contents)
    for name, content in contents.items():
        content += bytes(-len(content) % 4)
        table += struct.pack(">4sII", name, start + len(body), len(content))
        body += content
    head = struct.pack(">I4sI4s4s4s12s4s", start + len(body), bytes(4), version << 24, kind, space, b"XYZ ", bytes(12), b"acsp")
    head += bytes(28) + b"".join(map(_fixed, (0.9642, 1.0, 0.8249)))
    return head.ljust(128, b"\0") + struct.pack(">I", len(contents)) + table + body


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))
