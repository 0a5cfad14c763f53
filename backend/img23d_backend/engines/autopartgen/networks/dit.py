"""AutoPartGen's DiT: TripoSG's, which also looks at the whole thing and at the parts that are there (Chen et al., AutoPartGen, 2025).

Its contexts stay the same for all steps of a part, and many of their tokens are alike: no part at all is one token in place of thousands,
and so is what stands for the parts before the first. One key that weighs as much as all of them gives the same attention.

L latents, n tokens of a context, C channels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from ....models.key_logits import key_logits
from ....vecset.networks.block import ContextConfig, KeysValues
from ....vecset.networks.dit import DiT, DiTConfig, Memory, TimeEmbedding

_SLOT_FREQUENCIES = 128
_SLOT_PERIOD = 10_000.0
_NORM_EPSILON = 1e-5

Seen = Sequence[KeysValues]  # one context's keys and values in each block that knows it


@dataclass(frozen=True, kw_only=True)
class PartSizes:
    """`picture` channels of an image token, `early` blocks that know the parts."""

    channels: int
    width: int
    heads: int
    layers: int
    early: int
    picture: int


@dataclass(frozen=True, kw_only=True)
class Slot:
    """Latents (1, n, channels) of the whole, or of all parts so far together, scaled; each stands for `count` that are alike."""

    tokens: Tensor
    count: int = 1


class SlotEmbedding(nn.Module):
    """Sines of a slot's number through a layer."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(2 * _SLOT_FREQUENCIES, width)

    def forward(self, slots: Tensor) -> Tensor:
        """(B,) to (B, width)."""
        exponents = -math.log(_SLOT_PERIOD) * torch.arange(_SLOT_FREQUENCIES, dtype=torch.float32, device=slots.device) / _SLOT_FREQUENCIES
        angles = slots[:, None].float() * torch.exp(exponents)
        return self.linear(torch.cat((torch.sin(angles), torch.cos(angles)), dim=-1).to(self.linear.weight.dtype))


class PartDiT(DiT):
    """`sigma_history_proj` embeds how noisy the parts so far are: not at all, always, which still adds a constant to the time."""

    def __init__(self, sizes: PartSizes) -> None:
        contexts = (ContextConfig(channels=sizes.picture), ContextConfig(channels=sizes.channels, attention="attn3", norm="norm3"))
        super().__init__(
            DiTConfig(
                channels=sizes.channels,
                width=sizes.width,
                heads=sizes.heads,
                layers=sizes.layers,
                contexts=contexts,
                forward_norm="norm_ff",
                early=sizes.early,
            )
        )
        self.sizes = sizes
        self.sigma_history_proj = TimeEmbedding(sizes.width)
        self.part_position_embedding = SlotEmbedding(sizes.width)
        self.map_position = nn.Linear(sizes.width, sizes.channels)
        picture = sizes.picture
        self.cond_proj = nn.Sequential(nn.Linear(2 * picture, picture), nn.GELU(), nn.LayerNorm(picture, eps=_NORM_EPSILON), nn.Linear(picture, picture))

    def look(self, whole: Tensor, part: Tensor) -> Seen:
        """At the image tokens (1, n, C) of the whole and, token by token, of the part that is wanted."""
        tokens = self.cond_proj(torch.cat((whole, part), dim=-1).to(self.dtype))
        return [block.get_submodule("attn2").keys_values(tokens) for block in self.blocks]

    def know(self, *slots: Slot) -> Seen:
        """The whole, and the parts so far."""
        fewest = min(slot.count for slot in slots)
        tokens, weights = zip(*(self._placed(slot, number, slot.count // fewest) for number, slot in enumerate(slots)), strict=True)
        joined, bias = torch.cat(tokens, dim=1), torch.cat(weights)[None, None, None]
        seen = (block.get_submodule("attn3").keys_values(joined) for block in self.blocks[: self.sizes.early])
        return [one._replace(bias=bias) for one in seen] if bias.any() else list(seen)

    def _placed(self, slot: Slot, number: int, count: int) -> tuple[Tensor, Tensor]:
        """Tokens (1, n, channels) with their slot's number in them, and what is added to their products, (n,), so that each weighs `count` times."""
        logits = torch.tensor(key_logits(count, self.dtype), dtype=self.dtype, device=slot.tokens.device)
        place = silu(self.map_position(self.part_position_embedding(torch.tensor([number], device=slot.tokens.device))))
        tokens = slot.tokens.to(self.dtype) + place
        return tokens.repeat(1, len(logits), 1), logits.repeat_interleave(tokens.shape[1])

    def at(self, latents: Tensor, time: float, picture: Seen, parts: Seen) -> Tensor:
        """What is predicted of (1, L, channels) at `time`, 0 to 999: v, the same shape."""
        times = torch.tensor([time, 0.0], device=latents.device)
        embedded = self.time_proj(times[:1]) + self.sigma_history_proj(times[1:])
        memory: Memory = [(one, parts[number]) if number < len(parts) else (one,) for number, one in enumerate(picture)]
        return self.flow(latents, embedded, memory)
