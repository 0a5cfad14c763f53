"""The shape DiT: hy3dgen's modules and parameters, evaluated with less work and the same result.

- Context tokens that are all alike (the unconditional half's: zeros without position) go as one token. They stay alike
  through every block, since nothing tells them apart; where they are keys, one key that weighs as much as all of them
  gives the same attention. A guided step of the small model costs 1.83 instead of 2.98 TFLOP.
- Both halves go through the layers together, one behind the other among the tokens, and attend each by itself.
- The last block attends for the latents only, since nothing else is read afterwards.
- Few passes over memory beside the products: the norm with its modulation in one, activations where they stand, and the
  attended values in the place of those that they are made of, beside the feed-forward half that the next layer takes with them.

Layers are called and not taken apart, so that their weights can be streamed. Gradients do not pass: train hy3dgen's class.

B objects, L latents, n context tokens, C channels, H heads of D channels, S the tokens of all halves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, scaled_dot_product_attention

from ....models.key_logits import key_logits
from .hy3dgen_modules import DoubleStreamBlock, Hunyuan3DDiT, ModulationOut, SingleStreamBlock, timestep_embedding

_TIME_CHANNELS = 256
_EPSILON = 1e-6  # of every norm


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Context tokens (B, n, C), each of which stands for `count` tokens that are alike."""

    tokens: Tensor
    count: int = 1


class ShapeDiT(Hunyuan3DDiT):
    """Takes the same configuration and the same weights as hy3dgen's."""

    def __init__(self, **config: object) -> None:
        super().__init__(**config)
        size, heads, ratio = self.hidden_size, self.num_heads, self.mlp_ratio
        self.double_blocks = nn.ModuleList(Double(size, heads, ratio, self.qkv_bias) for _ in range(self.depth))
        self.single_blocks = nn.ModuleList(Single(size, heads, ratio) for _ in range(self.depth_single_blocks))

    @torch.no_grad()
    def forward(
        self,
        latents: Tensor,
        t: Tensor,
        context: Counted,
        guidance: Tensor | None = None,
        *,
        other: Counted | None = None,
    ) -> Tensor:
        """The flow at time `t`, 0 at noise and 1 at the shape: latents (B, L, in) to (B, L, in); with an `other` context to
        (2, B, L, in), the flows of the two.

        `t` and `guidance` are (B,), or (1,) where all objects have the same, which takes less work. `guidance` is for models
        that have their guidance built in, and None for others.
        """
        vec = self.time_in(timestep_embedding(t, _TIME_CHANNELS, self.time_factor).to(latents.dtype))  # (B or 1, C)
        if self.guidance_embed:
            vec = vec + self.guidance_in(timestep_embedding(guidance, _TIME_CHANNELS, self.time_factor))
        contexts = (context,) if other is None else (context, other)
        halves = [Half.of(one, latents) for one in contexts]
        x = self.latent_in(latents).repeat(1, len(halves), 1)  # (B, halves * L, C)
        text = torch.cat([self.cond_in(one.tokens) for one in contexts], dim=1)  # (B, all n, C)
        for block in self.double_blocks:
            x, text = block(x, text, vec, halves)
        parts = zip(text.split([half.context for half in halves], dim=1), x.chunk(len(halves), dim=1), strict=True)
        x = torch.cat([one for pair in parts for one in pair], dim=1)  # (B, S, C): of each half its context, then its latents
        for block in self.single_blocks[:-1]:
            x = block(x, vec, halves)
        x = self.single_blocks[-1](x, vec, halves, latents_only=True)  # (B, halves * L, C)
        flows = self.final_layer(x, vec).unflatten(1, (len(halves), -1)).transpose(0, 1)
        return flows[0] if other is None else flows


@dataclass(frozen=True, kw_only=True)
class Half:
    """`context` tokens and `latents` that attend together, the context first. Its keys are repeated, and `bias`
    (1, 1, 1, repeats * context + L) makes the repeats of each weigh its count together.
    """

    context: int
    latents: int
    repeats: int = 1
    bias: Tensor | None = None

    @staticmethod
    def of(context: Counted, latents: Tensor) -> Half:
        tokens, count = context.tokens.shape[1], latents.shape[1]
        if context.count == 1:
            return Half(context=tokens, latents=count)
        logits = torch.tensor(key_logits(context.count, latents.dtype), dtype=latents.dtype, device=latents.device)
        bias = torch.cat((logits.repeat_interleave(tokens), latents.new_zeros(count)))
        return Half(context=tokens, latents=count, repeats=len(logits), bias=bias[None, None, None])

    @property
    def tokens(self) -> int:
        return self.context + self.latents

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """(B, H, T, D) each, the context's keys first; (B, T, C)."""
        if self.repeats > 1:
            k, v = (torch.cat([part[:, :, : self.context]] * (self.repeats - 1) + [part], dim=2) for part in (k, v))
        elif k.device.type == "cpu":  # each head's keys in a row: 280 ms become 220 for 1,882 tokens
            k, v = k.contiguous(), v.contiguous()
        return scaled_dot_product_attention(q, k, v, attn_mask=self.bias).transpose(1, 2).flatten(2)


class Double(DoubleStreamBlock):
    """Latents and context, each with weights of their own, attend together."""

    def __init__(self, hidden_size: int, num_heads: int, mlp_ratio: float, qkv_bias: bool) -> None:
        super().__init__(hidden_size, num_heads, mlp_ratio, qkv_bias)
        for attention in (self.img_attn, self.txt_attn):
            _norm_in_place(attention.norm, hidden_size // num_heads)

    def forward(self, x: Tensor, text: Tensor, vec: Tensor, halves: Sequence[Half]) -> tuple[Tensor, Tensor]:
        """(B, halves * L, C) and (B, all n, C) to the same."""
        (x_attn, x_mlp), (text_attn, text_mlp) = self.img_mod(vec), self.txt_mod(vec)
        x_qkv, text_qkv = self.img_attn.qkv(_modulated(x, x_attn)), self.txt_attn.qkv(_modulated(text, text_attn))
        streams = [_normed(text_qkv, self.txt_attn.norm, self.num_heads), _normed(x_qkv, self.img_attn.norm, self.num_heads)]
        text_values, x_values = (joined[..., -self.hidden_size :] for joined in (text_qkv, x_qkv))
        of_text = of_x = 0
        for half in halves:
            text_part, x_part = slice(of_text, of_text + half.context), slice(of_x, of_x + half.latents)
            pairs = zip(*([one[:, :, part] for one in stream] for stream, part in zip(streams, (text_part, x_part), strict=True)), strict=True)
            attended = half.attend(*(torch.cat(pair, dim=2) for pair in pairs))  # (B, n + L, C)
            text_values[:, text_part], x_values[:, x_part] = attended[:, : half.context], attended[:, half.context :]
            of_text, of_x = text_part.stop, x_part.stop
        x = torch.addcmul(x, x_attn.gate, _called(self.img_attn.proj, x_values))
        text = torch.addcmul(text, text_attn.gate, _called(self.txt_attn.proj, text_values))
        x = torch.addcmul(x, x_mlp.gate, _fed_forward(self.img_mlp, _modulated(x, x_mlp)))
        return x, torch.addcmul(text, text_mlp.gate, _fed_forward(self.txt_mlp, _modulated(text, text_mlp)))


class Single(SingleStreamBlock):
    """Context and latents as one stream."""

    def __init__(self, hidden_size: int, num_heads: int, mlp_ratio: float) -> None:
        super().__init__(hidden_size, num_heads, mlp_ratio)
        _norm_in_place(self.norm, hidden_size // num_heads)

    def forward(self, x: Tensor, vec: Tensor, halves: Sequence[Half], *, latents_only: bool = False) -> Tensor:
        """(B, S, C) to the same, or to the latents' (B, halves * L, C)."""
        modulation, _ = self.modulation(vec)
        joined = self.linear1(_modulated(x, modulation))  # (B, S, 3 * C + feed-forward)
        lengths, values = [half.tokens for half in halves], 2 * self.hidden_size
        heads = (one.split(lengths, dim=2) for one in _normed(joined[..., : 3 * self.hidden_size], self.norm, self.num_heads))
        taken = [half.latents if latents_only else half.tokens for half in halves]  # of each half, from its end
        attended = [half.attend(q[:, :, -count:], k, v) for half, count, q, k, v in zip(halves, taken, *heads, strict=True)]
        if latents_only:
            x, joined = (torch.cat([one[:, -count:] for one, count in zip(whole.split(lengths, dim=1), taken, strict=True)], dim=1) for whole in (x, joined))
        for place, one in zip(joined[..., values : 3 * self.hidden_size].split(taken, dim=1), attended, strict=True):
            place.copy_(one)
        torch.ops.aten.gelu_(joined[..., 3 * self.hidden_size :], approximate="tanh")
        return torch.addcmul(x, modulation.gate, _called(self.linear2, joined[..., values:]))


class RootMeanSquareNorm(nn.Module):
    """Divides each head's values by their root mean square in single precision and scales them, where they stand."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.promote_types(x.dtype, torch.float32))
        return x.mul_(length.square_().div_(x.shape[-1]).add_(_EPSILON).rsqrt_()).mul_(self.scale)


def _norm_in_place(pair: nn.Module, channels: int) -> None:
    pair.query_norm, pair.key_norm = RootMeanSquareNorm(channels), RootMeanSquareNorm(channels)


def _normed(joined: Tensor, norm: nn.Module, heads: int) -> tuple[Tensor, Tensor, Tensor]:
    """(B, T, 3 * H * D) to queries, keys and values (B, H, T, D) in the same memory, the first two normed."""
    q, k, v = joined.unflatten(-1, (3, heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
    return norm.query_norm(q), norm.key_norm(k), v


def _modulated(x: Tensor, by: ModulationOut) -> Tensor:
    """The layer's norm, scaled and shifted: (B, T, C) by (B or 1, 1, C)."""
    if len(by.scale) == 1:
        return layer_norm(x, x.shape[-1:], (1 + by.scale).flatten(), by.shift.flatten(), _EPSILON)
    return (1 + by.scale) * layer_norm(x, x.shape[-1:], eps=_EPSILON) + by.shift


def _fed_forward(layers: nn.Sequential, x: Tensor) -> Tensor:
    hidden = layers[0](x)
    return layers[2](torch.ops.aten.gelu_(hidden, approximate="tanh"))


def _called(layer: nn.Linear, x: Tensor) -> Tensor:
    """(B, T, K) that may be a part of something wider: as a matrix, which is taken as it lies."""
    return layer(x.flatten(0, 1)).unflatten(0, x.shape[:2])
