"""A field sampled only where its surface is: coarse cells that change sign are halved until the wanted resolution.

The volume has `resolution` cells a side; grid index i lies at low + i * (high - low) / resolution. Around it lies a rim
of empty points that are never asked for, so that a surface which leaves the volume is closed there. The first grid's
lines are every 2^k-th one of the last grid's, counted from the rim, and go beyond the volume as far as it takes: every
level nests in the one before, whatever number `resolution` is, and a value is used again on every level.

Decoding a latent shape in this manner is FlashVDM's hierarchical volume decoding (Lai et al., Unleashing Vecset Diffusion
Model for Fast Shape Generation, 2025), with a different rule: signs, not a band of values around zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from img23d_protocol import ErrorCode, Img23DError

Query = Callable[[np.ndarray], np.ndarray]  # points (N, 3) float32 to values (N,), above 0 inside
Bounds = float | tuple[float, float] | tuple[np.ndarray, np.ndarray]

CORNERS = tuple((c >> 2 & 1, c >> 1 & 1, c & 1) for c in range(8))  # x, y, z of a cell's corners, as they are numbered

_RIM = 1  # empty grid points before index 0
_MOST = np.float32(1e30)  # values are held within it, so that no difference overflows
_EMPTY = -_MOST
_AS_ZERO = np.float32(-1e-30)  # a value of exactly 0 counts as outside; 0 in the table means not asked for yet
_POINTS = 1 << 16  # asked for at a time; between two a cancel is seen
_QUERIES_PER_AREA = 15  # times the squared cells a side: about what a level takes; only the progress depends on it

_Index = TypeVar("_Index", np.ndarray, int)


@dataclass(frozen=True, kw_only=True)
class SparseField:
    """The cells of a grid in which a field changes its sign.

    `cells` (N, 3) int32 are the lower corners' grid indices, from -1 (the rim) to `resolution`, in ascending order.
    `values` (8, N) float32 are the corners', numbered as in `CORNERS`, never 0. Every cell on the other side of a face that
    changes sign is there as well. `queries` is the number of points that were asked for.
    """

    cells: np.ndarray
    values: np.ndarray
    resolution: int
    low: np.ndarray  # (3,) float64
    high: np.ndarray
    queries: int


def sample_sparse(
    query: Query,
    *,
    resolution: int,
    bounds: Bounds,
    padded: bool = True,
    coarse: int = 96,
    report: Callable[[float], None] = lambda fraction: None,
) -> SparseField:
    """All cells of the surface that a first grid of about `coarse` cells a side (two to four thirds of it) has a hold of.

    `bounds` is half the side of a cube around the origin, or its two corners. A part that lies wholly between the points of
    the first grid is found where it hangs together with one that does not: a surface is followed through every face
    that it crosses. `padded` also halves the neighbours of the first grid's cells that change sign, which finds parts that
    only come near, for a sixth more points. On finer levels padding finds at most pieces of under two cells of the last grid,
    for more than half as many points again, so it is left out.

    Raises Img23DError(NO_SURFACE) where the field is not a number, and whatever `query` and `report` raise.
    """
    low, high = _corners_of(bounds)
    step = _first_step(resolution, coarse)
    samples = _Samples(query, low, high, resolution, step, report)
    active = samples.first_cells(step)
    if padded and step > 1:
        active = _dilated(active)
    while step > 1:
        step //= 2
        active = _halved(samples, active, step)
    cells = np.flatnonzero(active)
    x, y, z = np.unravel_index(cells, active.shape)
    origin = samples.index(x, y, z)
    return SparseField(
        cells=(np.stack([x, y, z], axis=1) - _RIM).astype(np.int32),
        values=np.stack([samples.values.take(origin + samples.index(*corner)) for corner in CORNERS]),
        resolution=resolution,
        low=low,
        high=high,
        queries=samples.queries,
    )


def _corners_of(bounds: Bounds) -> tuple[np.ndarray, np.ndarray]:
    low, high = bounds if isinstance(bounds, tuple) else (-bounds, bounds)
    low, high = (np.broadcast_to(np.asarray(corner, dtype=np.float64), 3) for corner in (low, high))
    return low, high


def _first_step(resolution: int, coarse: int) -> int:
    step = 1
    while resolution / (2 * step) >= coarse * 2 / 3:
        step *= 2
    return step


class _Samples:
    """The table of values of the finest grid, rim included, and the points still to be asked for.

    Memory is only taken for what is written: the table comes zeroed from the system, page by page.
    """

    def __init__(
        self,
        query: Query,
        low: np.ndarray,
        high: np.ndarray,
        resolution: int,
        first_step: int,
        report: Callable[[float], None],
    ) -> None:
        self.cells = -(-(resolution + 2 * _RIM) // first_step) * first_step  # a side
        self.values = np.zeros((self.cells + 1) ** 3, dtype=np.float32)
        self.queries = 0
        self._query, self._report = query, report
        self._resolution = resolution
        # as float32 from float64: the same numbers as np.linspace gives whoever evaluates the whole grid
        self._axes = [np.linspace(a, b, resolution + 1).astype(np.float32) for a, b in zip(low, high, strict=True)]
        self._levels = _level_ends(self.cells, first_step)
        self._level = 0

    def index(self, x: _Index, y: _Index, z: _Index) -> _Index:
        """Of grid points (counted from the rim) in the table."""
        side = self.cells + 1
        return (x * side + y) * side + z

    def first_cells(self, step: int) -> np.ndarray:
        """(n, n, n) bool: the first grid's cells that change sign."""
        line = np.arange(0, self.cells + 1, step)
        points = self.index(line[:, None, None], line[:, None], line)
        self._ask(points.ravel())
        self._level += 1
        return _changes(self.values.take(points) > 0)

    def halve(self, origin: np.ndarray, step: int) -> np.ndarray:
        """(3, 3, 3, N) bool: what is inside at all points of N cells that are twice `step` long; asks for what is new."""
        offsets = np.array([self.index(*at) * step for at in np.ndindex(3, 3, 3)])
        self._ask(self._new(origin, offsets))
        return np.stack([self.values.take(origin + offset) > 0 for offset in offsets]).reshape(3, 3, 3, -1)

    def end_level(self) -> None:
        self._level += 1

    def _new(self, origin: np.ndarray, offsets: np.ndarray) -> np.ndarray:
        if len(origin) * 1000 < len(self.values):  # a few cells: sorting them takes less than looking through the table
            points = np.unique(origin[:, None] + offsets)
        else:
            wanted = np.zeros(len(self.values), dtype=bool)
            for offset in offsets:
                wanted[origin + offset] = True
            points = np.flatnonzero(wanted)
        return points[self.values.take(points) == 0]

    def _ask(self, points: np.ndarray) -> None:
        begin, end = self._levels[self._level : self._level + 2]
        for first in range(0, len(points), _POINTS):
            self._report(begin + (end - begin) * first / len(points))
            part = points[first : first + _POINTS]
            self.values[part] = self._values_at(part)

    def _values_at(self, points: np.ndarray) -> np.ndarray:
        side = self.cells + 1
        row, z = np.divmod(points, side)
        grid = np.stack([row // side, row % side, z]) - _RIM
        within = np.flatnonzero(((grid >= 0) & (grid <= self._resolution)).all(axis=0))
        values = np.full(len(points), _EMPTY)
        if len(within):
            at = [axis.take(i.take(within)) for axis, i in zip(self._axes, grid, strict=True)]
            asked = np.asarray(self._query(np.stack(at, axis=1)), dtype=np.float32).reshape(-1)
            self.queries += len(asked)
            _need_numbers(asked)
            values[within] = np.where(asked == 0, _AS_ZERO, np.clip(asked, -_MOST, _MOST))
        return values


def _level_ends(cells: int, step: int) -> list[float]:
    """Where each level begins and ends in the whole progress."""
    costs = [(cells / step) ** 3]
    while step > 1:
        step //= 2
        costs.append(_QUERIES_PER_AREA * (cells / step) ** 2)
    return [0.0, *np.cumsum(costs) / sum(costs)]


def _need_numbers(values: np.ndarray) -> None:
    if np.isnan(values).any():
        raise Img23DError(
            ErrorCode.NO_SURFACE,
            "The shape model's numbers ran out of range: try another seed, or let the shape stage compute on the processor.",
            f"{int(np.isnan(values).sum())} of {len(values)} field values are not a number",
        )


def _halved(samples: _Samples, wanted: np.ndarray, step: int) -> np.ndarray:
    """(2n, 2n, 2n) bool: cells `step` long that change sign, inside the `wanted` (n, n, n) ones and beyond, as far as
    the surface goes on.
    """
    done = np.zeros_like(wanted)
    finer = np.zeros(tuple(2 * n for n in wanted.shape), dtype=bool)
    while wanted.any():
        done |= wanted
        x, y, z = np.nonzero(wanted)
        inside = samples.halve(samples.index(x, y, z) * (2 * step), step)
        for (a, b, c), changes in zip(np.ndindex(2, 2, 2), _changes(inside).reshape(8, -1), strict=True):
            finer[2 * x + a, 2 * y + b, 2 * z + c] = changes
        wanted = _behind_faces(inside, (x, y, z), wanted.shape) & ~done
    samples.end_level()
    return finer


def _changes(inside: np.ndarray) -> np.ndarray:
    """(i, j, k, ...) points inside to (i-1, j-1, k-1, ...) cells that have corners on both sides."""
    any_, all_ = inside, inside
    for low, high in ((np.s_[:-1], np.s_[1:]), (np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:, :, :-1], np.s_[:, :, 1:])):
        any_, all_ = any_[low] | any_[high], all_[low] & all_[high]
    return any_ & ~all_


def _behind_faces(inside: np.ndarray, cell: tuple[np.ndarray, ...], shape: tuple[int, ...]) -> np.ndarray:
    """(n, n, n) bool: the neighbours across every face of which the points (3, 3) lie on both sides."""
    neighbours = np.zeros(shape, dtype=bool)
    for axis in range(3):
        for side, move in ((0, -1), (2, 1)):
            face = inside.take(side, axis=axis)  # (3, 3, N)
            crossed = np.flatnonzero(face.any(axis=(0, 1)) & ~face.all(axis=(0, 1)))
            at = [i.take(crossed) + (move if a == axis else 0) for a, i in enumerate(cell)]
            neighbours[tuple(at)] = True  # never beyond the table: its outermost points are all empty
    return neighbours


def _dilated(cells: np.ndarray) -> np.ndarray:
    """With all 26 neighbours."""
    for axis in range(3):
        grown = np.swapaxes(cells.copy(), 0, axis)
        before = np.swapaxes(cells, 0, axis)
        grown[1:] |= before[:-1]
        grown[:-1] |= before[1:]
        cells = np.swapaxes(grown, 0, axis)
    return cells
