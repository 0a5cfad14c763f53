"""DINO's ViT-B/16 (Caron et al., 2021), told in each layer where the view was taken from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

CHANNELS, PATCH = 768, 16
_LAYERS, _HEADS, _POSITIONS = 12, 12, 14  # positions along a side, as it was trained
_CAMERA_NUMBERS = 16
_EPS = 1e-12
_MEAN, _DEVIATION = 0.5, 0.5  # of the picture's channels


class ImageEncoder(nn.Module):
    """Views (V, 3, S, S) in 0..1 with cameras (V, 16) to tokens (V, 1 + (S / 16)^2, 768)."""

    def __init__(self, *, layers: int = _LAYERS, channels: int = CHANNELS, heads: int = _HEADS) -> None:
        super().__init__()
        self.model = _VisionTransformer(layers, channels, heads)
        self.camera_embedder = nn.Sequential(nn.Linear(_CAMERA_NUMBERS, channels), nn.SiLU(), nn.Linear(channels, channels))

    def forward(self, views: Tensor, cameras: Tensor) -> Tensor:
        return self.model((views - _MEAN) / _DEVIATION, self.camera_embedder(cameras))


class _VisionTransformer(nn.Module):
    def __init__(self, layers: int, channels: int, heads: int) -> None:
        super().__init__()
        self.embeddings = _Embeddings(channels)
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(_Layer(channels, heads) for _ in range(layers))})
        self.layernorm = nn.LayerNorm(channels, eps=_EPS)

    def forward(self, pixels: Tensor, camera: Tensor) -> Tensor:
        hidden = self.embeddings(pixels)
        for layer in self.encoder["layer"]:
            hidden = layer(hidden, camera)
        return self.layernorm(hidden)


class _Embeddings(nn.Module):
    def __init__(self, channels: int) -> None:
        import torch

        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, channels))
        self.position_embeddings = nn.Parameter(torch.zeros(1, 1 + _POSITIONS**2, channels))
        self.patch_embeddings = nn.ModuleDict({"projection": nn.Conv2d(3, channels, PATCH, stride=PATCH)})

    def forward(self, pixels: Tensor) -> Tensor:
        import torch

        patches = self.patch_embeddings["projection"](pixels).flatten(2).transpose(1, 2)
        first = self.cls_token.expand(len(patches), -1, -1)
        return torch.cat((first, patches), dim=1) + self._positions(pixels.shape[-1] // PATCH)

    def _positions(self, side: int) -> Tensor:
        """(1, 1 + side^2, C): those that were trained, resampled to another number of patches as DINO does it."""
        import torch

        if side == _POSITIONS:
            return self.position_embeddings
        first, others = self.position_embeddings[:, :1], self.position_embeddings[:, 1:]
        grid = others.unflatten(1, (_POSITIONS, _POSITIONS)).permute(0, 3, 1, 2)
        scale = (side + 0.1) / _POSITIONS  # rounding must not take a row away; the checkpoints were trained with this
        grid = functional.interpolate(grid, scale_factor=(scale, scale), mode="bicubic", align_corners=False)
        return torch.cat((first, grid.permute(0, 2, 3, 1).flatten(1, 2)), dim=1)


class _Layer(nn.Module):
    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.attention = nn.ModuleDict({"attention": _Attention(channels, heads), "output": _dense(channels, channels)})
        self.intermediate, self.output = _dense(channels, 4 * channels), _dense(4 * channels, channels)
        self.layernorm_before, self.layernorm_after = (nn.LayerNorm(channels, eps=_EPS) for _ in range(2))
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(channels, 4 * channels))

    def forward(self, hidden: Tensor, camera: Tensor) -> Tensor:
        shift, scale, shift_after, scale_after = self.adaLN_modulation(camera)[:, None].chunk(4, dim=-1)
        seen = self.attention["attention"](self.layernorm_before(hidden) * (1 + scale) + shift)
        hidden = hidden + self.attention["output"]["dense"](seen)
        wide = self.intermediate["dense"](self.layernorm_after(hidden) * (1 + scale_after) + shift_after)
        return hidden + self.output["dense"](functional.gelu(wide))


class _Attention(nn.Module):
    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(channels, channels) for _ in range(3))

    def forward(self, hidden: Tensor) -> Tensor:
        parts = (one(hidden).unflatten(-1, (self.heads, -1)).transpose(1, 2) for one in (self.query, self.key, self.value))
        return functional.scaled_dot_product_attention(*parts).transpose(1, 2).flatten(2)


def _dense(inputs: int, outputs: int) -> nn.ModuleDict:
    """Under the name that the checkpoint has for a layer of its own."""
    return nn.ModuleDict({"dense": nn.Linear(inputs, outputs)})
