"""What is not known takes its colour from what is: in the image the nearest, in space a smooth spread."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from img23d_backend.mesh.fill import fill_nearest
from img23d_backend.mesh.volume import ColorVolume, sample_image


def test_every_pixel_takes_the_nearest_known_one() -> None:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (40, 50, 3), dtype=np.uint8)
    known = rng.random((40, 50)) < 0.01
    known[3, 4] = True
    filled, distance = fill_nearest(image, known)
    exact, (rows, columns) = ndimage.distance_transform_edt(~known, return_indices=True)
    np.testing.assert_array_equal(filled[known], image[known])
    np.testing.assert_allclose(distance, exact, atol=0.06 * exact.max())  # OpenCV's 5x5 mask is not quite exact
    near = (exact < 2.5) & (filled != image[rows, columns]).any(axis=2)
    assert near.mean() < 0.01  # ties


def test_all_known_stays_as_it_is() -> None:
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    np.testing.assert_array_equal(fill_nearest(image, np.ones((4, 4), bool))[0], image)


def test_far_pixels_take_the_mean() -> None:
    image = np.zeros((9, 30, 3), np.uint8)
    image[:, 0], image[:, 1] = 100, 200
    filled, _ = fill_nearest(image, image.any(axis=2), reach=5.0)
    assert (filled[:, 2:6] == 200).all() and (filled[:, 8:] == 150).all()


def sphere(count: int) -> np.ndarray:
    points = np.random.default_rng(1).normal(size=(count, 3))
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def volume_of(points: np.ndarray, colors: np.ndarray, weights: np.ndarray | None = None) -> ColorVolume:
    volume = ColorVolume(points.min(axis=0), points.max(axis=0))
    volume.add(points, colors, np.ones(len(points)) if weights is None else weights)
    volume.spread()
    return volume


def test_one_colour_spreads_everywhere() -> None:
    points = sphere(50)
    volume = volume_of(points, np.tile([10.0, 100.0, 200.0], (50, 1)))
    np.testing.assert_allclose(volume.sample(sphere(500)), np.tile([10.0, 100.0, 200.0], (500, 1)), atol=0.01)


def test_seeds_keep_their_colours() -> None:
    points = sphere(20_000)
    colors = 127 + 100 * points  # as smooth as the surface
    error = volume_of(points, colors).sample(points) - colors
    assert np.abs(error).mean() < 2.0


def test_a_gap_is_bridged_smoothly() -> None:
    points = sphere(40_000)
    seeded = np.abs(points[:, 2]) > 0.3
    colors = np.where(points[:, 2:] > 0, [200.0, 0.0, 0.0], [0.0, 0.0, 200.0])
    volume = volume_of(points[seeded], colors[seeded])
    angle = np.linspace(0, np.pi, 400)
    ring = volume.sample(np.stack([np.sin(angle), np.zeros(400), np.cos(angle)], 1))
    assert np.abs(np.diff(ring[:, 0])).max() < 12.0  # no step where the seeds end
    assert 40 < ring[200, 0] < 160 and 40 < ring[200, 2] < 160
    assert ring.min() > -0.01 and ring.max() < 200.01


def test_weights_count_and_zero_weights_do_not() -> None:
    points = sphere(1000)
    colors = np.where(np.arange(1000)[:, None] % 2, 200.0, 0.0) * np.ones(3)
    volume = volume_of(points, colors, np.where(np.arange(1000) % 2, 1.0, 0.0))
    np.testing.assert_allclose(volume.sample(points), 200.0, atol=0.01)


def test_flat_and_single_points_do_not_break_it() -> None:
    flat = sphere(100) * [1, 1, 0]
    assert np.isfinite(volume_of(flat, np.full((100, 3), 50.0)).sample(flat)).all()
    one = np.zeros((1, 3))
    np.testing.assert_allclose(volume_of(one, np.full((1, 3), 50.0)).sample(one), 50.0, atol=0.01)


def test_nothing_known_is_finite() -> None:
    points = sphere(10)
    assert np.isfinite(volume_of(points, np.ones((10, 3)), np.zeros(10)).sample(points)).all()


def test_images_are_sampled_where_asked() -> None:
    image = np.arange(30, dtype=np.float32).reshape(5, 6)
    x, y = np.array([0.0, 2.5, 5.0, 9.0], np.float32), np.array([0.0, 1.5, 4.0, 4.0], np.float32)
    np.testing.assert_allclose(sample_image(image, x, y, 1), [0.0, 11.5, 29.0, 29.0], atol=0.1)
