"""The family's transformer block: self-attention, attention to contexts, feed-forward, a skip from an earlier block.

B objects, L tokens, n tokens of a context, C channels, H heads of D channels. The weights of queries, keys and values are those
that `regrouping` makes of the published ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, layer_norm, scaled_dot_product_attention

_NORM_EPSILON = 1e-5
_HEAD_NORM_EPSILON = 1e-6
_WIDER = 4  # times the channels inside a feed-forward layer


@dataclass(frozen=True, kw_only=True)
class ContextConfig:
    """What a block's tokens look at. `attention` and `norm` are the names in the file, `channels` those of the context's tokens.

    `is_normed` contexts go through a norm of their own first, as in the VAE.
    """

    channels: int
    attention: str = "attn2"
    norm: str = "norm2"
    is_normed: bool = False


@dataclass(frozen=True, kw_only=True)
class BlockConfig:
    """`forward_norm` is the name of the feed-forward layer's norm; `has_head_norms` are those of queries and keys."""

    width: int
    heads: int
    has_self_attention: bool = True
    contexts: tuple[ContextConfig, ...] = ()
    forward_norm: str = "norm3"
    has_head_norms: bool = False
    has_skip: bool = False


class KeysValues(NamedTuple):
    """(Bk, H, n, D) each; `bias` (1, 1, 1, n) is added to the products with the queries, where keys stand for several that are alike."""

    keys: Tensor
    values: Tensor
    bias: Tensor | None = None


class LayerNorm(nn.LayerNorm):
    """In single precision, whatever the weights' precision is."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=_NORM_EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        wide = torch.promote_types(x.dtype, torch.float32)
        return layer_norm(x.to(wide), self.normalized_shape, self.weight.to(wide), self.bias.to(wide), self.eps).to(x.dtype)


class HeadNorm(nn.Module):
    """Divides each head's values by their root mean square in single precision, and scales them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        wide = x.to(torch.promote_types(x.dtype, torch.float32))
        scale = torch.rsqrt(wide.square().mean(dim=-1, keepdim=True) + _HEAD_NORM_EPSILON)
        return (wide * scale).to(x.dtype) * self.weight


class Attention(nn.Module):
    """Of tokens among themselves, or to a context whose keys and values are made once."""

    def __init__(self, config: BlockConfig, context: ContextConfig | None = None) -> None:
        super().__init__()
        self.heads = config.heads
        channels = config.width if context is None else context.channels
        self.to_q = nn.Linear(config.width, config.width, bias=False)
        self.to_k, self.to_v = (nn.Linear(channels, config.width, bias=False) for _ in range(2))
        self.to_out = nn.ModuleList([nn.Linear(config.width, config.width)])
        per_head = config.width // config.heads
        self.norm_q, self.norm_k = (HeadNorm(per_head) if config.has_head_norms else nn.Identity() for _ in range(2))
        if context is not None and context.is_normed:
            self.norm_cross = nn.LayerNorm(channels, eps=_NORM_EPSILON)

    def keys_values(self, context: Tensor) -> KeysValues:
        """Of tokens (Bk, n, context's C)."""
        if hasattr(self, "norm_cross"):
            context = self.norm_cross(context)
        return KeysValues(self.norm_k(self._in_heads(self.to_k(context))), self._in_heads(self.to_v(context)))

    def forward(self, x: Tensor, keys_values: KeysValues | None = None) -> Tensor:
        """(B, L, C) to the same. A context of Bk sets of tokens is that of B / Bk successive objects each."""
        keys, values, bias = self.keys_values(x) if keys_values is None else keys_values
        queries = self.norm_q(self._in_heads(self.to_q(x).reshape(len(keys), -1, x.shape[-1])))  # (Bk, H, B / Bk * L, D)
        attended = scaled_dot_product_attention(queries, keys, values, attn_mask=bias)
        return self.to_out[0](attended.transpose(1, 2).reshape(x.shape))

    def of_nothing(self, x: Tensor) -> Tensor:
        """(1, 1, C): what it gives where the context is all zeros, whose values are zeros, since they have no bias. Called like any layer."""
        return self.to_out[0](x.new_zeros(1, 1, x.shape[-1]))

    def _in_heads(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class _Wider(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.proj = nn.Linear(channels, _WIDER * channels)

    def forward(self, x: Tensor) -> Tensor:
        return gelu(self.proj(x))


class FeedForward(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.net = nn.Sequential(_Wider(channels), nn.Identity(), nn.Linear(_WIDER * channels, channels))  # in the middle, a dropout in training

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class Block(nn.Module):
    """Tokens through the layers that its configuration names, in the order skip, self-attention, contexts, feed-forward."""

    def __init__(self, config: BlockConfig) -> None:
        super().__init__()
        self.config = config
        if config.has_skip:
            self.skip_linear = nn.Linear(2 * config.width, config.width)
            self.skip_norm = LayerNorm(config.width)
        if config.has_self_attention:
            self.norm1, self.attn1 = LayerNorm(config.width), Attention(config)
        for context in config.contexts:
            self.add_module(context.norm, LayerNorm(config.width))
            self.add_module(context.attention, Attention(config, context))
        self.add_module(config.forward_norm, LayerNorm(config.width))
        self.ff = FeedForward(config.width)

    def keys_values(self, contexts: Sequence[Tensor | None]) -> list[KeysValues | None]:
        """Of a context's tokens (Bk, n, C) each; None is one of zeros only."""
        pairs = zip(self.config.contexts, contexts, strict=True)
        return [None if tokens is None else self.get_submodule(one.attention).keys_values(tokens) for one, tokens in pairs]

    def forward(
        self,
        x: Tensor,
        contexts: Sequence[KeysValues | None] = (),
        *,
        skip: Tensor | None = None,
        together: int = 1,
        seeing: int | None = None,
    ) -> Tensor:
        """(B, L, C) to the same. The tokens of `together` successive objects attend to each other.

        With `seeing`, the first that many objects look at the contexts, and behind them come as many to which all contexts are zeros.
        Where only the first come in, as long as both are alike, both come out.
        """
        if skip is not None:
            x = self.skip_norm(self.skip_linear(torch.cat((skip, x), dim=-1)))
        if self.config.has_self_attention:
            joined = self.norm1(x).reshape(-1, together * x.shape[1], x.shape[2])
            x = x + self.attn1(joined).reshape(x.shape)
        for context, keys_values in zip(self.config.contexts, contexts, strict=True):
            x = self._looked(x, context, keys_values, seeing)
        return x + self.ff(self.get_submodule(self.config.forward_norm)(x))

    def _looked(self, x: Tensor, context: ContextConfig, keys_values: KeysValues | None, seeing: int | None) -> Tensor:
        attention = self.get_submodule(context.attention)
        if keys_values is None:
            return x + attention.of_nothing(x)
        seen = x if seeing is None else x[:seeing]
        looked = seen + attention(self.get_submodule(context.norm)(seen), keys_values)
        return looked if seeing is None else torch.cat((looked, x[-seeing:] + attention.of_nothing(x)))
