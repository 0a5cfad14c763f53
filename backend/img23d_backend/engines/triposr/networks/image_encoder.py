"""The tokens of the picture: DINO's vision transformer (Caron et al., Emerging Properties in Self-Supervised Vision Transformers, 2021).

The published names are those that transformers had when the weights were written; its networks of today have others, and place a
picture of another size than the trained one differently.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, interpolate, scaled_dot_product_attention

_EPSILON = 1e-12  # of its layer norms
_HEAD = 64  # channels
_MORE = 0.1  # of a patch, with which positions are stretched: the network was trained with it
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's


@dataclass(frozen=True, kw_only=True)
class ViTConfig:
    """`grid` are the patches along a side of the pictures that the positions are of, `patch` the pixels along a side of a patch."""

    hidden: int
    intermediate: int
    layers: int
    patch: int
    grid: int


def vit_config_of(tensors: Mapping[str, Tensor]) -> ViTConfig:
    """By the weights' shapes: no file beside them tells it. Raises KeyError or ValueError where they are of no such network."""
    _, positions, hidden = tensors["embeddings.position_embeddings"].shape
    *_, patch = tensors["embeddings.patch_embeddings.projection.weight"].shape
    prefix = "encoder.layer."
    layers = {int(key.removeprefix(prefix).partition(".")[0]) for key in tensors if key.startswith(prefix)}
    return ViTConfig(
        hidden=hidden,
        intermediate=len(tensors[f"{prefix}0.intermediate.dense.bias"]),
        layers=max(layers) + 1,
        patch=patch,
        grid=math.isqrt(positions - 1),
    )


class _Dense(nn.Module):
    """A layer with the published name."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.dense = nn.Linear(channels, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(x)


class _PatchEmbeddings(nn.Module):
    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.projection = nn.Conv2d(3, config.hidden, kernel_size=config.patch, stride=config.patch)


class _Embeddings(nn.Module):
    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.grid = config.grid
        self.cls_token = nn.Parameter(torch.zeros(1, 1, config.hidden))
        self.position_embeddings = nn.Parameter(torch.zeros(1, config.grid**2 + 1, config.hidden))
        self.patch_embeddings = _PatchEmbeddings(config)

    def forward(self, pictures: Tensor) -> Tensor:
        patches = self.patch_embeddings.projection(pictures)  # (B, C, h, w)
        tokens = torch.cat((self.cls_token.expand(len(pictures), -1, -1), patches.flatten(2).transpose(1, 2)), dim=1)
        return tokens + self._positions(*patches.shape[2:])

    def _positions(self, height: int, width: int) -> Tensor:
        if height == width == self.grid:
            return self.position_embeddings
        first, others = self.position_embeddings[:, :1], self.position_embeddings[:, 1:]
        plane = others.transpose(1, 2).unflatten(2, (self.grid, self.grid))
        scale = ((height + _MORE) / self.grid, (width + _MORE) / self.grid)
        stretched = interpolate(plane, scale_factor=scale, mode="bicubic", align_corners=False)
        return torch.cat((first, stretched.flatten(2).transpose(1, 2)), dim=1)


class _Projections(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(channels, channels) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (layer(x).unflatten(-1, (-1, _HEAD)).transpose(1, 2) for layer in (self.query, self.key, self.value))
        return scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)


class _Attention(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.attention = _Projections(channels)
        self.output = _Dense(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.attention(x))


class _Layer(nn.Module):
    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.attention = _Attention(config.hidden)
        self.intermediate = _Dense(config.hidden, config.intermediate)
        self.output = _Dense(config.intermediate, config.hidden)
        self.layernorm_before, self.layernorm_after = (nn.LayerNorm(config.hidden, eps=_EPSILON) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.layernorm_before(x))
        return x + self.output(gelu(self.intermediate(self.layernorm_after(x))))


class _Encoder(nn.Module):
    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.layer = nn.ModuleList(_Layer(config) for _ in range(config.layers))


class ImageEncoder(nn.Module):
    """1,025 tokens of a picture of 512 pixels a side: the class's and those of the patches."""

    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.config = config
        self.embeddings = _Embeddings(config)
        self.encoder = _Encoder(config)
        self.layernorm = nn.LayerNorm(config.hidden, eps=_EPSILON)

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 3, S, S) in 0..1 to (B, n, C)."""
        mean, deviation = (pictures.new_tensor(values)[:, None, None] for values in (_MEAN, _DEVIATION))
        tokens = self.embeddings((pictures - mean) / deviation)
        for layer in self.encoder.layer:
            tokens = layer(tokens)
        return self.layernorm(tokens)
