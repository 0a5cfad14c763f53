"""The numbers inside an SPZ file: each block of it as an array, and back.

Codes: Niantic, github.com/nianticlabs/spz, README and load-spz.cc.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ....shared.img23d_protocol.files.splat_spz import COLOUR_SCALE, HALF_ROOT, ROTATION_STEPS, SCALE_STEPS, SMALLEST_SCALE
from .cloud import Splats, from_logarithms, logarithms, unit
from .harmonics import COUNTS

_ORDER = (3, 0, 1, 2)  # x, y, z, w as w, x, y, z
_FIRST_BITS, _REST_BITS = 5, 4  # of a byte of harmonics, in the first and in the further degrees


class Blocks(NamedTuple):
    """In the order of the file."""

    positions: bytes
    opacities: bytes
    colours: bytes
    scales: bytes
    rotations: bytes
    harmonics: bytes = b""


def sizes(count: int, harmonics: int, *, rotation_bytes: int) -> tuple[int, ...]:
    """Bytes of each block of `count` splats."""
    return tuple(count * each for each in (9, 1, 3, 3, rotation_bytes, 3 * harmonics))


def decoded(blocks: Blocks, *, fractional: int, harmonics: int, is_smallest_three: bool) -> Splats:
    """`harmonics`: coefficients a colour in the file. Of a fourth degree the first three are taken: nobody sees the rest."""
    colours = _bytes(blocks.colours, 3).astype(np.float32)
    waves = (_bytes(blocks.harmonics, 3 * harmonics) if harmonics else np.zeros((len(colours), 0), np.uint8)).reshape(len(colours), -1, 3)
    return Splats(
        positions=_positions(_bytes(blocks.positions, 9), fractional),
        scales=from_logarithms(_bytes(blocks.scales, 3) / np.float32(SCALE_STEPS) + np.float32(SMALLEST_SCALE)),
        rotations=_smallest_three(blocks.rotations) if is_smallest_three else _first_three(_bytes(blocks.rotations, 3)),
        opacities=_bytes(blocks.opacities, 1)[:, 0] / np.float32(255.0),
        constants=(colours / np.float32(255.0) - np.float32(0.5)) / np.float32(COLOUR_SCALE),
        harmonics=(waves[:, : COUNTS[-1]].astype(np.float32) - np.float32(128.0)) / np.float32(128.0),
    )


def encoded(splats: Splats, *, fractional: int) -> Iterator[bytes]:
    """The blocks of version 3, in their order. Positions reach as far as 2 ** (23 - fractional)."""
    fixed = np.rint(splats.positions.astype(np.float64) * (1 << fractional)).astype("<i4")
    yield fixed.view(np.uint8).reshape(-1, 3, 4)[:, :, :3].tobytes()
    yield _to_bytes(splats.opacities * 255.0)
    yield _to_bytes(splats.constants * (COLOUR_SCALE * 255.0) + 127.5)
    yield _to_bytes((logarithms(splats.scales) - SMALLEST_SCALE) * SCALE_STEPS)
    yield _packed_rotations(splats.rotations).tobytes()
    yield _packed_harmonics(splats.harmonics)


def _bytes(block: bytes, width: int) -> np.ndarray:
    return np.frombuffer(block, np.uint8).reshape(-1, width)


def _to_bytes(values: np.ndarray) -> bytes:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8).tobytes()


def _positions(codes: np.ndarray, fractional: int) -> np.ndarray:
    """Signed numbers of 24 bits: moved to the upper end of 32, where their sign is, and back."""
    wide = np.zeros((len(codes) * 3, 4), np.uint8)
    wide[:, 1:] = codes.reshape(-1, 3)
    fixed = wide.view("<i4").reshape(-1, 3) >> 8
    return (fixed / float(1 << fractional)).astype(np.float32)


def _first_three(codes: np.ndarray) -> np.ndarray:
    """Version 2: x, y, z; w is what is left of the length, and not negative."""
    xyz = codes.astype(np.float32) / np.float32(127.5) - np.float32(1.0)
    w = np.sqrt(np.maximum(1.0 - (xyz * xyz).sum(axis=1, keepdims=True), 0.0))
    return unit(np.concatenate((w, xyz), axis=1))


def _smallest_three(block: bytes) -> np.ndarray:
    """From version 3 on: two bits say which component is the largest, then ten bits each of the others, x before w, sign first."""
    code = np.frombuffer(block, "<u4").copy()
    largest = code >> 30
    found = np.zeros((len(code), 4), np.float64)
    for axis in (3, 2, 1, 0):  # the last one is in the lowest bits
        here = largest != axis
        part = (code & ROTATION_STEPS) * (HALF_ROOT / ROTATION_STEPS)
        found[here, axis] = np.where(code >> 9 & 1, -part, part)[here]
        code[here] >>= 10
    rest = np.sqrt(np.maximum(1.0 - (found * found).sum(axis=1), 0.0))
    found[np.arange(len(code)), largest] = rest
    return unit(found[:, _ORDER])


def _packed_rotations(rotations: np.ndarray) -> np.ndarray:
    turned = rotations[:, [1, 2, 3, 0]].astype(np.float64)  # x, y, z, w
    rows = np.arange(len(turned))
    largest = np.argmax(np.abs(turned), axis=1)
    turned *= np.where(turned[rows, largest] < 0.0, -1.0, 1.0)[:, None]  # the same turn
    code = largest.astype(np.uint32)
    for axis in range(4):
        here = largest != axis
        part = np.minimum(np.rint(np.abs(turned[:, axis]) * (ROTATION_STEPS / HALF_ROOT)), ROTATION_STEPS).astype(np.uint32)
        part |= (turned[:, axis] < 0.0).astype(np.uint32) << np.uint32(9)
        code[here] = code[here] << np.uint32(10) | part[here]
    return code.astype("<u4")


def _packed_harmonics(harmonics: np.ndarray) -> bytes:
    """Rounded to fewer bits than a byte has, the first degree finer than the others: it packs far better, and zero stays zero."""
    if not harmonics.size:
        return b""
    step = np.full((harmonics.shape[1], 1), 1 << (8 - _REST_BITS))
    step[: COUNTS[1]] = 1 << (8 - _FIRST_BITS)
    codes = np.rint(harmonics * 128.0) + 128.0
    return np.clip(np.floor((codes + step // 2) / step) * step, 0, 255).astype(np.uint8).tobytes()
