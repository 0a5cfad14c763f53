"""Sparse sampling against evaluating every point of the grid."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from fields import EMPTY, FIELDS, Field, smooth_noise, sphere, thin_plate

from img23d_backend.mesh.isosurface.octree import CORNERS, SparseField, sample_sparse
from img23d_backend.stages import JobCancelled
from img23d_protocol import ErrorCode, Img23DError


def dense(field: Field, resolution: int, half: float) -> tuple[np.ndarray, np.ndarray]:
    """All cells that change sign (N, 3), the rim's included, and their corners' values (8, N)."""
    axis = np.linspace(-half, half, resolution + 1, dtype=np.float32)
    points = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    grid = np.pad(field(points).reshape((resolution + 1,) * 3), 1, constant_values=EMPTY)
    n = resolution + 2
    corners = np.stack([grid[a : a + n, b : b + n, c : c + n] for a, b, c in CORNERS])
    active = (corners > 0).any(axis=0) & ~(corners > 0).all(axis=0)
    return np.argwhere(active) - 1, corners[:, active]


@pytest.mark.parametrize("name", sorted(set(FIELDS) - {"smooth_noise"}))
@pytest.mark.parametrize("resolution", [96, 110])
def test_all_cells_of_the_surface_are_found_with_their_values(name: str, resolution: int) -> None:
    wanted, values = dense(FIELDS[name], resolution, 1.01)
    found = sample_sparse(FIELDS[name], resolution=resolution, bounds=1.01, coarse=24)
    assert np.array_equal(found.cells, wanted)
    np.testing.assert_allclose(found.values, values, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("padded", [True, False])
def test_of_noise_only_small_pieces_between_the_first_points_are_missed(padded: bool) -> None:
    wanted, _ = dense(smooth_noise, 96, 1.01)
    found = sample_sparse(smooth_noise, resolution=96, bounds=1.01, coarse=24, padded=padded)
    wanted_cells, found_cells = set(map(tuple, wanted.tolist())), set(map(tuple, found.cells.tolist()))
    assert found_cells <= wanted_cells
    assert len(wanted_cells - found_cells) < 0.001 * len(wanted_cells)


@pytest.mark.parametrize("name", ["sphere", "torus", "gyroid_in_a_ball", "beyond_the_volume"])
def test_without_padding_one_smooth_piece_is_found_whole(name: str) -> None:
    wanted, _ = dense(FIELDS[name], 96, 1.01)
    found = sample_sparse(FIELDS[name], resolution=96, bounds=1.01, coarse=24, padded=False)
    assert np.array_equal(found.cells, wanted)


def test_a_plate_between_the_first_points_is_followed_from_where_it_was_hit() -> None:
    wanted, _ = dense(thin_plate, 96, 1.01)
    first = sample_sparse(thin_plate, resolution=12, bounds=1.01, coarse=12)
    assert 0 < len(first.cells) < 12 * 12  # most of the plate lies between the points of the first grid
    found = sample_sparse(thin_plate, resolution=96, bounds=1.01, coarse=12, padded=False)
    assert np.array_equal(found.cells, wanted)


@pytest.mark.parametrize("resolution", [64, 65, 97, 250, 256, 380, 500])
def test_any_resolution_puts_its_points_where_it_says(resolution: int) -> None:
    seen: list[np.ndarray] = []
    field = sample_sparse(_watched(sphere, seen), resolution=resolution, bounds=(-1.01, 1.01), padded=False)
    axis = np.linspace(-1.01, 1.01, resolution + 1, dtype=np.float32)
    points = np.concatenate(seen)
    assert np.isin(np.unique(points), axis).all()
    assert len(points) == field.queries
    cell = 2.02 / resolution
    middle = -1.01 + (field.cells + 0.5) * cell
    assert np.abs(np.linalg.norm(middle, axis=1) - 0.7).max() < cell


def test_no_point_is_asked_for_twice() -> None:
    seen: list[np.ndarray] = []
    sample_sparse(_watched(FIELDS["gyroid_in_a_ball"], seen), resolution=96, bounds=1.0, coarse=24)
    points = np.concatenate(seen)
    assert points.dtype == np.float32
    assert len(np.unique(points, axis=0)) == len(points)


def test_a_box_need_not_be_a_cube_around_the_origin() -> None:
    low, high = np.array([0.0, -1.0, 2.0]), np.array([1.0, 1.0, 5.0])
    seen: list[np.ndarray] = []
    ball = _watched(lambda points: sphere((points - (low + high) / 2) / (high - low) * 2), seen)
    field = sample_sparse(ball, resolution=32, bounds=(low, high))
    points = np.concatenate(seen)
    assert np.array_equal(points.min(axis=0), low)
    assert np.array_equal(points.max(axis=0), high)
    assert np.array_equal(field.cells, sample_sparse(sphere, resolution=32, bounds=1.0).cells)


def test_many_times_fewer_points_than_the_whole_grid() -> None:
    whole = 385**3
    padded = sample_sparse(sphere, resolution=384, bounds=1.01)
    cheap = sample_sparse(sphere, resolution=384, bounds=1.01, padded=False)
    assert whole / padded.queries > 12
    assert whole / cheap.queries > 20


def test_progress_grows_and_may_cancel() -> None:
    fractions: list[float] = []
    sample_sparse(sphere, resolution=128, bounds=1.0, report=fractions.append)
    assert fractions == sorted(fractions)
    assert fractions[0] == 0
    assert 0.5 < fractions[-1] < 1

    def cancel(fraction: float) -> None:
        if fraction > 0.3:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        sample_sparse(sphere, resolution=128, bounds=1.0, report=cancel)


def test_a_field_without_surface_has_no_cells() -> None:
    assert _empty_field().cells.shape == (0, 3)


def test_numbers_that_are_none_are_said_so() -> None:
    with pytest.raises(Img23DError) as caught:
        sample_sparse(lambda points: np.full(len(points), np.nan), resolution=64, bounds=1.0)
    assert caught.value.code == ErrorCode.NO_SURFACE


def test_half_precision_and_infinite_values_do() -> None:
    field = sample_sparse(lambda points: np.where(sphere(points) > 0, np.inf, -np.inf).astype(np.float16), resolution=64, bounds=1.0)
    assert np.isfinite(field.values).all()
    assert np.array_equal(field.cells, sample_sparse(sphere, resolution=64, bounds=1.0).cells)


def _empty_field() -> SparseField:
    return sample_sparse(lambda points: np.full(len(points), -1.0), resolution=128, bounds=1.0)


def _watched(field: Field, seen: list[np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    def query(points: np.ndarray) -> np.ndarray:
        seen.append(points)
        return field(points)

    return query
