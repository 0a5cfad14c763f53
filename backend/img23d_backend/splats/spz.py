"""Gaussian splats as an SPZ file of version 3, which every reader knows: a quarter of a PLY's size, and lossy.

The codes and their source stand in `img23d_protocol.files.splat_spz`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from img23d_protocol.files import splat_spz as codes
from img23d_protocol.files.splat_ply import CONSTANT_PART
from img23d_protocol.files.whole_files import write_whole

from ..stages import Splats

_SMALLEST = 1e-9  # metres: the logarithm of nothing is none


def write_spz(path: Path, splats: Splats, *, scale: float = 1.0, offset: np.ndarray | None = None) -> None:
    """Write splats, whose axes are those of a mesh, which are the file's: right, up, back. Raises OSError, and ValueError where a value is
    not finite. As with a mesh, positions are written as (p + offset) * scale.
    """
    places = (splats.positions.astype(np.float64) + (0.0 if offset is None else offset)) * scale
    if not all(np.isfinite(values).all() for values in vars(splats).values()):
        raise ValueError("splats with values that are not finite")
    fractional = codes.fractional_bits(float(np.abs(places).max(initial=0.0)))
    press = zlib.compressobj(wbits=codes.GZIP_WINDOW)
    parts = [press.compress(block) for block in (codes.header(len(splats), fractional), *_blocks(splats, places, scale, fractional))]
    write_whole(path, b"".join((*parts, press.flush())))


def _blocks(splats: Splats, places: np.ndarray, scale: float, fractional: int) -> Iterator[bytes]:
    """In the order of the file."""
    fixed = np.rint(places * (1 << fractional)).astype("<i4")
    yield fixed.view(np.uint8).reshape(-1, 3, 4)[:, :, :3].tobytes()
    yield _bytes(splats.opacities * 255.0)
    yield _bytes((splats.colors - 0.5) / CONSTANT_PART * (codes.COLOUR_SCALE * 255.0) + 127.5)
    yield _bytes((np.log(np.maximum(splats.scales.astype(np.float64) * scale, _SMALLEST)) - codes.SMALLEST_SCALE) * codes.SCALE_STEPS)
    yield _rotations(splats.rotations)


def _bytes(values: np.ndarray) -> bytes:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8).tobytes()


def _rotations(rotations: np.ndarray) -> bytes:
    """Two bits for the largest component of x, y, z, w, which follows from the others; of each of those a sign and nine bits."""
    lengths = np.linalg.norm(rotations.astype(np.float64), axis=1, keepdims=True)
    turns = np.where(lengths == 0.0, (1.0, 0.0, 0.0, 0.0), rotations / np.where(lengths == 0.0, 1.0, lengths))[:, [1, 2, 3, 0]]
    rows, largest = np.arange(len(turns)), np.argmax(np.abs(turns), axis=1)
    turns *= np.where(turns[rows, largest] < 0.0, -1.0, 1.0)[:, None]  # the same turn
    steps = np.minimum(np.rint(np.abs(turns) * (codes.ROTATION_STEPS / codes.HALF_ROOT)), codes.ROTATION_STEPS).astype(np.uint32)
    steps |= (turns < 0.0).astype(np.uint32) << np.uint32(9)
    packed = largest.astype(np.uint32)
    for axis in range(4):
        packed = np.where(largest == axis, packed, packed << np.uint32(10) | steps[:, axis])
    return packed.astype("<u4").tobytes()
