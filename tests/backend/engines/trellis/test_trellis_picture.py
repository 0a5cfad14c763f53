"""The picture that TRELLIS looks at: where the thing lies in it, and the resampling by its own definition."""

from __future__ import annotations

import numpy as np
import pytest

from img23d_backend.cutouts.resampling import resampling
from img23d_backend.engines.trellis.shape.preprocess import picture_of
from img23d_protocol import ErrorCode, Img23DError

MEAN, DEVIATION = np.array((0.485, 0.456, 0.406)), np.array((0.229, 0.224, 0.225))


def colours(picture: np.ndarray) -> np.ndarray:
    """(s, s, 3) 0..1"""
    return picture.transpose(1, 2, 0) * DEVIATION + MEAN


def thing(left: int, top: int, right: int, bottom: int, *, size: tuple[int, int] = (100, 120), alpha: int = 255) -> np.ndarray:
    rgba = np.zeros((*size, 4), np.uint8)
    rgba[...] = (255, 128, 0, 0)  # colours under nothing count for nothing
    rgba[top:bottom, left:right, 3] = alpha
    return rgba


@pytest.mark.parametrize("place", [(30, 40, 91, 71), (0, 0, 61, 31), (59, 69, 120, 100)], ids=["inside", "at a corner", "at the other"])
def test_the_thing_lies_in_the_middle_of_a_black_square(place: tuple[int, int, int, int]) -> None:
    seen = colours(picture_of(thing(*place), 72))  # 61 pixels wide: 60 from the first to the last, the square has 72
    assert seen.shape == (72, 72, 3)
    inside = seen[:, :, 0] > 0.5
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    assert (columns[0], columns[-1]) == (6, 66)
    assert (rows[0], rows[-1]) == (21, 51)
    assert np.allclose(seen[inside], (1.0, 128 / 255, 0.0), atol=1e-5)
    assert np.abs(seen[~inside]).max() < 1e-5


def test_what_is_seen_through_does_not_widen_the_square() -> None:
    rgba = thing(30, 40, 91, 71)
    rgba[10:20, 10:20, 3] = 204
    assert np.array_equal(picture_of(rgba, 72), picture_of(thing(30, 40, 91, 71), 72))
    rgba[10:20, 10:20, 3] = 205
    assert not np.array_equal(picture_of(rgba, 72), picture_of(thing(30, 40, 91, 71), 72))


def test_a_thing_that_is_seen_through_everywhere_is_one_all_the_same() -> None:
    seen = colours(picture_of(thing(30, 40, 91, 71, alpha=51), 72))
    assert seen[36, 36] == pytest.approx((0.2, 0.2 * 128 / 255, 0.0), abs=1e-5)


@pytest.mark.parametrize("pixels", [1, 2, 3])
def test_a_few_pixels_are_a_thing(pixels: int) -> None:
    seen = colours(picture_of(thing(50, 50, 50 + pixels, 51), 28))
    assert np.isfinite(seen).all() and seen[:, :, 0].max() > 0.9


def test_nothing_is_said_to_be_nothing() -> None:
    with pytest.raises(Img23DError) as caught:
        picture_of(thing(0, 0, 0, 0), 28)
    assert caught.value.code is ErrorCode.EMPTY_CUTOUT


@pytest.mark.parametrize(("length", "wanted"), [(40, 40), (300, 40), (20, 51)])
def test_each_new_pixel_is_a_mean_of_old_ones(length: int, wanted: int) -> None:
    """Lanczos's kernel sinc(x) sinc(x / 3) in units of the wider pixels; at the same size nothing changes."""
    rows = resampling(length, wanted)
    assert np.allclose(rows.sum(axis=1), 1.0, atol=1e-6)
    if length == wanted:
        assert np.allclose(rows, np.eye(length), atol=1e-6)
    wider = max(length / wanted, 1.0)
    at = (np.arange(length) + 0.5 - (wanted // 2 + 0.5) * length / wanted) / wider
    kernel = np.where(abs(at) < 3, np.sinc(at) * np.sinc(at / 3), 0.0)
    assert np.allclose(rows[wanted // 2], kernel / kernel.sum(), atol=1e-6)
    line = np.linspace(0.0, 1.0, length)  # a straight ramp stays one, but at its ends
    middle = slice(wanted // 4, -wanted // 4)
    expected = ((np.arange(wanted) + 0.5) * length / wanted - 0.5) / (length - 1)
    assert np.allclose((rows @ line)[middle], expected[middle], atol=5e-3)
