"""What is not known takes its colour from what is: in an image from what is near, on a surface smoothly along it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from img23d_backend.mesh.texture.bake import sample_image
from img23d_backend.mesh.texture.fill import fill_nearest
from img23d_backend.mesh.texture.padding import pad_edges


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


def test_padding_leaves_what_is_known_and_reaches_everywhere_with_colours_from_nearby() -> None:
    rng = np.random.default_rng(1)
    image = np.zeros((100, 100, 3), np.uint8)
    known = np.zeros((100, 100), bool)
    image[10:40, 5:45], known[10:40, 5:45] = (200, 30, 60), True
    image[60:90, 50:91], known[60:90, 50:91] = rng.integers(90, 110, (30, 41, 3)), True
    padded = pad_edges(image, known)
    np.testing.assert_array_equal(padded[known], image[known])
    assert (padded[8:42, 3:47][~known[8:42, 3:47]] == (200, 30, 60)).all()
    beside = padded[58:92, 48:93][~known[58:92, 48:93]]
    assert beside.min() >= 90 and beside.max() < 110
    assert padded.min() >= 30


def test_nothing_or_everything_known_needs_no_padding() -> None:
    image = np.arange(75, dtype=np.uint8).reshape(5, 5, 3)
    for known in (np.zeros((5, 5), bool), np.ones((5, 5), bool)):
        np.testing.assert_array_equal(pad_edges(image, known), image)


def test_images_are_sampled_where_asked() -> None:
    image = np.arange(30, dtype=np.float32).reshape(5, 6)
    x, y = np.array([0.0, 2.5, 5.0, 9.0], np.float32), np.array([0.0, 1.5, 4.0, 4.0], np.float32)
    np.testing.assert_allclose(sample_image(image, x, y, 1), [0.0, 11.5, 29.0, 29.0], atol=0.1)
