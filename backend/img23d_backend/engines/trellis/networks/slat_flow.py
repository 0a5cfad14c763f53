"""The flow that gives a structure's voxels their latents: a transformer over voxels of half the resolution, between convolutions."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm, silu

from ..config.sizes import SlatFlowConfig
from .layers import LayerNorm, ModulatedCrossBlock, TimestepEmbedder, modulated, position_embedding
from .precision import Torso
from .sparse.convolution import SparseConv3d
from .sparse.voxels import Voxels, downsample, upsample


class SLatFlowModel(Torso):
    """The convolutions before the transformer know nothing of the picture: a guided step takes them once."""

    torso = ("input_blocks", "blocks", "out_blocks")

    def __init__(self, config: SlatFlowConfig) -> None:
        super().__init__()
        width, finer = config.model_channels, config.io_block_channels
        same = config.num_io_res_blocks - 1  # blocks of a resolution beside the one that changes it
        self.config = config
        self.t_embedder = TimestepEmbedder(width)
        self.input_layer = nn.Linear(config.in_channels, finer[0])
        self.input_blocks = nn.ModuleList()
        self.out_blocks = nn.ModuleList()
        for channels, coarser in pairwise((*finer, width)):
            self.input_blocks.extend(SparseResBlock3d(channels, channels, width) for _ in range(same))
            self.input_blocks.append(SparseResBlock3d(channels, coarser, width, direction="down"))
        for channels, coarser in reversed(list(pairwise((*finer, width)))):  # beside each block's values those of its counterpart
            self.out_blocks.append(SparseResBlock3d(2 * coarser, channels, width, direction="up"))
            self.out_blocks.extend(SparseResBlock3d(2 * channels, channels, width) for _ in range(same))
        self.blocks = nn.ModuleList(
            ModulatedCrossBlock(width, config.cond_channels, config.num_heads, config.mlp_ratio, qk_rms_norm=config.qk_rms_norm)
            for _ in range(config.num_blocks)
        )
        self.out_layer = nn.Linear(finer[0], config.out_channels)

    def forward(self, latents: Tensor, t: Tensor, context: Tensor, voxels: Voxels, *, guided: bool = False) -> Tensor:
        """The flow at time `t` (1,) in 0..1000 (noise at 1000): latents (N, in) float32 of one thing's voxels to (N, out).

        `context` (1, n, C) are the picture's tokens; `guided` gives (2, N, out), the second without a picture.
        """
        dtype = self.torso_dtype
        context, time = context.to(dtype), self.t_embedder(t).to(dtype)
        h, skips, sets = self.input_layer(latents).to(dtype), [], [voxels]
        for block in self.input_blocks:
            h = block(h, time, sets[-1])
            skips.append(h)
            if block.direction == "down":
                sets.append(sets[-1].halved.voxels)
        h = h + position_embedding(sets[-1].coords, h.shape[1]).to(dtype)
        h = h[None]  # (1, M, C)
        for block in self.blocks:
            h = block(h, time, context, guided=guided)
        flows = torch.stack([self._leave(half, time, skips, sets).to(latents.dtype) for half in h])
        return flows if guided else flows[0]

    def _leave(self, h: Tensor, time: Tensor, skips: list[Tensor], sets: list[Voxels]) -> Tensor:
        """One half, (M, C) to (N, out)."""
        level = len(sets) - 1
        for block, skip in zip(self.out_blocks, reversed(skips), strict=True):
            if block.direction == "up":
                level -= 1
            h = block(torch.cat((h, skip), dim=1), time, sets[level])
        return self.out_layer(layer_norm(h, h.shape[-1:]).to(self.out_layer.weight.dtype))


class SparseResBlock3d(nn.Module):
    """Two convolutions, the second modulated by the time. `direction` "down" halves the voxels first, "up" takes it back."""

    def __init__(self, channels: int, out_channels: int, time_channels: int, *, direction: str = "") -> None:
        super().__init__()
        self.direction = direction
        self.norm1 = LayerNorm(channels, affine=True)
        self.conv1 = SparseConv3d(channels, out_channels, 3)
        self.conv2 = SparseConv3d(out_channels, out_channels, 3)
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(time_channels, 2 * out_channels))
        self.skip_connection = nn.Linear(channels, out_channels) if channels != out_channels else nn.Identity()

    def forward(self, x: Tensor, time: Tensor, voxels: Voxels) -> Tensor:
        """`voxels` are the finer ones: those that come in where it halves, those that go out where it takes that back."""
        if self.direction == "down":
            x, voxels = downsample(x, voxels.halved), voxels.halved.voxels
        elif self.direction == "up":
            x = upsample(x, voxels.halved)
        scale, shift = self.emb_layers(time).chunk(2, dim=1)  # (1, out) each
        h = self.conv1(silu(self.norm1(x)), voxels)
        h = self.conv2(silu(modulated(h, shift, scale)), voxels)
        return h + self.skip_connection(x)
