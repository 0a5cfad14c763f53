"""The head and the codes of an SPZ file of Gaussian splats, version 3, as both sides write them.

Format: Niantic, github.com/nianticlabs/spz. A header of 16 bytes and the blocks positions, opacities, colours, scales, rotations and
harmonics, in one gzip stream. The file's axes are right, up, back (x, y, z).
"""

from __future__ import annotations

import math
import struct

MAGIC = b"NGSP"
LEGACY_HEADER = struct.Struct("<4sIIBBBB")  # of versions 1 to 3: magic, version, splats, degree of the harmonics, fractional bits, flags, nothing
GZIP_WINDOW = 31  # zlib's: the largest window, in a gzip stream
COLOUR_SCALE = 0.15  # of the constant part in a byte: more than sRGB holds, on either side
SCALE_STEPS, SMALLEST_SCALE = 16.0, -10.0  # a byte for each sixteenth of a logarithm, from this one on
HALF_ROOT = 0.5**0.5  # no component of a rotation but the largest is longer
ROTATION_STEPS = 511  # of nine bits, beside a sign
MOST_FRACTIONAL = 23  # bits of a position of 24, one of which is its sign

_WRITTEN = 3
_HALF_RANGE = 1 << 23
_USUAL_FRACTIONAL = 12  # a quarter of a millimetre, where the unit is a metre
_FINEST_FRACTIONAL = 18


def header(splats: int, fractional: int, degree: int = 0) -> bytes:
    """What stands before the blocks."""
    return LEGACY_HEADER.pack(MAGIC, _WRITTEN, splats, degree, fractional, 0, 0)


def fractional_bits(farthest: float) -> int:
    """As many as the farthest position leaves: small things lose nothing, and large ones fit."""
    room = math.floor(math.log2((_HALF_RANGE - 1) / farthest)) if farthest > 0.0 else _USUAL_FRACTIONAL
    return min(max(room, 0), _FINEST_FRACTIONAL)
