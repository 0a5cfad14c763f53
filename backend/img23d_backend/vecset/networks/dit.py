"""The family's DiT: noise to latents, with a U of skips between the blocks and the time as a first token.

B objects, L latents, C channels. A latent has no position: what it stands for is told by its numbers alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from .block import Block, BlockConfig, ContextConfig, KeysValues, LayerNorm

Memory = Sequence[Sequence[KeysValues | None]]  # for each block, its contexts' keys and values

_PERIOD = 10_000.0  # the longest of the time's sines, in steps
_WIDER = 4  # times the channels inside the time's embedding


@dataclass(frozen=True, kw_only=True)
class DiTConfig:
    """`contexts` are what the blocks look at; of the second and later ones only the first `early` blocks know where that is given.

    In the blocks whose numbers are in `joined` the objects that belong together attend to each other.
    """

    channels: int
    width: int
    heads: int
    layers: int
    contexts: tuple[ContextConfig, ...]
    forward_norm: str = "norm3"
    early: int | None = None
    joined: frozenset[int] = frozenset()

    @cached_property
    def blocks(self) -> tuple[BlockConfig, ...]:
        return tuple(self._block(number) for number in range(self.layers))

    def _block(self, number: int) -> BlockConfig:
        knows_all = self.early is None or number < self.early
        return BlockConfig(
            width=self.width,
            heads=self.heads,
            contexts=self.contexts if knows_all else self.contexts[:1],
            forward_norm=self.forward_norm,
            has_head_norms=True,
            has_skip=number > self.layers // 2,
        )


class TimeEmbedding(nn.Module):
    """Sines of a time in steps, 0 to 1000, through two layers."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear_1 = nn.Linear(width, _WIDER * width)
        self.linear_2 = nn.Linear(_WIDER * width, width)
        self.width = width

    def forward(self, times: Tensor) -> Tensor:
        """(B,) to (B, C)."""
        return self.linear_2(gelu(self.linear_1(sines(times, self.width).to(self.linear_1.weight.dtype))))


def sines(times: Tensor, width: int) -> Tensor:
    """(B,) to (B, width): sines, then cosines, at width / 2 frequencies from 1 down to almost 1 / 10,000. In single precision, as trained."""
    half = width // 2
    exponents = -math.log(_PERIOD) * torch.arange(half, dtype=torch.float32, device=times.device) / half
    angles = times[:, None].float() * torch.exp(exponents)
    return torch.cat((torch.sin(angles), torch.cos(angles)), dim=-1)


class DiT(nn.Module):
    """A model with more inputs adds its layers in a class of its own, and hands `flow` what it makes of them."""

    def __init__(self, config: DiTConfig) -> None:
        super().__init__()
        self.config = config
        self.time_proj = TimeEmbedding(config.width)
        self.proj_in = nn.Linear(config.channels, config.width)
        self.blocks = nn.ModuleList(Block(one) for one in config.blocks)
        self.norm_out = LayerNorm(config.width)
        self.proj_out = nn.Linear(config.width, config.channels)

    @property
    def dtype(self) -> torch.dtype:
        return self.proj_in.weight.dtype

    def remember(self, *contexts: Tensor | None) -> Memory:
        """The contexts' keys and values in each block, which stay the same for all steps; a context of zeros only is None.

        Tokens are (Bk, n, context's C); where Bk is less than the number of objects, each is for as many successive ones.
        """
        return [block.keys_values(contexts[: len(block.config.contexts)]) for block in self.blocks]

    def forward(self, latents: Tensor, time: Tensor, memory: Memory, *, guided: bool = False) -> Tensor:
        """The flow of (B, L, in) latents at `time` (B,) or (1,), 0 to 1000: the same, and with `guided` (2 B, L, in), behind them those without contexts."""
        return self.flow(latents, self.time_proj(time), memory, seeing=len(latents) if guided else None)

    def flow(
        self,
        latents: Tensor,
        time: Tensor,
        memory: Memory,
        *,
        seeing: int | None = None,
        together: int = 1,
        added: Tensor | None = None,
    ) -> Tensor:
        """Of an embedded time (B or 1, C). `seeing` and `together` are as in `Block`; `added` (B, 1, C) goes to all tokens of an object."""
        tokens = self.proj_in(latents.to(self.dtype))
        x = torch.cat((time[:, None].expand(len(tokens), -1, -1), tokens), dim=1)  # (B, 1 + L, C)
        x = x if added is None else x + added
        skips: list[Tensor] = []
        half = self.config.layers // 2
        for number, (block, contexts) in enumerate(zip(self.blocks, memory, strict=True)):
            skip = skips.pop() if number > half else None
            x = block(x, contexts, skip=skip, seeing=seeing, together=together if number in self.config.joined else 1)
            if number < half:
                skips.append(x)
        return self.proj_out(self.norm_out(x)[:, 1:])
