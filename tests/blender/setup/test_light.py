"""The light set from the panel: the real backend in a Python with torch, on small models in the published layouts."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest
from test_learned import MODELS, PYTHON, is_textured
from test_learned import ends_with_the_last_that_needs_it as ends_with_the_last_that_needs_it  # fixtures
from test_learned import learned as learned

_SETS = [Path(MODELS, name) for name in ("llmdet-tiny", "birefnet-lite", "triposr")]
pytestmark = pytest.mark.skipif(not (PYTHON and MODELS and all(map(Path.is_dir, _SETS))), reason="IMG23D_TINY_MODELS has no light set")


@pytest.fixture
def light(learned):
    learned.engine, learned.names, learned.texture, learned.texture_size = "light", "blue mug, red apple", True, "1024"
    learned.light_resolution, learned.light_faces = 64, 3000
    return learned


def test_two_things_arrive_with_their_colours_as_in_the_photo(light, owner):
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    job = owner.session.jobs[0]
    assert [(target.name, target.error) for target in job.targets] == [("blue mug", ""), ("red apple", "")]
    assert all(any("TripoSR" in note for note in target.notes) for target in job.targets)
    for name, strongest in (("red apple", 0), ("blue mug", 2)):
        thing = bpy.data.objects[name]
        assert is_textured(thing) and 100 < len(thing.data.polygons) <= 3000
        colour = thing.data.materials[0].diffuse_color[:3]
        assert max(colour) == colour[strongest], f"{name} shows {colour} in Solid shading"
    assert bpy.data.objects["red apple"].matrix_world.translation.x < bpy.data.objects["blue mug"].matrix_world.translation.x


def test_made_in_place_and_painted_again(light, owner):
    light.names = "red apple"
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    uid = bpy.data.objects["red apple"].session_uid
    bpy.context.window_manager.img23d.again_place = "IN_PLACE"
    assert bpy.ops.img23d.make_again(new_seed=True) == {"FINISHED"}
    assert bpy.data.objects["red apple"].session_uid == uid
    assert bpy.ops.img23d.retexture() == {"FINISHED"}
    (target,) = owner.session.jobs[0].targets
    assert not target.error and is_textured(bpy.data.objects["red apple"])
