"""The surface of sparse fields: closed, manifold, and where the field is 0."""

from __future__ import annotations

import numpy as np
import pytest
from fields import EMPTY, FIELDS, sphere

from img23d_backend.mesh.isosurface.marching_cubes import extract_surface
from img23d_backend.mesh.isosurface.octree import sample_sparse
from img23d_backend.mesh.topology.checks import find_defects
from img23d_backend.stages import Mesh
from img23d_protocol import ErrorCode, Img23DError

SEVERAL_PIECES = "the mesh is in more than one piece"


def defects(mesh: Mesh) -> set[str]:
    return set(find_defects(mesh)) - {SEVERAL_PIECES}


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize(("resolution", "padded"), [(64, True), (90, False)])
def test_the_surface_is_closed_manifold_and_outward(name: str, resolution: int, padded: bool) -> None:
    field = sample_sparse(FIELDS[name], resolution=resolution, bounds=1.01, coarse=24, padded=padded)
    mesh = extract_surface(field)
    assert mesh.vertices.dtype == np.float32
    assert mesh.faces.dtype == np.int32
    assert defects(mesh) == set()


@pytest.mark.parametrize("seed", range(8))
def test_white_noise_is_closed_and_manifold(seed: int) -> None:
    """Every case of the table beside every other, and a quarter of the values exactly 0."""
    values = np.random.default_rng(seed).normal(size=(25, 25, 25)).astype(np.float32)
    values[np.random.default_rng(seed + 100).random(values.shape) < 0.25] = 0
    grid = np.pad(values, 1, constant_values=EMPTY)

    def query(points: np.ndarray) -> np.ndarray:
        return grid[tuple(np.round(points).astype(int).T + 1)]

    field = sample_sparse(query, resolution=24, bounds=(0.0, 24.0), coarse=24)
    assert set(np.unique(_cases(field.values))) == set(range(1, 255))
    assert defects(extract_surface(field)) == set()


@pytest.mark.parametrize("resolution", [64, 100, 256])
def test_a_sphere_has_its_radius_and_its_centre(resolution: int) -> None:
    center = (0.11, -0.07, 0.05)
    field = sample_sparse(lambda points: sphere(points, center), resolution=resolution, bounds=1.01)
    vertices = extract_surface(field).vertices - np.array(center)
    cell = 2.02 / resolution
    assert np.abs(np.linalg.norm(vertices, axis=1) - 0.7).max() < 0.01 * cell + 0.3 * cell**2  # the chord of a curve
    assert np.abs(vertices.min(axis=0) + vertices.max(axis=0)).max() < 0.1 * cell


def test_vertices_lie_where_a_linear_field_is_zero() -> None:
    field = sample_sparse(
        lambda points: np.minimum(0.3 - points @ np.array([0.6, 0.0, 0.8]), 0.8 - np.abs(points).max(axis=1)),
        resolution=64,
        bounds=1.0,
    )
    vertices = extract_surface(field).vertices.astype(np.float64)
    within = np.abs(vertices).max(axis=1) < 0.8 - 2 / 64
    assert within.sum() > 1000
    assert np.abs(vertices[within] @ np.array([0.6, 0.0, 0.8]) - 0.3).max() < 0.0011 * 2 / 64


def test_a_field_that_is_solid_everywhere_is_the_box() -> None:
    field = sample_sparse(lambda points: np.ones(len(points)), resolution=16, bounds=1.0)
    mesh = extract_surface(field)
    assert defects(mesh) == set()
    np.testing.assert_allclose(np.abs(mesh.vertices).max(axis=0), 1.0, atol=0.002 / 8)


def test_near_things_are_not_joined() -> None:
    mesh = extract_surface(sample_sparse(FIELDS["two_near_spheres"], resolution=128, bounds=1.01))
    assert find_defects(mesh) == (SEVERAL_PIECES,)


def test_no_surface_is_said_so() -> None:
    field = sample_sparse(lambda points: np.full(len(points), -1.0), resolution=64, bounds=1.0)
    with pytest.raises(Img23DError) as caught:
        extract_surface(field)
    assert caught.value.code == ErrorCode.NO_SURFACE


def _cases(values: np.ndarray) -> np.ndarray:
    return ((values > 0) << np.arange(8)[:, None]).sum(axis=0)
