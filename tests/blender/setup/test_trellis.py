"""TRELLIS from the panel: the real backend in a Python with torch, on small models in the published layout."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
from conftest import part
from test_learned import MODELS, PYTHON
from test_learned import ends_with_the_last_that_needs_it as ends_with_the_last_that_needs_it  # fixtures
from test_learned import learned as learned

_SET = Path(MODELS, "trellis-image-large")
pytestmark = pytest.mark.skipif(not (PYTHON and MODELS and _SET.is_dir()), reason="IMG23D_TINY_MODELS has no TRELLIS")


@pytest.fixture
def trellis(learned):
    learned.engine, learned.names, learned.texture, learned.texture_size = "trellis", "blue mug, red apple", True, "1024"
    learned.structure_steps = learned.latent_steps = 4
    learned.trellis_faces, learned.splat_count = 3000, 20_000
    return learned


def made(owner, index: int = 0) -> dict[str, bpy.types.Object]:
    job = owner.session.jobs[0]
    return {obj["img23d_kind"]: obj for obj in owner.applier.placer.objects_of(job, index)}


def room(obj) -> np.ndarray:
    bpy.context.view_layer.update()
    places = np.array([obj.matrix_world @ vertex.co for vertex in obj.data.vertices])
    return np.array([places.min(axis=0), places.max(axis=0)])


@pytest.mark.parametrize("result", ["mesh", "splats", "both"])
def test_each_result_comes_as_it_was_asked_for(trellis, owner, result):
    trellis.result = result
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    job = owner.session.jobs[0]
    assert [(target.name, target.error) for target in job.targets] == [("blue mug", ""), ("red apple", "")]
    assert not [key for key in owner.applier.failures if key[0] == job.id] and job.progress == 1.0
    for index, name in enumerate(("blue mug", "red apple")):
        found = made(owner, index)
        assert set(found) == ({"mesh", "splats"} if result == "both" else {result})
        assert found[min(found)].name == name
        if "mesh" in found:
            assert found["mesh"].data.uv_layers and 0 < len(found["mesh"].data.polygons) <= 3000
        if "splats" in found:
            assert 0 < len(found["splats"].data.vertices) <= 20_000
        if result == "both":
            mesh, splats = room(found["mesh"]), room(found["splats"])
            overlap = np.minimum(mesh[1], splats[1]) - np.maximum(mesh[0], splats[0])
            assert (overlap > 0.7 * (mesh[1] - mesh[0])).all(), (mesh, splats)
            assert found["mesh"].matrix_world == found["splats"].matrix_world
    stages = part("shared.img23d_protocol.messages").Stage
    assert (stages.PAINT in job.stages) == (result != "splats")


def test_made_again_and_painted_again(trellis, owner):
    trellis.result, trellis.names = "both", "blue mug"
    assert bpy.ops.img23d.generate() == {"FINISHED"}
    uids = {kind: obj.session_uid for kind, obj in made(owner).items()}
    bpy.context.window_manager.img23d.again_place = "IN_PLACE"
    assert bpy.ops.img23d.make_again(new_seed=True) == {"FINISHED"}
    again = made(owner)
    assert {kind: obj.session_uid for kind, obj in again.items()} == uids
    assert bpy.ops.img23d.retexture() == {"FINISHED"}
    job = owner.session.jobs[0]
    assert job.request.splats and job.texture and Path(job.texture).is_file() and not job.notes
