"""Group normalization (Wu and He, 2018) over all voxels of a thing at once, a part of them at a time."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

_AT_ONCE = 1 << 22  # values


class SparseGroupNorm(nn.GroupNorm):
    """(N, C) to (N, C). Mean and variance are of a group's channels in all N voxels, in single precision whatever `x` has."""

    def forward(self, x: Tensor) -> Tensor:
        values = len(x) * (x.shape[1] // self.num_groups)
        mean = sum(part.sum((0, 2)) for part in self._grouped(x)) / values  # (G,)
        centre = mean[:, None]
        spread = sum((part - centre).square_().sum((0, 2)) for part in self._grouped(x)) / values
        scale = (spread + self.eps).rsqrt()[:, None]  # (G, 1)
        gain, shift = (one.float().view(self.num_groups, -1) for one in (self.weight, self.bias))  # (G, C / G)
        gain, shift = gain * scale, shift - centre * scale * gain
        out = torch.empty_like(x)
        for place, part in zip(out.split(self._rows(x)), x.split(self._rows(x)), strict=True):
            place.copy_(torch.addcmul(shift.flatten(), part.float(), gain.flatten()))
        return out

    def _grouped(self, x: Tensor) -> Iterator[Tensor]:
        """(R, G, C / G) float32 each."""
        for part in x.split(self._rows(x)):
            yield part.float().unflatten(1, (self.num_groups, -1))

    def _rows(self, x: Tensor) -> int:
        return max(1, _AT_ONCE // x.shape[1])
