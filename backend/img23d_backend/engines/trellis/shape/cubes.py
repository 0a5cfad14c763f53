"""A mesh decoder's numbers to the triangles of its surface, with colours.

Distances are gathered at the corners of the whole grid, one number each; all else is computed at the cubes that the surface runs
through only. The result is that of a dense evaluation, where a cube without numbers has zeros, and a corner without a distance of 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from img23d_protocol import ErrorCode, Img23DError

from ....mesh.isosurface.flexicubes.surface import ColoredSurface, Fields, corner_cells, corner_numbers, corners_of, cut_cubes, limited_weights, surface_of

if TYPE_CHECKING:
    from torch import Tensor

    Parts = Callable[[], Iterable[tuple[slice, Tensor]]]

# A cube's numbers
_DISTANCES, _MOVES, _WEIGHTS, _COLORS = slice(0, 8), slice(8, 32), slice(32, 53), slice(53, 101)
_COLOR_CHANNELS = 6  # of a corner: red, green, blue, and a normal, which is not used
_MOST_WEIGHT = 0.99  # how far weights may be from 1
_OUTSIDE = 1.0  # the distance at a corner of no cube

_NO_SURFACE = "The shape model found no surface in this cut-out."
_NOT_A_NUMBER = "The shape model's numbers ran out of range: try another seed, or let the shape stage compute on the processor."


def extract_surface(parts: Parts, cells: Tensor, *, resolution: int) -> ColoredSurface:
    """From the cubes in `cells` (N, 3) of a grid of `resolution`, whose numbers `parts()` gives anew at each call: rows, (R, 101) float32.

    Raises Img23DError(NO_SURFACE) where nothing is inside, and where a distance is not a number.
    """
    return surface_of(Grid(cells=cells, resolution=resolution).fields(parts))


@dataclass(frozen=True, kw_only=True, eq=False)
class Grid:
    """Of cubes, by their cells; their corners are numbered as in a full grid."""

    cells: Tensor
    resolution: int

    @property
    def side(self) -> int:
        return self.resolution + 1

    def distances(self, parts: Parts) -> Tensor:
        """(side^3,) float32: at each corner the mean of what its cubes say."""
        import torch

        total = torch.zeros(self.side**3, dtype=torch.float32, device=self.cells.device)
        count = torch.zeros_like(total)
        for rows, numbers in parts():
            corners = corners_of(self.cells[rows], self.side).flatten()
            total.index_add_(0, corners, numbers[:, _DISTANCES].flatten())
            count.index_add_(0, corners, torch.ones_like(corners, dtype=torch.float32))
        is_known = count > 0
        mean = total.div_(count).sub_(1 / self.resolution)
        if bool(torch.isnan(mean[is_known]).any()):
            raise Img23DError(ErrorCode.NO_SURFACE, _NOT_A_NUMBER, "distances are not a number")
        return torch.where(is_known, mean, _OUTSIDE)

    def fields(self, parts: Parts) -> Fields:
        """The numbers are asked for three times: all distances, then what is at the corners and what is at the cubes of the surface only."""
        import torch

        distances = self.distances(parts)
        cubes = cut_cubes(distances.view([self.side] * 3))
        if not len(cubes):
            raise Img23DError(ErrorCode.NO_SURFACE, _NO_SURFACE, f"{len(self.cells)} cubes of {self.resolution}, none with a surface")
        used, corners = torch.unique(corners_of(cubes, self.side).int(), return_inverse=True)  # (K,), (S, 8)
        distances = distances[used]  # those of the whole grid are in the way of what comes
        moves, colors = self._at_corners(parts, used)
        weights = self._at_cubes(parts, cubes)
        return Fields(
            resolution=self.resolution,
            cubes=cubes,
            corners=corners.int(),
            distances=distances,
            positions=moves.tanh_().div_(2 * self.resolution).add_(corner_cells(used, self.side).float().div_(self.resolution).sub_(0.5)),
            colors=colors.sigmoid_(),
            **limited_weights(weights, _MOST_WEIGHT),
        )

    def _at_corners(self, parts: Parts, used: Tensor) -> tuple[Tensor, Tensor]:
        """Moves and colours, (K, 3) each, of the corners with the numbers `used` (K,): means over their cubes."""
        import torch

        index = torch.full((self.side**3,), -1, dtype=torch.int32, device=used.device)
        index[used] = torch.arange(len(used), dtype=torch.int32, device=used.device)
        moves = torch.zeros((len(used), 3), device=used.device)
        colors, count = torch.zeros_like(moves), torch.zeros_like(moves[:, :1])
        for rows, numbers in parts():
            place = index[corners_of(self.cells[rows], self.side)]  # (R, 8)
            touches = place >= 0
            at = place[touches]
            moves.index_add_(0, at, numbers[:, _MOVES].unflatten(1, (8, 3))[touches])
            colors.index_add_(0, at, numbers[:, _COLORS].unflatten(1, (8, _COLOR_CHANNELS))[touches][:, :3])
            count.index_add_(0, at, torch.ones_like(at, dtype=torch.float32)[:, None])
        count.clamp_(min=1)
        return moves.div_(count), colors.div_(count)

    def _at_cubes(self, parts: Parts, cubes: Tensor) -> Tensor:
        """Weights (S, 21) of the `cubes` (S, 3), which rise; 0 where one has no numbers."""
        import torch

        weights = torch.zeros((len(cubes), _WEIGHTS.stop - _WEIGHTS.start), device=cubes.device)
        numbers_of_cubes = corner_numbers(cubes, self.side)
        for rows, numbers in parts():
            first = corner_numbers(self.cells[rows], self.side)
            found = torch.searchsorted(numbers_of_cubes, first).clamp_(max=len(cubes) - 1)
            is_cut = numbers_of_cubes[found] == first
            weights[found[is_cut]] = numbers[is_cut, _WEIGHTS]
        return weights
