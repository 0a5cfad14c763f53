"""A mesh that was made with splats is painted with their colours, wherever it stands by now."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest
import splat_files
from conftest import part
from drawing import drawn
from mathutils import Matrix
from test_made import points, state  # noqa: F401
from test_mesh_and_splats import bring, by_kind, choose, corners, story  # noqa: F401


def write_record(run, **files: str) -> None:
    """What the backend leaves in the run's folder, as far as it is asked for here."""
    folder, target = Path(run.job.request.run_folder), run.job.targets[0]
    results = [
        {"piece": {"kind": str(piece.kind), "part": None}, "files": [Path(one.path).name], "textured": one.textured, "count": one.count}
        for piece, one in target.results.items()
    ]
    thing = {"name": "cup", "state": "painted", "files": files, "results": results}
    record = {"kind": "generate", "job": run.job.id, "state": "finished", "photo": {"path": run.job.request.photo}, "targets": [thing]}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")


@pytest.fixture
def made(story, photo):
    bring(story)
    story.finish()
    (ply,) = Path(story.job.request.run_folder).glob("*.ply")
    write_record(story, ply=ply.name)
    bpy.context.scene.img23d.retexture_picture = str(photo)
    return story


def ask(run, obj: bpy.types.Object):
    """The request that Re-texture makes."""
    choose(obj)
    assert bpy.ops.img23d.retexture() == {"FINISHED"}
    run.tick()
    return run.link.said[-1]


def places(request) -> np.ndarray:
    """In Blender's axes: the file's are right, down, forward."""
    x, y, z = np.array([[row[name] for name in "xyz"] for row in splat_files.opened_ply(Path(request.splats).read_bytes())]).T
    found = np.stack((x, z, -y), axis=1)
    return np.array([found.min(axis=0), found.max(axis=0)])


def lies_on(request, obj: bpy.types.Object) -> bool:
    return np.allclose(places(request), corners(obj), atol=2e-4)


def moved(obj):
    obj.matrix_world = Matrix.LocRotScale((1.0, -2.0, 0.5), Matrix.Rotation(np.pi / 2, 3, "Z"), (2.0, 2.0, 2.0))


def with_another_origin(obj):
    choose(obj)
    assert bpy.ops.img23d.set_origin(place="MIDDLE") == {"FINISHED"}


def with_its_scale_applied(obj):
    obj.scale = (3.0, 3.0, 3.0)
    choose(obj)
    assert bpy.ops.img23d.apply_scale() == {"FINISHED"}


@pytest.mark.parametrize("change", [lambda obj: None, moved, with_another_origin, with_its_scale_applied], ids=["as made", "moved", "origin", "scale"])
def test_the_splats_lie_where_the_mesh_does(made, change):
    mesh = by_kind(made)["mesh"]
    change(mesh)
    bpy.context.view_layer.update()
    request = ask(made, mesh)
    assert (request.engine, request.settings.trellis.paint.trellis_painter) == ("trellis", "splats")
    assert lies_on(request, mesh)


def test_of_a_mesh_that_the_artist_has_cut_the_rest_keeps_its_colours(made):
    mesh = by_kind(made)["mesh"]
    before = corners(mesh)
    for vertex in mesh.data.vertices:
        vertex.co.z = min(vertex.co.z, 0.3)
    request = ask(made, mesh)
    assert np.allclose(places(request), before, atol=2e-4)


def test_an_engine_that_knows_no_splats_is_asked_only_where_it_is_wanted(made):
    values, mesh = bpy.context.scene.img23d, by_kind(made)["mesh"]
    values.engine = "preview"
    request = ask(made, mesh)
    assert (request.engine, request.splats) == ("preview", "")
    made.link.say(made.messages.Cancelled(job=request.job))
    made.tick(6)
    values.retexture_splats = True
    request = ask(made, mesh)
    assert request.engine == "trellis" and request.settings.trellis.paint.trellis_painter == "splats" and lies_on(request, mesh)


def test_a_mesh_of_ones_own_is_painted_with_the_picture_and_says_so(made):
    bpy.ops.mesh.primitive_cube_add()
    request = ask(made, bpy.context.object)
    assert request.splats == "" and any("has no splats of its own" in note for note in made.owner.session.jobs[0].notes)


def test_splats_that_are_gone_or_damaged_are_no_failure(made):
    mesh = by_kind(made)["mesh"]
    (ply,) = Path(made.job.request.run_folder).glob("*.ply")
    ply.write_bytes(b"ply")
    assert ask(made, mesh).splats == ""


def test_the_panel_offers_them(made):
    values, mesh = bpy.context.scene.img23d, by_kind(made)["mesh"]
    choose(mesh)
    panel = part("panels.tab").IMG23D_PT_retexture
    drawn(panel)
    for _ in range(4):  # reads the run's folder
        made.owner.history.step(bpy.context)
    assert "The colours come from its splats." in drawn(panel).said
    values.engine = "preview"
    assert "retexture_splats" in drawn(panel).properties and "its splats" not in drawn(panel).said
    bpy.ops.mesh.primitive_cube_add()
    assert "retexture_splats" not in drawn(panel).properties
