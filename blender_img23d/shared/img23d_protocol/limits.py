"""The ranges of what can be set: numbers only, so that Blender's start can know them without the messages."""

from __future__ import annotations

TEXTURE_SIZES = (1024, 2048)  # pixels a side
FACES_MIN, FACES_MAX, FACES_DEFAULT = 500, 200_000, 20_000  # triangles
THICKNESS_MIN, THICKNESS_MAX = 0.05, 3.0  # 1 is as round as it is wide
SEED_MAX = 2**31 - 1
