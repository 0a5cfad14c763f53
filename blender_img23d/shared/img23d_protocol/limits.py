"""The ranges that several options or messages share: numbers only, so that Blender's start can know them without the messages."""

from __future__ import annotations

TEXTURE_SIZES = (1024, 2048, 4096)  # pixels a side
FACES_MIN, FACES_MAX = 500, 200_000  # triangles
BUDGET_MAX = 5_000_000  # triangles a learned shape is reduced to, the most of any engine
SEED_MAX = 2**31 - 1
VARIANTS_MAX = 4  # of one thing in a run
HEIGHT_MAX = 100_000.0  # metres: taller than anything that a photo of this planet shows

# A message is one line. A longer one is refused by whoever would send it, and read by nobody.
REQUEST_MAX = 16 * 1024 * 1024  # bytes, to the backend: two hundred things with a thousand brushed points each need a third of it
ANSWER_MAX = 4 * 1024 * 1024  # bytes, from it: two hundred things and their poses need a hundredth of it
INTEGER_MAX = 2**63 - 1  # of a message: bytes, faces and seeds are far below, and what is far above no float can hold
