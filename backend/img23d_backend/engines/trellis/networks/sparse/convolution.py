"""Submanifold convolutions (Graham et al., 2018) with spconv's parameters: the values there are, in the places they have.

Neighbours' values are put in a row, as many voxels at once as fit, and multiplied with the weights as a matrix: the sum over
neighbours is taken inside the product, in single precision where the values are of half. A processor leaves out those that are not
there instead, about ten of 27, which a card would have to be waited for.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from .voxels import OFFSETS, Voxels, subdivision_taps

_GATHERED_BYTES = 32 << 20
_SUMMED_ROWS = 1 << 12
_SELF = OFFSETS // 2
_CHILDREN = 8


class SparseConv3d(nn.Module):
    """(N, in) to (N, out), as a cross-correlation, 3 or 1 cells wide. Parameters `conv.weight` (out, k, k, k, in), `conv.bias` (out,)."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__()
        self.conv = SparseKernel(in_channels, out_channels, kernel_size)

    def forward(self, x: Tensor, voxels: Voxels) -> Tensor:
        return self.conv(x, voxels)


class SubdividingConv3d(SparseConv3d):
    """Takes the values of `voxels` and gives those of their children, (N, in) to (8 N, out): the same parameters and result as
    a SparseConv3d over children that have their parents' values, with eight products a child instead of 27.
    """

    def forward(self, x: Tensor, voxels: Voxels) -> Tensor:
        return self.conv(x, voxels, subdivides=True)


class SparseKernel(nn.Module):
    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__()
        shape = (out_channels, *[kernel_size] * 3, in_channels)
        self.weight = nn.Parameter(torch.empty(shape))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        nn.init.normal_(self.weight, std=(in_channels * kernel_size**3) ** -0.5)

    def forward(self, x: Tensor, voxels: Voxels, *, subdivides: bool = False) -> Tensor:
        if self.weight.shape[1] == 1:
            return pointwise(x, self.weight, self.bias)
        if subdivides:
            return subdividing(x, self.weight, self.bias, voxels)
        return submanifold(x, self.weight, self.bias, voxels)


def submanifold(x: Tensor, weight: Tensor, bias: Tensor, voxels: Voxels) -> Tensor:
    """(N, in) to (N, out); `weight` (out, 3, 3, 3, in)."""
    on_processor = x.device.type == "cpu" and x.dtype == torch.float32
    return by_offset(x, weight, bias, voxels) if on_processor else in_rows(x, weight, bias, voxels)


def by_offset(x: Tensor, weight: Tensor, bias: Tensor, voxels: Voxels) -> Tensor:
    """As above: of each offset the product with the neighbours that are there, added to the sums of so many voxels as a cache holds."""
    weights = weight.flatten(1, 3).transpose(0, 1).contiguous()  # (27, out, in)
    out = linear(x, weights[_SELF], bias)
    for start in range(0, len(voxels), _SUMMED_ROWS):
        around = voxels.neighbours_of(start, min(start + _SUMMED_ROWS, len(voxels)))  # (R, 27)
        sums, is_there = out[start : start + len(around)], around < len(voxels)
        for offset, own in enumerate(weights):
            rows = is_there[:, offset].nonzero().flatten()
            if offset != _SELF and len(rows):
                sums.index_add_(0, rows, linear(x.index_select(0, around[rows, offset]), own))
    return out


def in_rows(x: Tensor, weight: Tensor, bias: Tensor, voxels: Voxels) -> Tensor:
    """As above: all 27 at once, those that are not there as zeros."""
    x = _with_nothing(x)
    rows = weight.flatten(1)  # (out, 27 * in)
    out = x.new_empty((len(voxels), len(weight)))
    for start, stop in _chunks(len(voxels), OFFSETS * x.shape[1] * x.element_size()):
        out[start:stop] = linear(_gathered(x, voxels.neighbours_of(start, stop)), rows, bias)
    return out


def subdividing(x: Tensor, weight: Tensor, bias: Tensor, voxels: Voxels) -> Tensor:
    """(N, in) of the parents to (8 N, out) of their children. All neighbours of a child that are children of one parent have one
    value, so their weights are summed: of each parity, two parents an axis.
    """
    x = _with_nothing(x)
    taps, place_of = (table.to(x.device) for table in subdivision_taps())
    weights = [_summed(weight, places) for places in place_of]
    out = x.new_empty((len(voxels), _CHILDREN, len(weight)))
    for start, stop in _chunks(len(voxels), _CHILDREN * x.shape[1] * x.element_size()):
        around = voxels.neighbours_of(start, stop)
        for parity, rows in enumerate(weights):
            out[start:stop, parity] = linear(_gathered(x, around[:, taps[parity]]), rows, bias)
    return out.flatten(0, 1)


def pointwise(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """(N, in) to (N, out); `weight` (out, 1, 1, 1, in), whose numbers are read as if they lay as (in, out).

    That is what spconv does with a kernel of one cell (its issue 450), in training as well: published weights were made by it.
    """
    out_channels, in_channels = weight.shape[0], weight.shape[-1]
    return torch.addmm(bias, x, weight.reshape(in_channels, out_channels))


def _summed(weight: Tensor, places: Tensor) -> Tensor:
    """(out, 3, 3, 3, in) to (out, 8 * in): the offsets' weights, added up in single precision where `places` (27,) are alike."""
    wide = weight.flatten(1, 3).to(torch.promote_types(weight.dtype, torch.float32))
    total = wide.new_zeros((len(wide), _CHILDREN, wide.shape[2])).index_add_(1, places, wide)
    return total.to(weight.dtype).flatten(1)


def _with_nothing(x: Tensor) -> Tensor:
    """(N + 1, C): the last row stands for a neighbour that is not there."""
    return torch.cat((x, x.new_zeros((1, x.shape[1]))))


def _gathered(x: Tensor, rows: Tensor) -> Tensor:
    """(N, C) and (R, K) to (R, K * C)."""
    return x.index_select(0, rows.flatten()).view(len(rows), -1)


def _chunks(count: int, row_bytes: int) -> Iterator[tuple[int, int]]:
    """Of a multiple of eight rows, so that children of one parent stay together."""
    step = max(1, _GATHERED_BYTES // row_bytes // _CHILDREN) * _CHILDREN
    for start in range(0, count, step):
        yield start, min(start + step, count)
