"""FlexiCubes (Shen et al., 2023): distances at the corners of a grid and weights at its cubes, to triangles with colours.

All is computed at the cubes that the surface runs through only. The result is that of a dense evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .tables import CORNERS, EDGES, case_tables

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

_EDGE_ORDERS: dict[tuple[int, ...], int] = {(0, -1, 0): 0, (0, 0, 1): 1, (1, 0, 0): 2}  # of the edges that begin at a corner
_EDGES_AT_ONCE = 1 << 18


@dataclass(frozen=True, kw_only=True)
class ColoredSurface:
    """`vertices` (V, 3) float32 in glTF's axes as all meshes here, in a cube of side 1 around the origin; `faces` (F, 3) int32,
    counter-clockwise seen from outside; `colors` (V, 3) float32 in 0..1, sRGB.

    Vertices need not have a face; where the surface leaves the grid it is open.
    """

    vertices: np.ndarray
    faces: np.ndarray
    colors: np.ndarray


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


def corner_numbers(cells: Tensor, side: int) -> Tensor:
    """(...) of the corners at `cells` (..., 3) in a grid with `side` corners along each side: they count x slowest."""
    x, y, z = cells.unbind(-1)
    return (x * side + y) * side + z


def corners_of(cubes: Tensor, side: int) -> Tensor:
    """(S, 8) numbers of the corners that cubes (S, 3) have; a cube's first corner has its cell."""
    return corner_numbers(cubes, side)[:, None] + corner_numbers(cubes.new_tensor(CORNERS), side)


def corner_cells(numbers: Tensor, side: int) -> Tensor:
    """(K, 3) cells of the corners with these numbers (K,)."""
    import torch

    return torch.stack((numbers // side**2, numbers // side % side, numbers % side), dim=1)


def limited_weights(numbers: Tensor, most: float) -> dict[str, Tensor]:
    """A network's numbers (S, 21) of cubes to the three weights of `Fields`, which are up to `most` away from the middle; `numbers` are lost."""
    return {
        "edge_weights": numbers[:, :12].tanh_().mul_(most).add_(1),
        "corner_weights": numbers[:, 12:20].tanh_().mul_(most).add_(1),
        "split_weights": numbers[:, 20].sigmoid_().mul_(most).add_((1 - most) / 2),
    }


def cut_cubes(distances: Tensor) -> Tensor:
    """(S, 3) cells, in rising order, of the cubes that have corners inside and outside; `distances` (side, side, side), below 0 inside."""
    inside, cells = distances < 0, len(distances) - 1
    ends = {0: slice(0, cells), 1: slice(1, cells + 1)}
    corners = [inside[tuple(ends[step] for step in corner)] for corner in CORNERS]
    some, every = corners[0].clone(), corners[0].clone()
    for corner in corners[1:]:
        some |= corner
        every &= corner
    return (some & ~every).nonzero()


@dataclass(frozen=True, kw_only=True)
class _CutEdges:
    """Each edge of each cube that the surface cuts: its `cube` among the S and number `edge` of 12, both (E,), and its `vertex` (E,); int32."""

    cube: Tensor
    edge: Tensor
    vertex: Tensor
    vertices: int


def surface_of(fields: Fields) -> ColoredSurface:
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
