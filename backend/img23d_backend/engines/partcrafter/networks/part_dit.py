"""The family's DiT for the parts of one thing at once: numbered, and in some blocks attending to each other (Lin et al., PartCrafter, 2025)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ....vecset.networks.dit import DiT, DiTConfig, Memory


class PartDiT(DiT):
    """`numbers` is how many numbers parts can have. In the blocks `config.joined` each part's latents attend to those of all parts."""

    def __init__(self, config: DiTConfig, numbers: int) -> None:
        super().__init__(config)
        self.part_embedding = nn.Embedding(numbers, config.width)

    def forward(self, latents: Tensor, time: Tensor, memory: Memory, *, guided: bool = False) -> Tensor:
        """The flow of one thing's N parts (N, L, in) at `time` (1,), 0 to 1000: the same, and with `guided` (2 N, L, in), behind them those without the picture.

        As in the published program, the parts without the picture have the numbers 0 to N - 1 and those with it the following N, although
        the network was trained with 0 to N - 1: what is known of its results was made so.
        """
        count = len(latents)
        halves = torch.cat((latents, latents)) if guided else latents
        numbers = torch.arange(len(halves), device=latents.device).roll(count)
        added = self.part_embedding(numbers)[:, None]  # (B, 1, C)
        return self.flow(halves, self.time_proj(time), memory, seeing=count if guided else None, together=count, added=added)
