"""InstantMesh from the panel: the real backend in a Python with torch, on small models in the published layouts."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest
from test_learned import MODELS, PYTHON, is_textured
from test_learned import ends_with_the_last_that_needs_it as ends_with_the_last_that_needs_it  # fixtures
from test_learned import learned as learned

_SETS = [Path(MODELS, name) for name in ("instantmesh-mesh-large", "instantmesh-views", "zero123plus")]
pytestmark = pytest.mark.skipif(not (PYTHON and MODELS and all(map(Path.is_dir, _SETS))), reason="IMG23D_TINY_MODELS has no InstantMesh")


def test_two_things_arrive_with_their_colours_as_in_the_photo(learned, owner):
    learned.engine, learned.names, learned.texture, learned.texture_size = "instantmesh", "blue mug, red apple", True, "1024"
    learned.view_steps, learned.view_guidance, learned.instantmesh_faces = 4, 1.0, 3000
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    job = owner.session.jobs[0]
    assert [(target.name, target.error) for target in job.targets] == [("blue mug", ""), ("red apple", "")]
    assert all(any("InstantMesh: six views" in note for note in target.notes) for target in job.targets)
    for name, strongest in (("red apple", 0), ("blue mug", 2)):
        thing = bpy.data.objects[name]
        assert is_textured(thing) and 100 < len(thing.data.polygons) <= 3000
        colour = thing.data.materials[0].diffuse_color[:3]
        assert max(colour) == colour[strongest], f"{name} shows {colour} in Solid shading"
    assert bpy.data.objects["red apple"].matrix_world.translation.x < bpy.data.objects["blue mug"].matrix_world.translation.x
