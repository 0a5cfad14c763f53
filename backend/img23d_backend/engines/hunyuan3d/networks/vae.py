"""The shape VAE's decoder half: latents to a function of space, over hy3dgen's blocks and with its parameter names.

hy3dgen's own outer class is not used because its file needs scikit-image and extracts surfaces, which `mesh` does here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from .hy3dgen_modules import CrossAttentionDecoder, FourierEmbedder, Transformer


class ShapeVAE(nn.Module):
    """The keywords are those of config.yaml; what concerns training or the encoder is left aside."""

    def __init__(
        self,
        *,
        num_latents: int,
        embed_dim: int,
        width: int,
        heads: int,
        num_decoder_layers: int,
        geo_decoder_downsample_ratio: int = 1,
        geo_decoder_mlp_expand_ratio: int = 4,
        geo_decoder_ln_post: bool = True,
        num_freqs: int = 8,
        include_pi: bool = True,
        qkv_bias: bool = True,
        qk_norm: bool = False,
        scale_factor: float = 1.0,
        **_: object,
    ) -> None:
        super().__init__()
        self.latent_shape = (num_latents, embed_dim)
        self.scale_factor = scale_factor
        self.fourier_embedder = FourierEmbedder(num_freqs=num_freqs, include_pi=include_pi)
        self.post_kl = nn.Linear(embed_dim, width)
        attention = {"qkv_bias": qkv_bias, "qk_norm": qk_norm}
        self.transformer = Transformer(n_ctx=num_latents, width=width, layers=num_decoder_layers, heads=heads, **attention)
        self.geo_decoder = CrossAttentionDecoder(
            fourier_embedder=self.fourier_embedder,
            out_channels=1,
            num_latents=num_latents,
            mlp_expand_ratio=geo_decoder_mlp_expand_ratio,
            downsample_ratio=geo_decoder_downsample_ratio,
            enable_ln_post=geo_decoder_ln_post,
            width=width // geo_decoder_downsample_ratio,
            heads=heads // geo_decoder_downsample_ratio,
            **attention,
        )

    @property
    def dtype(self) -> torch.dtype:
        return self.post_kl.weight.dtype

    def field(self, latents: Tensor) -> Callable[[Tensor], Tensor]:
        """The sampler's latents (L, in) of one object to its field: points (N, 3) float32 to logits (N,), above 0 inside.

        The latents' keys and values are computed once and not with every chunk of points.
        """
        tokens = self.transformer(self.post_kl(latents[None].to(self.dtype) / self.scale_factor))  # (1, L, C)
        return Field(decoder=self.geo_decoder, keys=_keys(self.geo_decoder, tokens), dtype=self.dtype)


@dataclass(frozen=True, kw_only=True)
class Field:
    """A shape as a function of space. `keys` are the latents' keys and values, (1, H, L, D) each."""

    decoder: CrossAttentionDecoder
    keys: tuple[Tensor, Tensor]
    dtype: torch.dtype

    def __call__(self, points: Tensor) -> Tensor:
        """(N, 3) float32 to (N,) float32.

        The points' sines are computed in single precision, also where the network runs in half: at 128 rad per unit, half
        a step of a half-precision coordinate is worth 4 degrees.
        """
        block = self.decoder.cross_attn_decoder
        x = self.decoder.query_proj(self.decoder.fourier_embedder(points).to(self.dtype))[None]  # (1, N, C)
        queries = block.attn.c_q(block.ln_1(x)).unflatten(-1, (block.attn.heads, -1))  # (1, N, H, D)
        queries = block.attn.attention.q_norm(queries).transpose(1, 2)
        attended = scaled_dot_product_attention(queries, *self.keys).transpose(1, 2).flatten(2)  # (1, N, C)
        x = x + block.attn.c_proj(attended)
        x = x + block.mlp(block.ln_3(x))
        if self.decoder.enable_ln_post:
            x = self.decoder.ln_post(x)
        return self.decoder.output_proj(x)[0, :, 0].float()


def _keys(decoder: CrossAttentionDecoder, tokens: Tensor) -> tuple[Tensor, Tensor]:
    """(1, L, C) to keys and values (1, H, L, D)."""
    block = decoder.cross_attn_decoder
    if decoder.downsample_ratio != 1:
        tokens = decoder.latents_proj(tokens)
    joined = block.attn.c_kv(block.ln_2(tokens)).unflatten(-1, (block.attn.heads, -1))  # (1, L, H, 2 D)
    keys, values = joined.chunk(2, dim=-1)
    return block.attn.attention.k_norm(keys).transpose(1, 2), values.transpose(1, 2)
