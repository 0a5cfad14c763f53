"""From structured latents to Gaussians' numbers and to a surface's: a transformer in windows, then what each needs."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, silu

from ..config.sizes import GaussianDecoderConfig, MeshDecoderConfig, SlatDecoderConfig
from ..splats.gaussians import Layout, offset_perturbation
from .layers import FeedForward, LayerNorm, SelfAttention, position_embedding
from .precision import Torso
from .sparse.convolution import SparseConv3d, SubdividingConv3d
from .sparse.normalization import SparseGroupNorm
from .sparse.voxels import Subdivided, Voxels

SURFACE_CHANNELS = 101  # of a cube: 8 distances, 8 × 3 moves of its corners, 21 weights, 8 × 6 colours and normals
_GROUPS = 32
_CHILDREN = 8
_ROWS_AT_ONCE = 1 << 16


class SlatDecoder(Torso):
    """What both decoders begin with."""

    torso: tuple[str, ...] = ("blocks",)

    def __init__(self, config: SlatDecoderConfig) -> None:
        super().__init__()
        width = config.model_channels
        self.input_layer = nn.Linear(config.latent_channels, width)
        self.blocks = nn.ModuleList(
            WindowBlock(width, config.num_heads, config.mlp_ratio, size=config.window_size, shift=config.window_size // 2 * (number % 2))
            for number in range(config.num_blocks)
        )

    def trunk(self, latents: Tensor, voxels: Voxels) -> Tensor:
        """(N, latent) to (N, C)."""
        h = self.input_layer(latents)
        h = (h + position_embedding(voxels.coords, h.shape[1])).to(self.torso_dtype)
        for block in self.blocks:
            h = block(h, voxels)
        return h


class WindowBlock(nn.Module):
    """Attention among the voxels of a cube of `size` cells, the cubes moved by `shift`; feed-forward."""

    def __init__(self, channels: int, heads: int, ratio: float, *, size: int, shift: int) -> None:
        super().__init__()
        self.size, self.shift = size, shift
        self.norm1, self.norm2 = (LayerNorm(channels, affine=False) for _ in range(2))
        self.attn = SelfAttention(channels, heads, qk_rms_norm=False)
        self.mlp = FeedForward(channels, ratio)

    def forward(self, h: Tensor, voxels: Voxels) -> Tensor:
        h = h + self.attn.in_windows(self.norm1(h), voxels, size=self.size, shift=self.shift)
        return h + self.mlp(self.norm2(h))


class SLatGaussianDecoder(SlatDecoder):
    """`gaussians.gaussians_of` makes Gaussians of its numbers."""

    def __init__(self, config: GaussianDecoderConfig) -> None:
        super().__init__(config)
        self.config = config
        channels = Layout.of(config.gaussians.num_gaussians).channels
        self.out_layer = nn.Linear(config.model_channels, channels)
        offsets = torch.from_numpy(offset_perturbation(config.gaussians))
        self.register_buffer("offset_perturbation", offsets)  # (G, 3), in the file as well

    def forward(self, latents: Tensor, voxels: Voxels) -> Tensor:
        """Structured latents (N, latent) float32 to (N, channels of the layout)."""
        h = self.trunk(latents, voxels).to(latents.dtype)
        return self.out_layer(layer_norm(h, h.shape[-1:]))


class SparseSubdivideBlock3d(nn.Module):
    """Values of voxels to values of their children, each layer before the subdivision taken once a parent."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.act_layers = nn.Sequential(SparseGroupNorm(_GROUPS, channels), nn.SiLU())
        self.out_layers = nn.ModuleList([  # numbered as published
            SubdividingConv3d(channels, out_channels, 3), SparseGroupNorm(_GROUPS, out_channels), nn.SiLU(), SparseConv3d(out_channels, out_channels, 3),
        ])  # fmt: skip
        self.skip_connection = SparseConv3d(channels, out_channels, 1)

    def forward(self, x: Tensor, voxels: Voxels) -> Tensor:
        """(N, C) to (8 N, out)."""
        subdividing, norm, _, convolution = self.out_layers
        h = subdividing(self.act_layers(x), voxels)
        h = convolution(silu(norm(h), inplace=True), voxels.subdivided)
        skip = self.skip_connection(x, voxels)
        return h.unflatten(0, (len(skip), _CHILDREN)).add_(skip[:, None]).flatten(0, 1)


class SLatMeshDecoder(SlatDecoder):
    """`flexicubes` makes a surface of its numbers, `SURFACE_CHANNELS` a cube."""

    torso = ("blocks", "upsample")

    def __init__(self, config: MeshDecoderConfig) -> None:
        super().__init__(config)
        width = config.model_channels
        self.config = config
        self.upsample = nn.ModuleList([SparseSubdivideBlock3d(width, width // 4), SparseSubdivideBlock3d(width // 4, width // 8)])
        self.out_layer = nn.Linear(width // 8, SURFACE_CHANNELS)

    def forward(self, latents: Tensor, voxels: Voxels) -> tuple[Tensor, Subdivided]:
        """Structured latents (N, latent) float32 to the torso's values (64 N, C / 8), and the cubes that they are of, in a grid four times as fine.

        `surface_numbers` takes the last layer, a part at a time: all its numbers at once are 404 bytes a cube.
        """
        h = self.trunk(latents, voxels)
        for block in self.upsample:
            h, voxels = block(h, voxels), voxels.subdivided
        return h, voxels  # pyright: ignore[reportReturnType]

    def surface_numbers(self, values: Tensor) -> Iterator[tuple[slice, Tensor]]:
        """Rows of the cubes and their numbers (R, 101) float32, part by part."""
        for start in range(0, len(values), _ROWS_AT_ONCE):
            part = slice(start, min(start + _ROWS_AT_ONCE, len(values)))
            yield part, self.out_layer(values[part].to(self.out_layer.weight.dtype))
