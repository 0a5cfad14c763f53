"""The shape DiT: hy3dgen's modules and parameters, evaluated with less work and the same result.

- Context tokens that are all alike (the unconditional half's: zeros without position) go as one token. They stay alike
  through every block, since nothing tells them apart; where they are keys, one key that weighs as much as all of them
  gives the same attention. A guided step of the small model costs 1.83 instead of 2.98 TFLOP.
- The last block attends for the latents only, since nothing else is read afterwards.

Layers are called and not taken apart, so that their weights can be streamed.

B objects, L latents, n context tokens, C channels, H heads of D channels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from .hy3dgen_modules import DoubleStreamBlock, Hunyuan3DDiT, ModulationOut, SingleStreamBlock, timestep_embedding

_TIME_CHANNELS = 256
_KEYS_MOST = 4  # that stand for one count; two are enough in half precision, three in bfloat16


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

    def forward(self, latents: Tensor, t: Tensor, context: Counted, guidance: Tensor | None = None) -> Tensor:
        """The flow at time `t` (B,), 0 at noise and 1 at the shape: latents (B, L, in) to (B, L, in).

        `guidance` (B,) is for models that have their guidance built in, and None for others.
        """
        x = self.latent_in(latents)  # (B, L, C)
        vec = self.time_in(timestep_embedding(t, _TIME_CHANNELS, self.time_factor).to(x.dtype))  # (B, C)
        if self.guidance_embed:
            vec = vec + self.guidance_in(timestep_embedding(guidance, _TIME_CHANNELS, self.time_factor))
        text = self.cond_in(context.tokens)  # (B, n, C)
        keys = Keys.of(context, latents)
        for block in self.double_blocks:
            x, text = block(x, text, vec, keys)
        x = torch.cat((text, x), dim=1)  # (B, n + L, C)
        for block in self.single_blocks[:-1]:
            x = block(x, vec, keys)
        x = self.single_blocks[-1](x, vec, keys, latents_only=True)  # (B, L, C)
        return self.final_layer(x, vec)


@dataclass(frozen=True, kw_only=True)
class Keys:
    """The first `context` keys are repeated, and `bias` (1, 1, 1, repeats * context + L) makes the repeats of each weigh
    its count together.
    """

    context: int
    repeats: int = 1
    bias: Tensor | None = None

    @staticmethod
    def of(context: Counted, latents: Tensor) -> Keys:
        tokens = context.tokens.shape[1]
        if context.count == 1:
            return Keys(context=tokens)
        logits = torch.tensor(key_logits(context.count, latents.dtype), dtype=latents.dtype, device=latents.device)
        bias = torch.cat((logits.repeat_interleave(tokens), latents.new_zeros(latents.shape[1])))
        return Keys(context=tokens, repeats=len(logits), bias=bias[None, None, None])

    def attend(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        """(B, H, T, D) each, the context's keys first; (B, T, C)."""
        if self.repeats > 1:
            k, v = (torch.cat([part[:, :, : self.context]] * (self.repeats - 1) + [part], dim=2) for part in (k, v))
        return scaled_dot_product_attention(q, k, v, attn_mask=self.bias).transpose(1, 2).flatten(2)


def key_logits(count: int, dtype: torch.dtype) -> list[float]:
    """Numbers that `dtype` can hold and whose exponentials sum up to `count`: log(count) in double and single precision.

    In half precision log(1370) is off by up to 0.2%, in bfloat16 by 1.5%: a second (third) key takes what the first,
    rounded down, leaves over.
    """
    logits: list[float] = []
    left = float(count)
    while left > count * 1e-5 and len(logits) < _KEYS_MOST:
        logit = torch.tensor(math.log(left), dtype=torch.float64).to(dtype)
        if math.exp(logit.item()) > left * (1 + 1e-6):
            logit = torch.nextafter(logit, torch.tensor(-math.inf, dtype=dtype))
        logits.append(logit.item())
        left -= math.exp(logit.item())
    return logits


class Double(DoubleStreamBlock):
    """Latents and context, each with weights of their own, attend together."""

    def forward(self, x: Tensor, text: Tensor, vec: Tensor, keys: Keys) -> tuple[Tensor, Tensor]:
        x_attn, x_mlp = self.img_mod(vec)
        text_attn, text_mlp = self.txt_mod(vec)
        x_q, x_k, x_v = _heads(self.img_attn.qkv(_modulated(self.img_norm1(x), x_attn)), self.num_heads)
        x_q, x_k = self.img_attn.norm(x_q, x_k, x_v)
        text_q, text_k, text_v = _heads(self.txt_attn.qkv(_modulated(self.txt_norm1(text), text_attn)), self.num_heads)
        text_q, text_k = self.txt_attn.norm(text_q, text_k, text_v)

        pairs = (text_q, x_q), (text_k, x_k), (text_v, x_v)
        attended = keys.attend(*(torch.cat(pair, dim=2) for pair in pairs))  # (B, n + L, C)
        text_attended, x_attended = attended[:, : keys.context], attended[:, keys.context :]

        x = x + x_attn.gate * self.img_attn.proj(x_attended)
        x = x + x_mlp.gate * self.img_mlp(_modulated(self.img_norm2(x), x_mlp))
        text = text + text_attn.gate * self.txt_attn.proj(text_attended)
        text = text + text_mlp.gate * self.txt_mlp(_modulated(self.txt_norm2(text), text_mlp))
        return x, text


class Single(SingleStreamBlock):
    """Context and latents as one stream."""

    def forward(self, x: Tensor, vec: Tensor, keys: Keys, *, latents_only: bool = False) -> Tensor:
        """(B, n + L, C) to the same, or to the latents' (B, L, C)."""
        modulation, _ = self.modulation(vec)
        modulated = _modulated(self.pre_norm(x), modulation)
        qkv, mlp = self.linear1(modulated).split([3 * self.hidden_size, self.mlp_hidden_dim], dim=-1)
        q, k, v = _heads(qkv, self.num_heads)
        q, k = self.norm(q, k, v)
        first = keys.context if latents_only else 0  # the tokens before it are keys only
        attended = keys.attend(q[:, :, first:], k, v)
        return x[:, first:] + modulation.gate * self.linear2(torch.cat((attended, self.mlp_act(mlp[:, first:])), dim=2))


def _heads(joined: Tensor, heads: int) -> tuple[Tensor, Tensor, Tensor]:
    """(B, T, 3 * H * D) to queries, keys and values (B, H, T, D)."""
    return joined.unflatten(-1, (3, heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)


def _modulated(x: Tensor, by: ModulationOut) -> Tensor:
    return (1 + by.scale) * x + by.shift
