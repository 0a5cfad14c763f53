"""The transformer that turns learned tokens into a triplane while it looks at the picture's tokens (Hong et al., LRM, 2024).

B objects, L tokens, C channels, n tokens of the picture. Attention is torch's own.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, scaled_dot_product_attention

from ..config.published import BackboneConfig

PLANES = 3
_NORM_EPSILON = 1e-6  # of the norm before the first block
_WIDER = 4  # times the channels inside a feed-forward layer


class _Attention(nn.Module):
    """Of tokens (B, L, C) among themselves, or to a context (B, n, context's C)."""

    def __init__(self, channels: int, context_channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(channels, channels, bias=False)
        self.to_k, self.to_v = (nn.Linear(context_channels, channels, bias=False) for _ in range(2))
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        told = (self.to_q, x), (self.to_k, context), (self.to_v, context)
        q, k, v = (layer(what).unflatten(-1, (self.heads, -1)).transpose(1, 2) for layer, what in told)
        return self.to_out[0](scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class _Gated(nn.Module):
    """GEGLU (Shazeer, GLU Variants Improve Transformer, 2020)."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.proj = nn.Linear(channels, 2 * hidden)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.proj(x).chunk(2, dim=-1)
        return value * gelu(gate)


class _FeedForward(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = _WIDER * channels
        self.net = nn.Sequential(_Gated(channels, hidden), nn.Identity(), nn.Linear(hidden, channels))  # in the middle, a dropout in training

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class _Block(nn.Module):
    def __init__(self, channels: int, context_channels: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(channels) for _ in range(3))
        self.attn1 = _Attention(channels, channels, heads)
        self.attn2 = _Attention(channels, context_channels, heads)
        self.ff = _FeedForward(channels)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        normed = self.norm1(x)
        x = x + self.attn1(normed, normed)
        x = x + self.attn2(self.norm2(x), context)
        return x + self.ff(self.norm3(x))


class Transformer(nn.Module):
    """Blocks in which tokens look at each other and at the picture."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        inner = config.num_attention_heads * config.attention_head_dim
        self.norm = nn.GroupNorm(config.norm_num_groups, config.num_channels, eps=_NORM_EPSILON)
        self.proj_in = nn.Linear(config.num_channels, inner)
        self.transformer_blocks = nn.ModuleList(_Block(inner, config.cross_attention_dim, config.num_attention_heads) for _ in range(config.num_layers))
        self.proj_out = nn.Linear(inner, config.num_channels)

    def forward(self, x: Tensor, context: Tensor, on_block: Callable[[int], None]) -> Tensor:
        """(B, C, L) tokens to as many; `on_block` is told before each block how many are done."""
        tokens = self.proj_in(self.norm(x).transpose(1, 2))
        for number, block in enumerate(self.transformer_blocks):
            on_block(number)
            tokens = block(tokens, context)
        return self.proj_out(tokens).transpose(1, 2) + x


class TriplaneTokens(nn.Module):
    """What every triplane begins with."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.embeddings = nn.Parameter(torch.zeros(PLANES, config.num_channels, config.plane_size, config.plane_size))

    def forward(self, count: int) -> Tensor:
        """(count, C, L): plane by plane and row by row."""
        return self.embeddings.transpose(0, 1).flatten(1).expand(count, -1, -1)


class Upsampler(nn.Module):
    """To planes with twice as many cells a side, and few channels."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.upsample = nn.ConvTranspose2d(config.num_channels, config.out_channels, kernel_size=2, stride=2)
        self.side = config.plane_size

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, L) to (B, 3, out, 2 S, 2 S)."""
        planes = x.unflatten(2, (PLANES, self.side, self.side)).transpose(1, 2)
        return self.upsample(planes.flatten(0, 1)).unflatten(0, (-1, PLANES))
