"""TripoSR's picture, as its repository's run.py makes it: cropped, in the middle of a square, over grey, in 8 bits."""

from __future__ import annotations

import numpy as np
import pytest

from img23d_backend.engines.triposr.shape.reconstruct import FOREGROUND_RATIO, ratio_for, square_of
from img23d_backend.stages import Context
from img23d_protocol import ErrorCode, Img23DError


def cutout(height: int, width: int, *, alpha: int = 255) -> np.ndarray:
    """A thing of that size in a larger transparent picture."""
    rgba = np.zeros((height + 31, width + 17, 4), np.uint8)
    rgba[:] = (250, 10, 10, 0)  # colours where nothing is do not matter
    rgba[20 : 20 + height, 5 : 5 + width] = (0, 100, 200, alpha)
    return rgba


@pytest.mark.parametrize(("height", "width"), [(86, 41), (41, 86), (86, 86)])
def test_the_thing_fills_85_percent_of_a_grey_square(height: int, width: int) -> None:
    """Its last row and column are left out, as there."""
    square = square_of(cutout(height, width))
    assert square.shape == (100, 100, 3) and square.dtype == np.uint8
    thing = (square == (0, 100, 200)).all(axis=2)
    rows, columns = np.flatnonzero(thing.any(axis=1)), np.flatnonzero(thing.any(axis=0))
    assert (len(rows), len(columns)) == (height - 1, width - 1) and thing.sum() == (height - 1) * (width - 1)
    assert abs(rows[0] - (99 - rows[-1])) <= 2 and abs(columns[0] - (99 - columns[-1])) <= 2
    assert (square[~thing] == 127).all(), "half of white, cut off to 8 bits"


def test_what_is_half_transparent_is_half_grey() -> None:
    square = square_of(cutout(86, 86, alpha=51))
    assert (square[50, 50] == [int(0.8 * 127.5), int(0.2 * 100 + 0.8 * 127.5), int(0.2 * 200 + 0.8 * 127.5)]).all()


@pytest.mark.parametrize("rgba", [np.zeros((9, 9, 4), np.uint8), cutout(1, 40), cutout(40, 1)], ids=["nothing", "a row", "a column"])
def test_what_is_empty_says_so(rgba: np.ndarray) -> None:
    with pytest.raises(Img23DError) as caught:
        square_of(rgba)
    assert caught.value.code is ErrorCode.EMPTY_CUTOUT


def test_variants_are_framed_otherwise_each_by_its_seed() -> None:
    assert ratio_for(Context(seed=5)) == FOREGROUND_RATIO == 0.85
    ratios = [ratio_for(Context(seed=seed, is_varied=True)) for seed in range(8)]
    assert len(set(ratios)) == 8 and all(0.7 <= ratio <= 0.92 for ratio in ratios)
    assert ratio_for(Context(seed=3, is_varied=True)) == ratios[3]
