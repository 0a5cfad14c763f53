"""TripoSG from the panel: the real backend in a Python with torch, on small models in the published layouts."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest
from test_learned import MODELS, PYTHON, is_textured
from test_learned import ends_with_the_last_that_needs_it as ends_with_the_last_that_needs_it  # fixtures
from test_learned import learned as learned

pytestmark = pytest.mark.skipif(not (PYTHON and MODELS and Path(MODELS, "triposg").is_dir()), reason="IMG23D_TINY_MODELS has no TripoSG")


def test_two_things_arrive_painted_with_the_photo(learned, owner):
    learned.engine, learned.names, learned.texture, learned.texture_size = "triposg", "blue mug, green bottle", True, "1024"
    learned.triposg_steps, learned.triposg_resolution, learned.triposg_faces = 4, 64, 3000
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    job = owner.session.jobs[0]
    assert [(target.name, target.error) for target in job.targets] == [("blue mug", ""), ("green bottle", "")]
    assert all(any("TripoSG, 4 steps" in note for note in target.notes) for target in job.targets)
    for name, strongest in (("blue mug", 2), ("green bottle", 1)):
        thing = bpy.data.objects[name]
        assert is_textured(thing) and 100 < len(thing.data.polygons) <= 3000
        colour = thing.data.materials[0].diffuse_color[:3]
        assert max(colour) == colour[strongest], f"{name} shows {colour} in Solid shading"
    bottle, mug = bpy.data.objects["green bottle"], bpy.data.objects["blue mug"]
    assert bottle.dimensions.z > 2 * bottle.dimensions.x and mug.dimensions.z < 2 * mug.dimensions.x
