"""From the structure's latents to which cells of a grid are occupied: residual convolutions, four times as fine."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import silu

from ..config.sizes import StructureDecoderConfig
from .precision import Torso


class SparseStructureDecoder(Torso):
    """On Macs to be computed on the processor: Conv3d of the MPS backend gives wrong values (ComfyUI's issue 16340)."""

    torso = ("middle_block", "blocks")

    def __init__(self, config: StructureDecoderConfig) -> None:
        super().__init__()
        widths = config.channels
        self.config = config
        self.input_layer = nn.Conv3d(config.latent_channels, widths[0], 3, padding=1)
        self.middle_block = nn.Sequential(*(ResBlock3d(widths[0]) for _ in range(config.num_res_blocks_middle)))
        self.blocks = nn.ModuleList()
        for width, following in pairwise((*widths, 0)):
            self.blocks.extend(ResBlock3d(width) for _ in range(config.num_res_blocks))
            if following:
                self.blocks.append(UpsampleBlock3d(width, following))
        self.out_layer = nn.Sequential(ChannelLayerNorm(widths[-1]), nn.SiLU(), nn.Conv3d(widths[-1], config.out_channels, 3, padding=1))

    def forward(self, latents: Tensor) -> Tensor:
        """(B, latent, R, R, R) float32 to logits (B, out, 4 R, 4 R, 4 R), above 0 where a cell is occupied."""
        h = self.middle_block(self.input_layer(latents).to(self.torso_dtype))
        for block in self.blocks:
            h = block(h)
        return self.out_layer(h.to(latents.dtype))


class ChannelLayerNorm(nn.LayerNorm):
    """Over the channels of (B, C, X, Y, Z), in single precision."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.float().movedim(1, -1)).movedim(-1, 1).to(x.dtype)


class ResBlock3d(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = ChannelLayerNorm(channels), ChannelLayerNorm(channels)
        self.conv1, self.conv2 = (nn.Conv3d(channels, channels, 3, padding=1) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(silu(self.norm2(self.conv1(silu(self.norm1(x))))))


class UpsampleBlock3d(nn.Module):
    """Eight values a channel, which become the cells of a grid twice as fine."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(channels, 8 * out_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        cells = self.conv(x).unflatten(1, (-1, 2, 2, 2))  # (B, C, 2, 2, 2, X, Y, Z)
        return cells.permute(0, 1, 5, 2, 6, 3, 7, 4).flatten(6, 7).flatten(4, 5).flatten(2, 3)
