"""Attention inside windows that hold different numbers of voxels (Liu et al., Swin Transformer, 2021), by padding.

Windows are sorted by size and padded to the largest of their group: a few calls and about a quarter more tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

_SMALLEST = 0.6  # of a group's largest window: smaller ones begin a new group
_TOKENS_AT_ONCE = 1 << 15  # of a group, padding included; where torch writes the scores out, 0.8 GB of 512 each in 12 heads


@dataclass(frozen=True, kw_only=True)
class Group:
    """W windows: `index` (W, L) int64 are the voxels' rows, padded with the first of the window; `mask` (W, 1, 1, L), None where
    nothing is padded. Voxel `rows` (K,) is at `places` (K,) of the W * L.
    """

    index: Tensor
    mask: Tensor | None
    rows: Tensor
    places: Tensor

    def attend(self, q: Tensor, k: Tensor, v: Tensor, out: Tensor) -> None:
        """(N, H, D) each; writes the windows' rows of `out`."""
        take = partial(_windowed, index=self.index)
        seen = scaled_dot_product_attention(take(q), take(k), take(v), attn_mask=self.mask).transpose(1, 2)  # (W, L, H, D)
        out[self.rows] = seen.flatten(0, 1)[self.places]


@dataclass(frozen=True, kw_only=True)
class WindowPartition:
    groups: tuple[Group, ...]

    @staticmethod
    def of(window_of: Tensor) -> WindowPartition:
        """From each voxel's window, (N,) int64."""
        order = window_of.argsort(stable=True)
        _, counts = window_of[order].unique_consecutive(return_counts=True)
        starts = counts.cumsum(0) - counts
        by_size = counts.argsort(descending=True, stable=True)
        starts, counts = starts[by_size], counts[by_size]
        return WindowPartition(groups=tuple(_group(order, starts[part], counts[part]) for part in _parts(counts.tolist())))

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """(N, H, D) each to (N, H, D): each voxel sees those of its own window."""
        out = torch.empty_like(v, memory_format=torch.contiguous_format)
        for group in self.groups:
            group.attend(q, k, v, out)
        return out


def _parts(counts: list[int]) -> list[slice]:
    """Runs of similar size that are not too much at once; `counts` fall."""
    parts: list[slice] = []
    start = 0
    for place in range(1, len(counts)):
        largest = counts[start]
        if counts[place] < _SMALLEST * largest or (place - start + 1) * largest > _TOKENS_AT_ONCE:
            parts.append(slice(start, place))
            start = place
    return [*parts, slice(start, len(counts))]


def _group(order: Tensor, starts: Tensor, counts: Tensor) -> Group:
    column = torch.arange(int(counts[0]), device=order.device)
    is_there = column < counts[:, None]  # (W, L)
    index = order[starts[:, None] + torch.where(is_there, column, 0)]
    places = is_there.flatten().nonzero().flatten()
    mask = None if len(places) == is_there.numel() else is_there[:, None, None]
    return Group(index=index, mask=mask, rows=index.flatten()[places], places=places)


def _windowed(values: Tensor, index: Tensor) -> Tensor:
    """(N, H, D) to (W, H, L, D)."""
    return values[index].transpose(1, 2)
