"""A target's results of other kinds and its parts: each becomes an object by its kind's importer, and stands where the thing does."""

from __future__ import annotations

import bpy
import pytest
from conftest import part
from test_in_the_middle import glbs as glbs  # fixtures
from test_in_the_middle import run as run


@pytest.fixture
def splats(monkeypatch, owner):
    """An importer for splats, as an engine that makes them would bring along: three points."""
    table, base = part("scene.placement.importers"), part("scene.result_importer")

    class Points(base.Importer):
        def make(self, path, place, collection):
            with open(path, "rb"):
                mesh = bpy.data.meshes.new("points")
            mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 0, 1)], [], [])
            obj = bpy.data.objects.new("points", mesh)
            collection.objects.link(obj)
            return obj

    kinds = part("shared.img23d_protocol.messages").ResultKind
    monkeypatch.setattr(table, "IMPORTERS", {**table.IMPORTERS, kinds.SPLATS: Points})
    monkeypatch.setattr(owner.applier.importers, "_made", {})


def of_splats(run):
    return run.messages.Piece(kind=run.messages.ResultKind.SPLATS)


def bring_splats(run, tmp_path, target: int = 0) -> None:
    path = tmp_path / "cup.ply"
    path.write_bytes(b"ply")
    run.result(target, path, piece=of_splats(run))


def tagged(run, kind: str) -> list[bpy.types.Object]:
    return [obj for obj in bpy.data.objects if obj.get("img23d_run") == run.job.id and obj.get("img23d_kind") == kind]


def test_a_kind_without_an_importer_says_so_and_the_others_come(run, glbs, tmp_path):
    bring_splats(run, tmp_path)
    run.mesh(0, glbs[1], textured=True)
    run.mesh(1, glbs[1], textured=True)
    run.finish(2)
    assert sorted(bpy.data.objects.keys()) == ["bowl", "cup"] and not tagged(run, "splats")


def test_what_alone_came_of_a_thing_and_cannot_be_shown_is_said_in_its_row(run, tmp_path):
    bring_splats(run, tmp_path)
    run.finish(1)
    assert "cannot be shown in Blender yet" in run.owner.applier.failures[run.job.id, 0]


def test_a_mesh_and_its_splats_stand_in_one_place(run, glbs, tmp_path, splats):
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


def test_splats_that_come_after_the_artist_has_moved_the_mesh(run, glbs, tmp_path, splats):
    run.mesh(0, glbs[1], textured=True)
    bpy.data.objects["cup"].location = (7.0, 1.0, 0.5)
    bpy.context.view_layer.update()
    bring_splats(run, tmp_path)
    (points,) = tagged(run, "splats")
    run.mesh(1, glbs[1], textured=True)  # lays the others out anew
    run.finish(2)
    assert tuple(points.location) == (7.0, 1.0, 0.5) and tuple(bpy.data.objects["cup"].location) == (7.0, 1.0, 0.5)


def test_import_brings_back_what_is_missing_only(run, glbs, tmp_path, splats):
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


def test_they_are_known_again_in_a_file_that_was_saved_with_them(run, glbs, tmp_path, splats):
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
