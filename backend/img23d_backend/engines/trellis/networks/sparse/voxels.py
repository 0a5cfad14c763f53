"""Which cells of a grid are there, and who is whose neighbour: looked up once for a set of cells, for all layers over it.

A layer's values are (N, C) beside a set of N voxels, in its order. Offsets (dx, dy, dz) in -1..1 count x first, z fastest,
as the axes of spconv's weights do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import torch
from torch import Tensor

from .windows import WindowPartition

OFFSETS = 27
_CHILDREN = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class Voxels:
    """`coords` (N, 3) int64 are different cells in 0..resolution-1, in any order."""

    coords: Tensor
    resolution: int

    def __len__(self) -> int:
        return len(self.coords)

    @property
    def device(self) -> torch.device:
        return self.coords.device

    @cached_property
    def neighbours(self) -> Tensor:
        """(N, 27) int32: the voxel at each offset, N where there is none."""
        side = self.resolution + 2  # with an empty rim, so that no neighbour's number is that of another row's cell
        numbers = _numbers(self.coords + 1, side)
        ordered, order = numbers.sort()
        steps = _numbers(_offsets().to(self.device), side)
        found = torch.empty((len(self), OFFSETS), dtype=torch.int32, device=self.device)
        for column, step in enumerate(steps.tolist()):
            sought = numbers + step
            place = torch.searchsorted(ordered, sought).clamp_(max=len(self) - 1)
            found[:, column] = torch.where(ordered[place] == sought, order[place], len(self))
        return found

    def neighbours_of(self, start: int, stop: int) -> Tensor:
        """The rows `start` to `stop` of the neighbours, (R, 27)."""
        return self.neighbours[start:stop]

    @cached_property
    def halved(self) -> Halved:
        cells = self.coords // 2
        side = (self.resolution + 1) // 2
        numbers, parent_of, counts = torch.unique(_numbers(cells, side), return_inverse=True, return_counts=True)
        coords = torch.stack((numbers // side**2, numbers // side % side, numbers % side), dim=1)
        return Halved(voxels=Voxels(coords=coords, resolution=side), parent_of=parent_of, counts=counts)

    @cached_property
    def subdivided(self) -> Subdivided:
        """Each voxel's eight children in a grid of twice the resolution, one parent's in a row."""
        children = (self.coords[:, None] * 2 + _parities().to(self.device)).flatten(0, 1)
        return Subdivided(coords=children, resolution=2 * self.resolution, parents=self)

    def windows(self, size: int, shift: int) -> WindowPartition:
        """The voxels by cubes of `size` cells a side, all moved by `shift` first."""
        key = (size, shift)
        if key not in self._windows:
            side = (self.resolution + shift) // size + 1
            self._windows[key] = WindowPartition.of(_numbers((self.coords + shift) // size, side))
        return self._windows[key]

    @cached_property
    def _windows(self) -> dict[tuple[int, int], WindowPartition]:
        return {}


@dataclass(frozen=True, kw_only=True, eq=False)
class Subdivided(Voxels):
    """Their neighbours follow from their parents': nothing is sorted or kept for them.

    At offset d of the child with parity p lies a child of the parent at offset floor((p + d) / 2).
    """

    parents: Voxels

    def neighbours_of(self, start: int, stop: int) -> Tensor:
        first = start // _CHILDREN
        around = self.parents.neighbours_of(first, -(-stop // _CHILDREN))  # (P, 27)
        parent_at, parity_at = (table.to(self.device) for table in _children_tables())
        found = around[:, parent_at] * _CHILDREN + parity_at  # (P, 8, 27)
        rows = found.flatten(0, 1)[start - first * _CHILDREN :][: stop - start]
        return rows.clamp_(max=len(self))


@dataclass(frozen=True, kw_only=True, eq=False)
class Halved:
    """`voxels` of half the resolution in which something is, sorted x first; `parent_of` (N,) among them, of which each has `counts`."""

    voxels: Voxels
    parent_of: Tensor
    counts: Tensor


def downsample(values: Tensor, halved: Halved) -> Tensor:
    """(N, C) to (M, C): the sum of a parent's n values by n + 1.

    TRELLIS's SparseDownsample takes a mean over the values and the zero that it starts from; its weights expect that.
    """
    total = values.new_zeros((len(halved.voxels), values.shape[1])).index_add_(0, halved.parent_of, values)
    return total / (halved.counts + 1)[:, None].to(values.dtype)


def upsample(values: Tensor, halved: Halved) -> Tensor:
    """(M, C) to (N, C): each voxel its parent's."""
    return values[halved.parent_of]


def _numbers(cells: Tensor, side: int) -> Tensor:
    """(..., 3) to (...): the cells' numbers in a grid, x slowest."""
    x, y, z = cells.unbind(-1)
    return (x * side + y) * side + z


def _offsets() -> Tensor:
    return torch.cartesian_prod(*[torch.arange(-1, 2)] * 3)  # (27, 3)


def _parities() -> Tensor:
    """(8, 3), in the order in which TRELLIS subdivides: x slowest."""
    return torch.cartesian_prod(*[torch.arange(2)] * 3)


@cache
def _children_tables() -> tuple[Tensor, Tensor]:
    """Of each parity and offset, (8, 27) each: the offset's number among the parents, and the parity there."""
    places = _parities()[:, None] + _offsets()  # (8, 27, 3) in -1..2
    return _numbers(places.div(2, rounding_mode="floor") + 1, 3), _numbers(places % 2, 2).int()


@cache
def subdivision_taps() -> tuple[Tensor, Tensor]:
    """Of each parity the eight parents' offsets that its neighbours have, (8, 8), and each offset's place among them, (8, 27)."""
    parents, _ = _children_tables()
    taps = torch.stack([row.unique() for row in parents])
    return taps, torch.stack([torch.searchsorted(own, row) for own, row in zip(taps, parents, strict=True)])
