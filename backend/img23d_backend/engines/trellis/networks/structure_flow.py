"""The flow that makes a thing's structure: a diffusion transformer over a dense grid of latents."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm

from ..config.sizes import StructureFlowConfig
from .layers import ModulatedCrossBlock, TimestepEmbedder, position_embedding
from .precision import Torso


class SparseStructureFlowModel(Torso):
    """Each cell of the grid is a token: the published network has patches of one cell."""

    torso = ("blocks",)

    def __init__(self, config: StructureFlowConfig) -> None:
        super().__init__()
        width = config.model_channels
        self.config = config
        self.t_embedder = TimestepEmbedder(width)
        cells = torch.cartesian_prod(*[torch.arange(config.resolution)] * 3)
        self.register_buffer("pos_emb", position_embedding(cells, width))  # (L, C)
        self.input_layer = nn.Linear(config.in_channels, width)
        self.blocks = nn.ModuleList(
            ModulatedCrossBlock(width, config.cond_channels, config.num_heads, config.mlp_ratio, qk_rms_norm=config.qk_rms_norm)
            for _ in range(config.num_blocks)
        )
        self.out_layer = nn.Linear(width, config.out_channels)

    def forward(self, latents: Tensor, t: Tensor, context: Tensor, *, guided: bool = False) -> Tensor:
        """The flow at time `t` (1,) in 0..1000 (noise at 1000): latents (B, in, R, R, R) float32 to (B, out, R, R, R).

        `context` (B, n, C) are the picture's tokens; `guided` gives (2, B, out, R, R, R), the second without a picture.
        """
        dtype = self.torso_dtype
        context, time = context.to(dtype), self.t_embedder(t).to(dtype)
        h = self.input_layer(latents.flatten(2).transpose(1, 2)) + self.pos_emb  # (B, L, C)
        h = h.to(dtype)
        for block in self.blocks:
            h = block(h, time, context, guided=guided)
        h = self.out_layer(layer_norm(h.to(latents.dtype), h.shape[-1:]))
        flows = h.transpose(1, 2).unflatten(2, latents.shape[2:])
        return flows.unflatten(0, (2, -1)) if guided else flows
