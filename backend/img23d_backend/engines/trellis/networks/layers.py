"""The transformer's layers that both flows and both decoders are made of.

B halves or objects, L tokens, C channels, H heads of D channels, n tokens of the picture. Attention is torch's own.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, normalize, scaled_dot_product_attention

from .sparse.voxels import Voxels

EPSILON = 1e-6  # of the layer norms inside blocks; those before the last layer have torch's own 1e-5
_LONGEST_PERIOD = 10000  # of the embeddings (Vaswani et al., 2017)
_TIME_CHANNELS = 256


def position_embedding(cells: Tensor, channels: int) -> Tensor:
    """(L, 3) cells to (L, C) float32: of each axis channels // 6 sines, then as many cosines; zeros where channels are left over."""
    count = channels // 3 // 2
    frequencies = 1.0 / (_LONGEST_PERIOD ** (torch.arange(count, dtype=torch.float32, device=cells.device) / count))
    phases = cells.float()[..., None] * frequencies  # (L, 3, count)
    waves = torch.cat((phases.sin(), phases.cos()), dim=-1).flatten(1)
    return torch.nn.functional.pad(waves, (0, channels - waves.shape[1]))


class TimestepEmbedder(nn.Module):
    """A time (1,) in 0..1000 to (1, C), in single precision."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(_TIME_CHANNELS, channels), nn.SiLU(), nn.Linear(channels, channels))

    def forward(self, t: Tensor) -> Tensor:
        half = _TIME_CHANNELS // 2
        frequencies = torch.exp(-math.log(_LONGEST_PERIOD) * torch.arange(half, dtype=torch.float32, device=t.device) / half)
        phases = t[:, None].float() * frequencies
        return self.mlp(torch.cat((phases.cos(), phases.sin()), dim=-1))


class LayerNorm(nn.LayerNorm):
    """Computed in single precision."""

    def __init__(self, channels: int, *, affine: bool) -> None:
        super().__init__(channels, elementwise_affine=affine, eps=EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.float()).to(x.dtype)


class FeedForward(nn.Module):
    def __init__(self, channels: int, ratio: float) -> None:
        super().__init__()
        hidden = int(channels * ratio)
        self.mlp = nn.Sequential(nn.Linear(channels, hidden), nn.GELU(approximate="tanh"), nn.Linear(hidden, channels))

    def forward(self, x: Tensor) -> Tensor:
        return self.mlp(x)


class MultiHeadRMSNorm(nn.Module):
    """(..., H, D): each head's vector to length sqrt(D), scaled by `gamma`, in single precision."""

    def __init__(self, heads: int, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(heads, channels))

    def forward(self, x: Tensor) -> Tensor:
        return (normalize(x.float(), dim=-1) * self.gamma * x.shape[-1] ** 0.5).to(x.dtype)


class SelfAttention(nn.Module):
    """Of all tokens, (B, L, C), or of those that share a window, (N, C)."""

    def __init__(self, channels: int, heads: int, *, qk_rms_norm: bool) -> None:
        super().__init__()
        self.heads = heads
        self.to_qkv = nn.Linear(channels, 3 * channels)
        self.to_out = nn.Linear(channels, channels)
        if qk_rms_norm:
            self.q_rms_norm, self.k_rms_norm = (MultiHeadRMSNorm(heads, channels // heads) for _ in range(2))
        self.qk_rms_norm = qk_rms_norm

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (part.transpose(-3, -2) for part in self._heads_of(x))
        return self.to_out(scaled_dot_product_attention(q, k, v).transpose(-3, -2).flatten(-2))

    def in_windows(self, x: Tensor, voxels: Voxels, *, size: int, shift: int) -> Tensor:
        return self.to_out(voxels.windows(size, shift).attend(*self._heads_of(x)).flatten(-2))

    def _heads_of(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, (..., L, H, D) each."""
        q, k, v = self.to_qkv(x).unflatten(-1, (3, self.heads, -1)).unbind(-3)
        return (self.q_rms_norm(q), self.k_rms_norm(k), v) if self.qk_rms_norm else (q, k, v)


class CrossAttention(nn.Module):
    """Tokens (B, L, C) look at a picture's tokens (B, n, context's C)."""

    def __init__(self, channels: int, context_channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(channels, channels)
        self.to_kv = nn.Linear(context_channels, 2 * channels)
        self.to_out = nn.Linear(channels, channels)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        q = self.to_q(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, H, L, D)
        k, v = self.to_kv(context).unflatten(-1, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return self.to_out(scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))

    def of_nothing(self, context: Tensor) -> Tensor:
        """(1, 1, C): what every token gets from a context of zeros, whose tokens are all alike: the value of any one of them.

        No query is needed for it, nor a key. The layers are called with one zero token, so that their weights may be streamed.
        """
        _, value = self.to_kv(context.new_zeros((1, 1, context.shape[-1]))).chunk(2, dim=-1)
        return self.to_out(value)


class ModulatedCrossBlock(nn.Module):
    """Self-attention, cross-attention, feed-forward, modulated by the time (Peebles and Xie, DiT, 2023)."""

    def __init__(self, channels: int, context_channels: int, heads: int, ratio: float, *, qk_rms_norm: bool) -> None:
        super().__init__()
        self.norm2 = LayerNorm(channels, affine=True)
        self.self_attn = SelfAttention(channels, heads, qk_rms_norm=qk_rms_norm)
        self.cross_attn = CrossAttention(channels, context_channels, heads)
        self.mlp = FeedForward(channels, ratio)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(channels, 6 * channels))

    def forward(self, h: Tensor, time: Tensor, context: Tensor, *, guided: bool) -> Tensor:
        """(B, L, C) tokens with the picture's (B, n, context's C) in mind. `guided` gives (2 B, L, C): behind those the same
        without a picture. Where only B come in, as in the first block, both are still alike.
        """
        shift, scale, gate, mlp_shift, mlp_scale, mlp_gate = self.adaLN_modulation(time).chunk(6, dim=1)  # (1, C) each
        h = torch.addcmul(h, gate, self.self_attn(modulated(h, shift, scale)))
        h = self._looked(h, context, guided)
        return torch.addcmul(h, mlp_gate, self.mlp(modulated(h, mlp_shift, mlp_scale)))

    def _looked(self, h: Tensor, context: Tensor, guided: bool) -> Tensor:
        count = len(context)
        seen = h[:count]
        seen = seen + self.cross_attn(self.norm2(seen), context)
        return torch.cat((seen, h[-count:] + self.cross_attn.of_nothing(context))) if guided else seen


def modulated(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """The layer's norm of (..., C), scaled and shifted by (1, C)."""
    normed = layer_norm(x.float(), x.shape[-1:], eps=EPSILON).to(x.dtype)
    return torch.addcmul(shift, normed, 1 + scale)
