"""The vecset VAE: points of a surface to a set of latents, and latents to a function of space.

L latents, N points, C channels. The function is above 0 inside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .block import Block, BlockConfig, ContextConfig, KeysValues

_NORM_EPSILON = 1e-5
_NORMAL = 3  # channels of a point's normal
_LOG_VARIANCE = (-30.0, 20.0)


@dataclass(frozen=True, kw_only=True)
class VAEConfig:
    """Both halves have `heads` heads. `frequencies` are those of a point's sines, 1, 2, 4 and so on radians per unit."""

    channels: int
    heads: int
    encoder_width: int
    decoder_width: int
    encoder_layers: int
    decoder_layers: int
    frequencies: int = 8

    @property
    def point_channels(self) -> int:
        return 3 * (1 + 2 * self.frequencies)


def embedded(points: Tensor, frequencies: int) -> Tensor:
    """(..., 3) to (..., 3 + 6 frequencies): the coordinates, their sines, their cosines. In single precision: see `Field`."""
    scales = 2.0 ** torch.arange(frequencies, dtype=points.dtype, device=points.device)
    angles = (points[..., None] * scales).flatten(-2)
    return torch.cat((points, torch.sin(angles), torch.cos(angles)), dim=-1)


def looking_block(width: int, heads: int) -> Block:
    """Whose tokens look at a context of the same width, and not at each other."""
    return Block(BlockConfig(width=width, heads=heads, has_self_attention=False, contexts=(ContextConfig(channels=width, is_normed=True),)))


def inner_blocks(width: int, heads: int, layers: int) -> list[Block]:
    """Whose tokens look at each other."""
    return [Block(BlockConfig(width=width, heads=heads)) for _ in range(layers)]


class TokenEncoder(nn.Module):
    """Tokens that look at those of a surface first, and then at each other. What makes tokens of points is added by each kind."""

    def __init__(self, width: int, heads: int, layers: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([looking_block(width, heads), *inner_blocks(width, heads, layers)])
        self.norm_out = nn.LayerNorm(width, eps=_NORM_EPSILON)

    def through(self, x: Tensor, surface: Tensor) -> Tensor:
        """(B, L, C), (B, N, C) to (B, L, C)."""
        first, *others = self.blocks
        x = first(x, first.keys_values([surface]))
        for block in others:
            x = block(x)
        return self.norm_out(x)


class Encoder(TokenEncoder):
    """`in_channels` are those of an embedded point and what is known beside its place."""

    def __init__(self, in_channels: int, width: int, heads: int, layers: int) -> None:
        super().__init__(width, heads, layers)
        self.proj_in = nn.Linear(in_channels, width)

    def forward(self, queries: Tensor, surface: Tensor) -> Tensor:
        """(B, L, in), (B, N, in) to (B, L, C)."""
        return self.through(self.proj_in(queries), self.proj_in(surface))


class Decoder(nn.Module):
    def __init__(self, config: VAEConfig) -> None:
        super().__init__()
        width, heads = config.decoder_width, config.heads
        self.blocks = nn.ModuleList([*inner_blocks(width, heads, config.decoder_layers), looking_block(width, heads)])
        self.proj_query = nn.Linear(config.point_channels, width)
        self.norm_out = nn.LayerNorm(width, eps=_NORM_EPSILON)
        self.proj_out = nn.Linear(width, 1)

    def remember(self, x: Tensor) -> KeysValues:
        """(1, L, C) to what each point looks at."""
        *inner, last = self.blocks
        for block in inner:
            x = block(x)
        (keys_values,) = last.keys_values([x])
        return keys_values

    def at(self, points: Tensor, keys_values: KeysValues) -> Tensor:
        """Embedded points (1, N, in) to (1, N, 1)."""
        return self.proj_out(self.norm_out(self.blocks[-1](self.proj_query(points), [keys_values])))


class VecsetVAE(nn.Module):
    """With the encoder, or without it where shapes are only made."""

    def __init__(self, config: VAEConfig, *, has_encoder: bool = True) -> None:
        super().__init__()
        self.config = config
        if has_encoder:
            self.encoder = Encoder(config.point_channels + _NORMAL, config.encoder_width, config.heads, config.encoder_layers)
            self.quant = nn.Linear(config.encoder_width, 2 * config.channels)
        self.decoder = Decoder(config)
        self.post_quant = nn.Linear(config.channels, config.decoder_width)

    @property
    def dtype(self) -> torch.dtype:
        return self.post_quant.weight.dtype

    def encode(self, surface: Tensor, queries: Tensor) -> tuple[Tensor, Tensor]:
        """Points with their normals (B, N, 6) and those of them that become latents (B, L, 6), float32: mean and log variance (B, L, channels)."""
        tokens = self.encoder(self._with_normals(queries), self._with_normals(surface))
        mean, log_variance = self.quant(tokens).chunk(2, dim=-1)
        return mean, log_variance.clamp(*_LOG_VARIANCE)

    def field(self, latents: Tensor) -> Callable[[Tensor], Tensor]:
        """Latents (L, channels) of one object to its field: points (N, 3) float32 to values (N,) float32, above 0 inside."""
        keys_values = self.decoder.remember(self.post_quant(latents[None].to(self.dtype)))
        return Field(vae=self, keys_values=keys_values)

    def _with_normals(self, points: Tensor) -> Tensor:
        return torch.cat((embedded(points[..., :3], self.config.frequencies), points[..., 3:]), dim=-1).to(self.dtype)


@dataclass(frozen=True, kw_only=True)
class Field:
    """A shape as a function of space.

    The points' sines are computed in single precision, also where the network runs in half: at 128 rad per unit, half a step of a
    half-precision coordinate is worth 4 degrees.
    """

    vae: VecsetVAE
    keys_values: KeysValues

    def __call__(self, points: Tensor) -> Tensor:
        queries = embedded(points[None], self.vae.config.frequencies).to(self.vae.dtype)
        return self.vae.decoder.at(queries, self.keys_values)[0, :, 0].float()
