"""A mesh decoder's numbers to the triangles of its surface, with colours.

Distances are gathered at the corners of the whole grid, one number each; all else is computed at the cubes that the surface runs
through only. The result is that of a dense evaluation, where a cube without numbers has zeros, and a corner without a distance of 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from img23d_protocol import ErrorCode, Img23DError

from .tables import CORNERS, EDGES, case_tables

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    Parts = Callable[[], Iterable[tuple[slice, Tensor]]]

# A cube's numbers
_DISTANCES, _MOVES, _WEIGHTS, _COLORS = slice(0, 8), slice(8, 32), slice(32, 53), slice(53, 101)
_EDGE_WEIGHTS, _CORNER_WEIGHTS, _SPLIT_WEIGHT = slice(0, 12), slice(12, 20), 20
_COLOR_CHANNELS = 6  # of a corner: red, green, blue, and a normal, which is not used
_MOST_WEIGHT = 0.99  # how far weights may be from 1
_EDGE_ORDERS: dict[tuple[int, ...], int] = {(0, -1, 0): 0, (0, 0, 1): 1, (1, 0, 0): 2}  # of the edges that begin at a corner
_OUTSIDE = 1.0  # the distance at a corner of no cube
_EDGES_AT_ONCE = 1 << 18

_NO_SURFACE = "The shape model found no surface in this cut-out."
_NOT_A_NUMBER = "The shape model's numbers ran out of range: try another seed, or let the shape stage compute on the processor."


@dataclass(frozen=True, kw_only=True)
class ColoredSurface:
    """`vertices` (V, 3) float32 in glTF's axes as all meshes here, in a cube of side 1 around the origin; `faces` (F, 3) int32,
    counter-clockwise seen from outside; `colors` (V, 3) float32 in 0..1, sRGB.

    Vertices need not have a face; where the surface leaves the grid it is open.
    """

    vertices: np.ndarray
    faces: np.ndarray
    colors: np.ndarray


def extract_surface(parts: Parts, cells: Tensor, *, resolution: int) -> ColoredSurface:
    """From the cubes in `cells` (N, 3) of a grid of `resolution`, whose numbers `parts()` gives anew at each call: rows, (R, 101) float32.

    Raises Img23DError(NO_SURFACE) where nothing is inside, and where a distance is not a number.
    """
    return _surface(Grid(cells=cells, resolution=resolution).fields(parts))


@dataclass(frozen=True, kw_only=True)
class Fields:
    """What the surface is made of, at S cubes and the K corners that they have.

    `corners` (S, 8) are among the K, whose `distances` are (K,), `positions` (K, 3) in the cube of side 1, `colors` (K, 3). `cubes` (S, 3) are cells in rising order. `edge_weights` (S, 12), `corner_weights` (S, 8), `split_weights` (S,).
    """

    resolution: int
    cubes: Tensor
    corners: Tensor
    distances: Tensor
    positions: Tensor
    colors: Tensor
    edge_weights: Tensor
    corner_weights: Tensor
    split_weights: Tensor


@dataclass(frozen=True, kw_only=True, eq=False)
class Grid:
    """Numbers of corners and cubes count x slowest; a cube's first corner has its cell."""

    cells: Tensor
    resolution: int

    @property
    def side(self) -> int:
        return self.resolution + 1

    @cached_property
    def corner_steps(self) -> Tensor:
        """(8,): from a cube's first corner to each."""
        return self.corner_numbers(self.cells.new_tensor(CORNERS))

    def corner_numbers(self, cells: Tensor) -> Tensor:
        x, y, z = cells.unbind(-1)
        return (x * self.side + y) * self.side + z

    def distances(self, parts: Parts) -> Tensor:
        """(side^3,) float32: at each corner the mean of what its cubes say."""
        import torch

        total = torch.zeros(self.side**3, dtype=torch.float32, device=self.cells.device)
        count = torch.zeros_like(total)
        for rows, numbers in parts():
            corners = (self.corner_numbers(self.cells[rows])[:, None] + self.corner_steps).flatten()
            total.index_add_(0, corners, numbers[:, _DISTANCES].flatten())
            count.index_add_(0, corners, torch.ones_like(corners, dtype=torch.float32))
        is_known = count > 0
        mean = total.div_(count).sub_(1 / self.resolution)
        if bool(torch.isnan(mean[is_known]).any()):
            raise Img23DError(ErrorCode.NO_SURFACE, _NOT_A_NUMBER, "distances are not a number")
        return torch.where(is_known, mean, _OUTSIDE)

    def surface_cubes(self, distances: Tensor) -> Tensor:
        """(S, 3) cells of the cubes that have corners inside and outside, in rising order."""
        inside = (distances < 0).view([self.side] * 3)
        ends = {0: slice(0, self.resolution), 1: slice(1, self.side)}
        corners = [inside[tuple(ends[step] for step in corner)] for corner in CORNERS]
        some, every = corners[0].clone(), corners[0].clone()
        for corner in corners[1:]:
            some |= corner
            every &= corner
        return (some & ~every).nonzero()

    def fields(self, parts: Parts) -> Fields:
        """The numbers are asked for three times: all distances, then what is at the corners and what is at the cubes of the surface only."""
        import torch

        distances = self.distances(parts)
        cubes = self.surface_cubes(distances)
        if not len(cubes):
            raise Img23DError(ErrorCode.NO_SURFACE, _NO_SURFACE, f"{len(self.cells)} cubes of {self.resolution}, none with a surface")
        used, corners = torch.unique((self.corner_numbers(cubes)[:, None] + self.corner_steps).int(), return_inverse=True)  # (K,), (S, 8)
        distances = distances[used]  # those of the whole grid are in the way of what comes
        moves, colors = self._at_corners(parts, used)
        weights = self._at_cubes(parts, cubes)
        return Fields(
            resolution=self.resolution,
            cubes=cubes,
            corners=corners.int(),
            distances=distances,
            positions=moves.tanh_().div_(2 * self.resolution).add_(self._corner_positions(used)),
            colors=colors.sigmoid_(),
            edge_weights=weights[:, _EDGE_WEIGHTS].tanh_().mul_(_MOST_WEIGHT).add_(1),
            corner_weights=weights[:, _CORNER_WEIGHTS].tanh_().mul_(_MOST_WEIGHT).add_(1),
            split_weights=weights[:, _SPLIT_WEIGHT].sigmoid_().mul_(_MOST_WEIGHT).add_((1 - _MOST_WEIGHT) / 2),
        )

    def _corner_positions(self, used: Tensor) -> Tensor:
        """(K,) numbers to (K, 3), in the cube of side 1 around the origin."""
        import torch

        positions = torch.empty((len(used), 3), device=used.device)
        for axis, step in enumerate((self.side**2, self.side, 1)):
            positions[:, axis] = used // step % self.side
        return positions.div_(self.resolution).sub_(0.5)

    def _at_corners(self, parts: Parts, used: Tensor) -> tuple[Tensor, Tensor]:
        """Moves and colours, (K, 3) each, of the corners with the numbers `used` (K,): means over their cubes."""
        import torch

        index = torch.full((self.side**3,), -1, dtype=torch.int32, device=used.device)
        index[used] = torch.arange(len(used), dtype=torch.int32, device=used.device)
        moves = torch.zeros((len(used), 3), device=used.device)
        colors, count = torch.zeros_like(moves), torch.zeros_like(moves[:, :1])
        for rows, numbers in parts():
            place = index[self.corner_numbers(self.cells[rows])[:, None] + self.corner_steps]  # (R, 8)
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
        numbers_of_cubes = self.corner_numbers(cubes)
        for rows, numbers in parts():
            first = self.corner_numbers(self.cells[rows])
            found = torch.searchsorted(numbers_of_cubes, first).clamp_(max=len(cubes) - 1)
            is_cut = numbers_of_cubes[found] == first
            weights[found[is_cut]] = numbers[is_cut, _WEIGHTS]
        return weights


@dataclass(frozen=True, kw_only=True)
class _CutEdges:
    """Each edge of each cube that the surface cuts: its `cube` among the S and number `edge` of 12, both (E,), and its `vertex` (E,); int32."""

    cube: Tensor
    edge: Tensor
    vertex: Tensor
    vertices: int


def _surface(fields: Fields) -> ColoredSurface:
    import torch

    cut = _cut_edges(fields)
    vertices, colors = _vertices(fields, cut)
    x, y, z = vertices.unbind(1)
    corners, distances, split_weights = fields.corners, fields.distances, fields.split_weights.clone()
    del fields  # weights, positions and colours take more than what is left to do
    return ColoredSurface(
        vertices=torch.stack((x, z, -y), dim=1).cpu().numpy(),
        faces=_faces(corners, distances, split_weights, cut).cpu().numpy(),
        colors=colors.cpu().numpy(),
    )


def _cut_edges(fields: Fields) -> _CutEdges:
    import torch

    tables = case_tables()
    cases = _cases(fields)
    local = torch.from_numpy(tables.vertex_of).to(cases.device)[cases]  # (S, 12)
    counts = torch.from_numpy(tables.counts).to(cases.device).long()[cases]
    cube, edge = (one.int() for one in (local >= 0).nonzero(as_tuple=True))
    first = (counts.cumsum(0) - counts).int()
    return _CutEdges(cube=cube, edge=edge, vertex=first[cube].add_(local[cube, edge]), vertices=int(counts.sum()))


def _cases(fields: Fields) -> Tensor:
    """(S,) of 0..255, ambiguous neighbours replaced."""
    import torch

    tables = case_tables()
    inside = fields.distances[fields.corners] < 0  # (S, 8)
    cases = (inside << torch.arange(8, dtype=torch.uint8, device=inside.device)).sum(1)
    is_ambiguous = torch.from_numpy(tables.is_ambiguous).to(cases.device)[cases]
    these = is_ambiguous.nonzero().flatten()
    there = fields.cubes[these] + torch.from_numpy(tables.towards).to(cases.device).long()[cases[these]]
    neighbour = _among(there, fields.cubes, fields.resolution)
    swapped = these[(neighbour >= 0) & is_ambiguous[neighbour.clamp(min=0)]]
    cases[swapped] = 255 - cases[swapped]
    return cases


def _among(cells: Tensor, cubes: Tensor, resolution: int) -> Tensor:
    """The places of `cells` (A, 3), which may lie outside the grid, among `cubes`; -1 where they are none."""
    import torch

    def number(cells: Tensor) -> Tensor:
        x, y, z = (cells + 1).unbind(1)
        return (x * (resolution + 2) + y) * (resolution + 2) + z

    known, sought = number(cubes), number(cells)
    place = torch.searchsorted(known, sought).clamp_(max=len(known) - 1)
    return torch.where(known[place] == sought, place, -1)


def _vertices(fields: Fields, cut: _CutEdges) -> tuple[Tensor, Tensor]:
    """Positions and colours, (V, 3) each: the weighted means of where the vertex's edges are cut."""
    import torch

    weight = fields.edge_weights[cut.cube, cut.edge][:, None]  # (E, 1)
    total = weight.new_zeros((cut.vertices, 1)).index_add_(0, cut.vertex, weight)
    vertices, colors = (weight.new_zeros((cut.vertices, 3)) for _ in range(2))
    edges = fields.corners.new_tensor(EDGES)
    for cube, edge, vertex, share in zip(*(one.split(_EDGES_AT_ONCE) for one in (cut.cube, cut.edge, cut.vertex, weight)), strict=True):
        ends = fields.corners[cube[:, None], edges[edge]]  # (R, 2)
        pull = (fields.distances[ends] * fields.corner_weights[cube[:, None], edges[edge]]).flip(1)  # the end that is nearer to the surface weighs more
        pull *= pull.new_tensor([1.0, -1.0])
        shares = share * (pull / pull.sum(1, keepdim=True))  # (R, 2)
        for mean, values in ((vertices, fields.positions), (colors, fields.colors)):
            mean.index_add_(0, vertex, torch.einsum("re,rec->rc", shares, values[ends]))
    return vertices.div_(total), colors.div_(total)


def _faces(corners: Tensor, distances: Tensor, split_weights: Tensor, cut: _CutEdges) -> Tensor:
    """(F, 3) int32: around each cut edge that four cubes share a quad of their vertices, parted along its heavier diagonal."""
    import torch

    around, begins_outside = _around_edges(corners, distances, cut)
    quads = cut.vertex[around]
    quads = torch.cat((quads[begins_outside][:, [0, 1, 3, 2]], quads[~begins_outside][:, [2, 3, 1, 0]]))
    split = split_weights.new_zeros(cut.vertices)
    split[cut.vertex] = split_weights[cut.cube]
    weights = split[quads]
    is_first = weights[:, 0] * weights[:, 2] > weights[:, 1] * weights[:, 3]
    these = torch.where(is_first[:, None], *(torch.tensor(places, device=quads.device) for places in ([0, 1, 2, 0, 2, 3], [0, 1, 3, 3, 1, 2])))
    return quads.gather(1, these).view(-1, 3)


def _around_edges(corners: Tensor, distances: Tensor, cut: _CutEdges) -> tuple[Tensor, Tensor]:
    """Of the edges of the grid that four cubes share, what those cut there, (Q, 4) among the E, and whether its first end is outside, (Q,)."""
    orders = [_EDGE_ORDERS[tuple(b - a for a, b in zip(CORNERS[first], CORNERS[last], strict=True))] for first, last in EDGES]
    firsts, orders = corners.new_tensor(EDGES)[:, 0], corners.new_tensor(orders)
    keys = corners[cut.cube, firsts[cut.edge]].mul_(3).add_(orders[cut.edge])  # below 2^31 up to a grid of 894
    ordered, order = keys.sort(stable=True)
    _, counts = ordered.unique_consecutive(return_counts=True)
    del keys, ordered
    around = order[(counts == 4).repeat_interleave(counts)].view(-1, 4)
    one = around[:, 0]
    return around, distances[corners[cut.cube[one], firsts[cut.edge[one]]]] > 0
