"""find_defects against meshes that are broken in one way each; trimesh says whether they are."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from img23d_backend.mesh.topology.checks import component_count, find_defects
from img23d_backend.stages import Mesh


def _mesh(solid: trimesh.Trimesh) -> Mesh:
    return Mesh(vertices=solid.vertices.astype(np.float32), faces=solid.faces.astype(np.int32))


def _joined(*solids: trimesh.Trimesh) -> Mesh:
    return _mesh(trimesh.util.concatenate(list(solids)))


@pytest.mark.parametrize(
    "solid",
    [trimesh.creation.icosphere(2), trimesh.creation.box(), trimesh.creation.torus(2, 0.5), trimesh.creation.cylinder(1, 2)],
)
def test_sound_solids_have_no_defect(solid: trimesh.Trimesh) -> None:
    assert solid.is_watertight
    assert find_defects(_mesh(solid)) == ()


def test_a_missing_face_is_found() -> None:
    ball = _mesh(trimesh.creation.icosphere(2))
    assert "not closed" in find_defects(Mesh(vertices=ball.vertices, faces=ball.faces[1:]))[0]


def test_a_turned_face_is_found() -> None:
    ball = _mesh(trimesh.creation.icosphere(2))
    faces = ball.faces.copy()
    faces[7] = faces[7, ::-1]
    assert "not closed" in find_defects(Mesh(vertices=ball.vertices, faces=faces))[0]


def test_a_mesh_inside_out_is_found() -> None:
    ball = _mesh(trimesh.creation.icosphere(2))
    assert find_defects(Mesh(vertices=ball.vertices, faces=ball.faces[:, ::-1])) == ("the mesh is inside out",)


def test_a_second_piece_is_found() -> None:
    both = _joined(trimesh.creation.icosphere(1), trimesh.creation.icosphere(1).apply_translation((5, 0, 0)))
    assert find_defects(both) == ("the mesh is in more than one piece",)
    assert component_count(both.faces, len(both.vertices)) == 2


def test_two_solids_that_share_one_vertex_are_found() -> None:
    first, second = trimesh.creation.box(), trimesh.creation.box().apply_translation((1, 1, 1))
    joined = trimesh.util.concatenate([first, second])
    joined.merge_vertices()
    assert len(joined.vertices) == 15
    assert any("touch only there" in defect for defect in find_defects(_mesh(joined)))


def test_a_flat_face_a_loose_vertex_and_a_bad_number_are_found() -> None:
    ball = _mesh(trimesh.creation.icosphere(1))
    vertices = ball.vertices.copy()
    vertices[ball.faces[0, 0]] = vertices[ball.faces[0, 1]]
    assert "a face has no area" in find_defects(Mesh(vertices=vertices, faces=ball.faces))
    loose = np.concatenate([ball.vertices, [[9, 9, 9]]]).astype(np.float32)
    assert find_defects(Mesh(vertices=loose, faces=ball.faces)) == ("a vertex belongs to no face",)
    vertices = ball.vertices.copy()
    vertices[3] = np.nan
    assert "a vertex is not a number" in find_defects(Mesh(vertices=vertices, faces=ball.faces))


def test_no_faces_and_wrong_indices_are_found() -> None:
    assert find_defects(Mesh(vertices=np.zeros((0, 3), np.float32), faces=np.zeros((0, 3), np.int32)))
    assert find_defects(Mesh(vertices=np.zeros((3, 3), np.float32), faces=np.array([[0, 1, 3]], np.int32)))
