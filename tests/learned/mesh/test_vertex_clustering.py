"""A dense mesh made coarser in one go: same pieces, holes and handles, nothing thin lost, open borders where they were."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import trimesh
from scipy.spatial import cKDTree

from img23d_backend.mesh.isosurface.marching_cubes import extract_surface
from img23d_backend.mesh.isosurface.octree import sample_sparse
from img23d_backend.mesh.topology.checks import find_defects
from img23d_backend.mesh.topology.cleanup import clean
from img23d_backend.mesh.topology.simplify import simplify
from img23d_backend.mesh.topology.vertex_clustering import merged
from img23d_backend.stages import Mesh

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "backend"))
from fields import FIELDS, Field

RESOLUTION = 96
CELL = 2.02 / RESOLUTION


def surface(field: Field, resolution: int = RESOLUTION, coarse: int = 32) -> Mesh:
    return extract_surface(sample_sparse(field, resolution=resolution, bounds=1.01, coarse=coarse))


def solid(mesh: Mesh) -> trimesh.Trimesh:
    return trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)


def thin(points: np.ndarray) -> np.ndarray:
    """A rod and a plate, each little more than a cell thick, and two plates a cell apart."""
    x, y, z = points.T
    rod = np.minimum(0.7 * CELL - np.hypot(x - 0.301, z), 0.8 - np.abs(y))
    plates = [np.minimum(0.7 * CELL - np.abs(x + a), 0.6 - np.maximum(np.abs(y), np.abs(z))) for a in (0.1, 0.5, 0.5 + 2.6 * CELL)]
    return np.max([rod, *plates], axis=0).astype(np.float32)


@pytest.mark.parametrize("cells", [1.5, 2.0, 3.0])
@pytest.mark.parametrize("name", FIELDS)
def test_the_coarser_surface_has_the_same_pieces_and_handles(name: str, cells: float) -> None:
    mesh = clean(surface(FIELDS[name]))
    coarser = merged(mesh, cells * CELL)
    assert len(coarser.faces) < 0.7 * len(mesh.faces)
    assert set(find_defects(coarser)) == set(find_defects(mesh))
    assert solid(coarser).euler_number == solid(mesh).euler_number
    assert solid(coarser).body_count == solid(mesh).body_count
    distance, _ = cKDTree(mesh.vertices).query(coarser.vertices)
    assert distance.max() < cells * CELL


@pytest.mark.parametrize("cells", [2.0, 3.0])
def test_nothing_thin_is_lost_and_nothing_close_grows_together(cells: float) -> None:
    mesh = surface(thin, coarse=RESOLUTION)
    coarser = merged(mesh, cells * CELL)
    assert solid(mesh).body_count == solid(coarser).body_count == 4
    assert solid(coarser).euler_number == solid(mesh).euler_number == 8
    assert len(coarser.faces) < len(mesh.faces)
    distance, _ = cKDTree(solid(coarser).sample(200_000, seed=1)).query(mesh.vertices)
    assert distance.max() < cells * CELL
    assert solid(coarser).volume == pytest.approx(solid(mesh).volume, rel=0.2)


def test_an_open_border_stays_open_and_within_a_block_of_where_it_was() -> None:
    ball = surface(FIELDS["torus"])
    half = Mesh(vertices=ball.vertices, faces=ball.faces[ball.vertices[ball.faces].mean(axis=1)[:, 1] > 0])
    coarser = merged(half, 2 * CELL)
    assert len(coarser.faces) < 0.5 * len(half.faces)
    distance, _ = cKDTree(_border(half)).query(_border(coarser))
    back, _ = cKDTree(_border(coarser)).query(_border(half))
    assert max(distance.max(), back.max()) < 2 * CELL


def test_faces_that_are_there_twice_are_left_to_the_clean_up() -> None:
    ball = surface(FIELDS["torus"])
    spoiled = Mesh(vertices=ball.vertices, faces=np.concatenate([ball.faces, ball.faces[90:93], ball.faces[90:92]]))
    assert merged(spoiled, 2 * CELL) is spoiled


def test_a_dense_mesh_keeps_its_shape_and_is_closed_within_a_small_budget() -> None:
    """Two hundred thousand faces or more are merged first."""
    mesh = clean(surface(FIELDS["gyroid_in_a_ball"], 200))
    assert len(mesh.faces) > 200_000
    reduced = simplify(mesh, 10_000)
    assert find_defects(reduced) == find_defects(mesh)
    assert 9_900 <= len(reduced.faces) <= 10_000
    assert solid(reduced).euler_number == solid(mesh).euler_number
    assert solid(reduced).volume == pytest.approx(solid(mesh).volume, rel=0.01)


def _border(mesh: Mesh) -> np.ndarray:
    """(N, 3) places of the vertices at edges that have no face on the other side."""
    edges = {tuple(edge) for i in range(3) for edge in mesh.faces[:, [i, (i + 1) % 3]].tolist()}
    return mesh.vertices[sorted({a for a, b in edges if (b, a) not in edges})]
