"""The scores of shapes and of pictures against SciPy, scikit-image and what is known by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from img23d_backend.evaluation.pictures import psnr, ssim
from img23d_backend.evaluation.shapes import SAMPLES, compare, framed, nearest
from img23d_backend.mesh.topology.samples import Samples, sample_surface
from img23d_backend.stages import Mesh


def ball(radius: float = 1.0, rings: int = 96) -> Mesh:
    up = np.linspace(0, np.pi, rings + 1)
    around = np.linspace(0, 2 * np.pi, 2 * rings, endpoint=False)
    grid = np.stack((np.outer(np.sin(up), np.cos(around)), np.outer(np.sin(up), np.sin(around)), np.outer(np.cos(up), np.ones_like(around))), axis=-1)
    number = np.arange(grid.shape[0] * grid.shape[1]).reshape(grid.shape[:2])
    a, b = number[:-1], np.roll(number, -1, axis=1)[:-1]
    c, d = number[1:], np.roll(number, -1, axis=1)[1:]
    faces = np.concatenate((np.stack((a, c, b), -1).reshape(-1, 3), np.stack((b, c, d), -1).reshape(-1, 3)))
    return Mesh(vertices=(radius * grid.reshape(-1, 3)).astype(np.float32), faces=faces.astype(np.int32))


def cube() -> Mesh:
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float32)
    quads = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    return Mesh(vertices=corners, faces=np.array([face for a, b, c, d in quads for face in ((a, b, c), (a, c, d))], np.int32))


def samples(mesh: Mesh, seed: int = 0) -> Samples:
    return sample_surface(mesh, SAMPLES, seed)


def test_one_surface_sampled_twice_is_the_floor() -> None:
    """Known: 0.028 at 16,000 points."""
    scores = compare(samples(ball()), samples(ball(), 1))
    assert scores.chamfer == pytest.approx(0.028, abs=0.001)
    assert scores.f_scores[0.2] == 1 and scores.f_scores[0.05] > 0.999
    assert scores.normals > 0.999


def test_known_pairs() -> None:
    """Known: radius 0.9 to 1 is 0.202; the cube to the ball in it is 0.454, its F-score 0.434."""
    assert compare(samples(ball(0.9)), samples(ball(), 1)).chamfer == pytest.approx(0.202, abs=0.001)
    cube_and_ball = compare(samples(cube()), samples(ball(), 1))
    assert cube_and_ball.chamfer == pytest.approx(0.454, abs=0.003)
    assert cube_and_ball.f_scores[0.2] == pytest.approx(0.434, abs=0.01)


def test_a_shift_of_two_planes_is_told_as_it_is() -> None:
    flat = Mesh(vertices=np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32), faces=np.array([[0, 1, 2], [0, 2, 3]], np.int32))
    raised = Mesh(vertices=flat.vertices + np.float32([0, 0, 0.5]), faces=flat.faces)
    scores = compare(samples(flat), samples(raised, 1))
    assert scores.chamfer == pytest.approx(1.0, abs=0.001) and scores.f_scores[0.2] == 0 and scores.normals == pytest.approx(1)


def test_which_is_first_does_not_matter_nor_does_size_or_place() -> None:
    one, other = samples(cube()), samples(ball(), 1)
    assert compare(one, other) == compare(other, one)
    moved = Mesh(vertices=cube().vertices * 37 + np.float32([5, -3, 90]), faces=cube().faces)
    again = sample_surface(Mesh(vertices=framed(moved.vertices), faces=moved.faces), SAMPLES, 0)
    assert np.allclose(again.points, one.points, atol=1e-5)


def test_points_lie_evenly_on_the_surface() -> None:
    """Two faces of areas 1 to 9."""
    wide = Mesh(
        vertices=np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 5], [3, 0, 5], [0, 3, 5]], np.float32), faces=np.array([[0, 1, 2], [3, 4, 5]], np.int32)
    )
    points = samples(wide).points
    assert (points[:, 2] > 1).mean() == pytest.approx(0.9, abs=0.01)
    large = points[points[:, 2] > 1][:, :2]
    assert large.min() >= 0 and large.sum(axis=1).max() <= 3 + 1e-9 and large.mean(axis=0) == pytest.approx([1, 1], abs=0.03)


def test_the_nearest_is_that_of_a_tree() -> None:
    random = np.random.default_rng(0)
    one, other = random.normal(size=(5000, 3)), random.normal(size=(4000, 3))
    distances, _ = cKDTree(other).query(one)
    found, which = nearest(one, other)
    assert np.allclose(found, distances, atol=1e-12) and np.allclose(np.linalg.norm(one - other[which], axis=1), distances)


@pytest.mark.parametrize(
    "mesh",
    [
        Mesh(vertices=np.zeros((3, 3), np.float32), faces=np.array([[0, 1, 2]], np.int32)),
        Mesh(vertices=np.zeros((0, 3), np.float32), faces=np.zeros((0, 3), np.int32)),
    ],
)
def test_what_has_no_surface_says_so(mesh: Mesh) -> None:
    with pytest.raises(ValueError, match="without an area"):
        sample_surface(mesh, 10, 0)
    with pytest.raises(ValueError, match="without an extent"):
        framed(mesh.vertices)


def test_pictures_are_scored_as_scikit_image_scores_them() -> None:
    random = np.random.default_rng(0)
    smooth = np.stack((*np.meshgrid(np.linspace(0, 1, 61), np.linspace(0, 1, 47)), np.full((47, 61), 0.4)), axis=-1)
    other = np.clip(smooth + random.normal(0, 0.05, smooth.shape), 0, 1)
    assert psnr(smooth, other) == pytest.approx(peak_signal_noise_ratio(smooth, other, data_range=1), abs=1e-9)
    assert ssim(smooth, other) == pytest.approx(structural_similarity(smooth, other, data_range=1, channel_axis=-1), abs=1e-9)
    assert psnr(smooth, smooth) == float("inf") and ssim(smooth, smooth) == pytest.approx(1)


def test_pictures_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="one size"):
        ssim(np.zeros((9, 9, 3)), np.zeros((9, 8, 3)))
