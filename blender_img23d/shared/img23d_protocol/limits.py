"""The ranges of what can be set: numbers only, so that Blender's start can know them without the messages."""

from __future__ import annotations

TEXTURE_SIZES = (1024, 2048, 4096)  # pixels a side
FACES_MIN, FACES_MAX, FACES_DEFAULT = 500, 200_000, 20_000  # triangles
THICKNESS_MIN, THICKNESS_MAX = 0.05, 3.0  # 1 is as round as it is wide
SEED_MAX = 2**31 - 1
VARIANTS_MAX = 4  # of one thing in a run
HEIGHT_MAX = 100_000.0  # metres: taller than anything that a photo of this planet shows

# A message is one line. A longer one is refused by whoever would send it, and read by nobody.
REQUEST_MAX = 16 * 1024 * 1024  # bytes, to the backend: two hundred things with a thousand brushed points each need a third of it
ANSWER_MAX = 4 * 1024 * 1024  # bytes, from it: two hundred things and their poses need a hundredth of it
INTEGER_MAX = 2**63 - 1  # of a message: bytes, faces and seeds are far below, and what is far above no float can hold

# The learned shape and paint models
STEPS_MAX = 100  # sampler steps; 0 means the model's own number
GUIDANCE_MAX = 20.0  # classifier-free guidance scale; 0 means the model's own
OCTREE_MIN, OCTREE_MAX, OCTREE_DEFAULT = 64, 512, 256  # cells a side of the volume that the surface is looked for in
BUDGET_MAX, BUDGET_DEFAULT = 5_000_000, 40_000  # triangles a learned shape is reduced to; 0 leaves it untouched
