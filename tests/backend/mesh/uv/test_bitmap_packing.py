"""Where a chart's bitmap is set, against trying every place."""

from __future__ import annotations

import numpy as np
import pytest

from img23d_backend.mesh.uv.bitmap_packing import CELLS, best_spot


def topmost(taken: np.ndarray, bitmap: np.ndarray) -> tuple[int, int] | None:
    high, wide = bitmap.shape
    places = ((x, y) for y in range(taken.shape[0] - high + 1) for x in range(taken.shape[1] - wide + 1))
    return next((place for place in places if not (taken[place[1] : place[1] + high, place[0] : place[0] + wide] & bitmap).any()), None)


def disc(side: int) -> np.ndarray:
    at = np.arange(side) - (side - 1) / 2
    return (np.add.outer(at**2, at**2) <= (side / 2) ** 2).astype(np.uint8)


@pytest.mark.parametrize("rows", [40, 150], ids=["a band", "half of it"])
@pytest.mark.parametrize("bitmap", [np.ones((20, 20), np.uint8), disc(30)], ids=["square", "disc"])
def test_specks_within_the_outline_are_seen(rows: int, bitmap: np.ndarray) -> None:
    """Of a chart in several pieces, single cells: the outline of another fits around them at hundreds of places."""
    taken = np.zeros((CELLS, CELLS), np.uint8)
    taken[5:rows:11, 5::11] = 1
    spot, turn = best_spot(taken, rows, bitmap, 1)
    assert (spot, turn) == (topmost(taken, bitmap), 0)


def test_where_nothing_is_free_there_is_no_place() -> None:
    taken = np.zeros((CELLS, CELLS), np.uint8)
    taken[5::11, 5::11] = 1
    assert best_spot(taken, CELLS, np.ones((20, 20), np.uint8), 1) == (None, 0)
