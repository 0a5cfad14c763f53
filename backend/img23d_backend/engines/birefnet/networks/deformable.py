"""Modulated deformable convolution: each tap of the kernel samples at its offset, weighted by its modulation.

X. Zhu et al., Deformable ConvNets v2 (CVPR 2019), equation 1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

# Of the samples held at one time. A 7 x 7 kernel over 256 x 256 places and 64 channels takes 822 MB of them in all.
_CHUNK_BYTES = 64 << 20


def deformable_convolution(picture: Tensor, offset: Tensor, modulation: Tensor, weight: Tensor, *, chunk_bytes: int = _CHUNK_BYTES) -> Tensor:
    """(B, O, H, W): the sum over the taps k of weight[:, :, k] times modulation[k] times the picture at p + k + offset[k].

    `picture` (B, C, H, W); `offset` (B, 2 K, H, W) pixels, down and right in turn for each tap, row by row; `modulation`
    (B, K, H, W); `weight` (O, C, k, k) with an odd k and K = k * k. Stride 1, as large as the picture. Between pixels the
    picture is bilinear, outside of it 0. Places are computed in float32 whatever the picture's type: half precision knows
    places beyond pixel 256 only to a quarter of a pixel.
    """
    batch, channels, height, width = picture.shape
    taps = weight.shape[2] * weight.shape[3]
    sampled = picture.float()
    kernel = weight.reshape(weight.shape[0], channels * taps)  # (O, C K)
    rows = max(1, chunk_bytes // (4 * batch * channels * taps * width))
    parts = []
    for top in range(0, height, rows):
        band = slice(top, top + rows)
        grid = _grid(offset[:, :, band].float(), height, top, weight.shape[2])  # (B, K, h W, 2)
        samples = functional.grid_sample(sampled, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        samples = samples * modulation[:, :, band].float().reshape(batch, 1, taps, -1)  # (B, C, K, h W)
        parts.append(kernel @ samples.reshape(batch, channels * taps, -1).to(kernel.dtype))
    return torch.cat(parts, dim=2).reshape(batch, -1, height, width)


def _grid(offset: Tensor, height: int, top: int, side: int) -> Tensor:
    """(B, K, h W, 2): where the taps sample, x and y, with -1 and 1 at the outer edges of the picture's border pixels.

    `offset` (B, 2 K, h, W) is that of the rows from `top` on.
    """
    batch, _, rows, width = offset.shape
    steps = torch.arange(side, device=offset.device, dtype=offset.dtype) - side // 2
    down, right = (step.reshape(1, -1, 1, 1) for step in torch.meshgrid(steps, steps, indexing="ij"))  # (1, K, 1, 1)
    y = torch.arange(top, top + rows, device=offset.device, dtype=offset.dtype)[:, None] + down + offset[:, 0::2]
    x = torch.arange(width, device=offset.device, dtype=offset.dtype) + right + offset[:, 1::2]  # (B, K, h, W)
    grid = torch.stack([(2 * x + 1) / width - 1, (2 * y + 1) / height - 1], dim=-1)
    return grid.reshape(batch, side * side, rows * width, 2)


class DeformableConv2d(nn.Module):
    """A deformable convolution that finds its offsets and its modulation (0..2) itself, each by a plain convolution."""

    def __init__(self, inward: int, outward: int, side: int) -> None:
        super().__init__()
        padding = side // 2
        self.offset_conv = nn.Conv2d(inward, 2 * side * side, side, padding=padding)
        self.modulator_conv = nn.Conv2d(inward, side * side, side, padding=padding)
        self.regular_conv = nn.Conv2d(inward, outward, side, padding=padding, bias=False)

    def forward(self, x: Tensor) -> Tensor:  # (B, C, H, W) -> (B, O, H, W)
        modulation = 2 * self.modulator_conv(x).sigmoid()
        return deformable_convolution(x, self.offset_conv(x), modulation, self.regular_conv.weight)
