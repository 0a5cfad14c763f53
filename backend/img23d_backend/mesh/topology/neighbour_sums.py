"""Sums over the neighbours of many items, as in the product of a sparse matrix, several times as fast as by `np.bincount`.

Items are put in order, those with the most neighbours first. Then the values of all first neighbours stand in a row, after
them those of all second ones and so on, and each row is added to the beginning of the sums.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .sorting import sorted_with_order

_ROWS = 8  # neighbours beyond these, which few items have, stand item by item


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """Neighbours among items that are put in order: `order` (N,) the item at each place, `place` (N,) the other way
    round. For the 2 E neighbours as they are added up, `own` is the place of the item, `other` its neighbour's, and `edge` the
    pair.
    """

    order: np.ndarray
    place: np.ndarray
    own: np.ndarray
    other: np.ndarray
    edge: np.ndarray
    rows: tuple[slice, ...]
    rest: slice
    starts: np.ndarray  # of each item's neighbours in the rest

    def sums(self, values: np.ndarray) -> np.ndarray:
        """(N,) sums of each item's values (2 E,)."""
        total = np.zeros(len(self.order), dtype=values.dtype)
        for row in self.rows:
            total[: row.stop - row.start] += values[row]
        if len(self.starts):
            total[: len(self.starts)] += np.add.reduceat(values[self.rest], self.starts)
        return total


def neighbours(pairs: np.ndarray, count: int) -> Neighbours:
    """Of `count` items, those that stand together in `pairs` (E, 2)."""
    owner, edge = sorted_with_order(pairs.T.ravel())
    degree = np.bincount(owner, minlength=count)
    _, order = sorted_with_order(int(degree.max(initial=0)) - degree)
    place = np.empty(count, dtype=np.int64)
    place[order] = np.arange(count)
    number = np.arange(len(owner)) - (np.cumsum(degree) - degree)[owner]  # the how manieth neighbour each is
    lengths = [int(np.count_nonzero(degree > k)) for k in range(_ROWS + 1)]
    ends = np.cumsum([0, *lengths[:-1]])
    beyond = (degree[order[: lengths[-1]]] - _ROWS).clip(min=0)
    starts = np.cumsum(beyond) - beyond
    first = number < _ROWS
    position = np.empty(len(owner), dtype=np.int64)
    position[first] = ends[number[first]] + place[owner[first]]
    position[~first] = ends[-1] + starts[place[owner[~first]]] + number[~first] - _ROWS
    half = np.empty(len(owner), dtype=np.int64)  # of an edge
    half[position] = edge
    return Neighbours(
        order=order,
        place=place,
        own=place[pairs.T.ravel()[half]],
        other=place[pairs[:, ::-1].T.ravel()[half]],
        edge=half % max(len(pairs), 1),
        rows=tuple(slice(int(a), int(b)) for a, b in zip(ends[:-1], ends[1:], strict=True)),
        rest=slice(int(ends[-1]), len(owner)),
        starts=starts,
    )
