"""A target's results of other kinds and its parts: each becomes an object by its kind's importer, and stands where the thing does."""

from __future__ import annotations

import bpy
import pytest
import splat_files
from boxes import write_box
from conftest import part
from test_in_the_middle import glbs as glbs  # fixtures
from test_in_the_middle import run as run


def of_splats(run):
    return run.messages.Piece(kind=run.messages.ResultKind.SPLATS)


def bring_splats(run, tmp_path, target: int = 0, places=((0.0, 0.0, 0.0), (0.5, -1.0, 0.25), (0.0, -0.5, 0.0))) -> None:
    path = tmp_path / "cup.ply"
    path.write_bytes(splat_files.ply([splat_files.Splat(place=place) for place in places]))
    run.result(target, path, piece=of_splats(run))


def tagged(run, kind: str) -> list[bpy.types.Object]:
    return [obj for obj in bpy.data.objects if obj.get("img23d_run") == run.job.id and obj.get("img23d_kind") == kind]


@pytest.fixture
def without_splats(monkeypatch, owner):
    """As where an engine makes what this version cannot show."""
    table, kinds = part("scene.placement.importers"), part("shared.img23d_protocol.messages").ResultKind
    monkeypatch.setattr(table, "IMPORTERS", {kinds.MESH: table.IMPORTERS[kinds.MESH]})
    monkeypatch.setattr(owner.applier.importers, "_made", {})


def test_a_kind_without_an_importer_keeps_none_of_the_others_out(run, glbs, tmp_path, without_splats):
    bring_splats(run, tmp_path)
    run.mesh(0, glbs[1], textured=True)
    run.mesh(1, glbs[1], textured=True)
    run.finish(2)
    assert sorted(bpy.data.objects.keys()) == ["bowl", "cup"] and not tagged(run, "splats")


def test_what_alone_came_of_a_thing_and_cannot_be_shown_is_said_in_its_row(run, tmp_path, without_splats):
    bring_splats(run, tmp_path)
    run.finish(1)
    assert "cannot be shown in Blender yet" in run.owner.applier.failures[run.job.id, 0]


def test_a_damaged_file_of_splats_is_said_in_its_row_and_the_mesh_comes(run, glbs, tmp_path):
    path = tmp_path / "cup.ply"
    path.write_bytes(b"ply")
    run.result(0, path, piece=of_splats(run))
    assert run.owner.applier.failures[run.job.id, 0] == "This file ends in the middle: copy or download it again."
    run.mesh(0, glbs[1], textured=True)
    assert "cup" in bpy.data.objects and not tagged(run, "splats")


def test_splats_lie_where_the_mesh_of_the_same_numbers_does(run, tmp_path):
    """A box 0.4 wide, 0.8 high and 0.2 deep: a splat at each of its corners, in the file's axes right, down, forward."""
    run.mesh(0, write_box(tmp_path / "box.glb", 0.4, 0.8, 0.2), textured=False)
    corners = [(x, -y, -z) for x in (-0.2, 0.2) for y in (0.0, 0.8) for z in (-0.1, 0.1)]
    bring_splats(run, tmp_path, places=corners)
    run.arrange((0.5, 3.0, 0.4, 0.3), None)
    run.finish(1)
    (box,), (points,) = tagged(run, "mesh"), tagged(run, "splats")
    bpy.context.view_layer.update()
    wanted, found = (sorted(tuple(round(v, 4) for v in obj.matrix_world @ one.co) for one in obj.data.vertices) for obj in (box, points))
    assert len(found) == 8 and all(one == pytest.approx(other, abs=1e-3) for one, other in zip(found, wanted, strict=True))


def test_alone_they_are_the_thing(run, tmp_path):
    bring_splats(run, tmp_path)
    run.finish(1)
    run.owner.standings = run.owner.applier.standings(run.job)
    assert run.owner.standings[0].name == "IN_SCENE" and bpy.data.objects["cup"]["img23d_kind"] == "splats"


def test_a_mesh_and_its_splats_stand_in_one_place(run, glbs, tmp_path):
    run.mesh(0, glbs[0], textured=False)
    bring_splats(run, tmp_path)
    run.mesh(1, glbs[1], textured=True)
    run.mesh(0, glbs[1], textured=True)
    run.arrange((0.5, 3.0, 0.4, 0.3), (-0.5, 3.0, 0.0, 0.3))
    run.finish(2)
    (cup,) = (obj for obj in tagged(run, "mesh") if obj["img23d_target"] == 0)
    (points,) = tagged(run, "splats")
    assert cup.matrix_basis == points.matrix_basis and abs(points.rotation_euler.z) > 0.01
    assert len(cup.data.polygons) > 100 and len(points.data.vertices) == 3 and points.users_collection == cup.users_collection


def test_splats_that_come_after_the_artist_has_moved_the_mesh(run, glbs, tmp_path):
    run.mesh(0, glbs[1], textured=True)
    bpy.data.objects["cup"].location = (7.0, 1.0, 0.5)
    bpy.context.view_layer.update()
    bring_splats(run, tmp_path)
    (points,) = tagged(run, "splats")
    run.mesh(1, glbs[1], textured=True)  # lays the others out anew
    run.finish(2)
    assert tuple(points.location) == (7.0, 1.0, 0.5) and tuple(bpy.data.objects["cup"].location) == (7.0, 1.0, 0.5)


def test_import_brings_back_what_is_missing_only(run, glbs, tmp_path):
    run.mesh(0, glbs[1], textured=True)
    bring_splats(run, tmp_path)
    run.finish(1)
    bpy.data.objects.remove(bpy.data.objects["cup"])
    run.tick(8)
    assert bpy.ops.img23d.import_result(index=0) == {"FINISHED"}
    assert len(tagged(run, "mesh")) == 1 and len(tagged(run, "splats")) == 1
    for obj in (*tagged(run, "mesh"), *tagged(run, "splats")):
        bpy.data.objects.remove(obj)
    run.tick(8)
    assert bpy.ops.img23d.import_result(index=0) == {"FINISHED"}
    assert len(tagged(run, "mesh")) == 1 and len(tagged(run, "splats")) == 1


def test_parts_come_with_their_own_names(run, glbs):
    m = run.messages
    run.mesh(0, glbs[1], textured=True)
    for number, name in enumerate(("body", "handle")):
        run.result(0, glbs[1], piece=m.Piece(part=number), stage=m.Stage.SPLIT, name=name)
    run.finish(1)
    assert [obj["img23d_part"] for obj in map(bpy.data.objects.get, ("body", "handle"))] == [0, 1]
    assert bpy.data.objects["body"].matrix_basis == bpy.data.objects["cup"].matrix_basis and "img23d_part" not in bpy.data.objects["cup"]


def test_they_are_known_again_in_a_file_that_was_saved_with_them(run, glbs, tmp_path):
    run.mesh(0, glbs[1], textured=True)
    bring_splats(run, tmp_path)
    run.finish(1)
    path = str(tmp_path / "saved.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    registry = run.owner.applier.placer._registry
    assert {piece.kind.value for index, piece in registry.pieces(run.job) if index == 0} == {"mesh", "splats"}
    standing = part("scene.placement.result_status").Standing
    assert run.owner.applier.placer.standings(run.job)[0] is standing.IN_SCENE
