"""BiRefNet's decoder: from the deepest features back to the picture's size, with the picture itself put in at every size.

P. Zheng et al., Bilateral Reference for High-Resolution Dichotomous Image Segmentation (CAAI AIR 2024);
github.com/ZhengPeng7/BiRefNet. The branches that only its training looks at are kept, because the checkpoints hold them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .deformable import DeformableConv2d

_EDGE_WIDTH = 16  # channels of the branch that tells where edges are
_KERNELS = (1, 3, 7)  # of the parallel deformable convolutions


@dataclass(frozen=True, kw_only=True)
class DecoderConfig:
    """`features` are the encoder's channels, deepest first. The published checkpoints have the defaults."""

    features: tuple[int, ...] = (3072, 1536, 768, 384)
    inner: int = 64  # channels inside a decoder block
    parallel: int = 256  # channels of each parallel convolution
    reference: int = 64  # channels inside the blocks that put the picture in


class DeformableBranch(nn.Module):
    def __init__(self, inward: int, outward: int, side: int) -> None:
        super().__init__()
        self.atrous_conv = DeformableConv2d(inward, outward, side)
        self.bn = nn.BatchNorm2d(outward)

    def forward(self, x: Tensor) -> Tensor:
        return self.bn(self.atrous_conv(x)).relu()


class ASPPDeformable(nn.Module):
    """Deformable convolutions of several sizes side by side, and the mean of the whole; (B, C, H, W) to the same.

    `conv1` mixes all of them; it is applied to one after the other and summed, because side by side they would take 335 MB
    (half precision: 168 MB) of a 1024 x 1024 picture, twice.
    """

    def __init__(self, channels: int, parallel: int) -> None:
        super().__init__()
        self.aspp1 = DeformableBranch(channels, parallel, 1)
        self.aspp_deforms = nn.ModuleList(DeformableBranch(channels, parallel, side) for side in _KERNELS)
        self.global_avg_pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, parallel, 1, bias=False), nn.BatchNorm2d(parallel), nn.ReLU())
        self.conv1 = nn.Conv2d(parallel * (2 + len(_KERNELS)), channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        mixed = torch.zeros_like(x)
        branches = (self.aspp1, *self.aspp_deforms, self.global_avg_pool)
        for branch, weight in zip(branches, self.conv1.weight.chunk(len(branches), dim=1), strict=True):
            mixed = mixed + functional.conv2d(branch(x), weight)  # the mean is one pixel, the same for all
        return self.bn1(mixed).relu()


class DecoderBlock(nn.Module):
    def __init__(self, inward: int, outward: int, config: DecoderConfig) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(inward, config.inner, 3, padding=1)
        self.bn_in = nn.BatchNorm2d(config.inner)
        self.dec_att = ASPPDeformable(config.inner, config.parallel)
        self.conv_out = nn.Conv2d(config.inner, outward, 3, padding=1)
        self.bn_out = nn.BatchNorm2d(outward)

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn_in(self.conv_in(x)).relu()
        return self.bn_out(self.conv_out(self.dec_att(x)))


class LateralBlock(nn.Module):
    def __init__(self, inward: int, outward: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inward, outward, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class InwardReference(nn.Module):
    """The picture, folded to a size of the decoder, as some channels beside the features."""

    def __init__(self, inward: int, outward: int, inner: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inward, inner, 3, padding=1)
        self.conv_out = nn.Conv2d(inner, outward, 3, padding=1)

    def forward(self, folded: Tensor) -> Tensor:
        return self.conv_out(self.conv1(folded))


class Decoder(nn.Module):
    """The picture (B, 3, H, W) and its features, shallowest first, to the logit of "foreground" (B, 1, H, W)."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        deep = config.features
        out = (*deep[1:], deep[-1] // 2)  # of decoder_block4 to decoder_block1
        put_in = tuple(width // 8 for width in deep)
        for number, scale, width in zip((5, 4, 3, 2, 1), (32, 16, 8, 4, 1), (put_in[0], *put_in), strict=True):
            self.add_module(f"ipt_blk{number}", InwardReference(3 * scale**2, width, config.reference))
        for number, inward, extra, outward in zip((4, 3, 2, 1), deep, (put_in[0], *put_in), out, strict=False):
            self.add_module(f"decoder_block{number}", DecoderBlock(inward + extra, outward, config))
        for number, width in zip((4, 3, 2), out, strict=False):
            self.add_module(f"lateral_block{number}", LateralBlock(width, width))
            self.add_module(f"conv_ms_spvn_{number}", nn.Conv2d(width, 1, 1))  # training only
            edges = nn.Sequential(nn.Conv2d(width, _EDGE_WIDTH, 3, padding=1), nn.BatchNorm2d(_EDGE_WIDTH), nn.ReLU())
            self.add_module(f"gdt_convs_{number}", edges)
            self.add_module(f"gdt_convs_pred_{number}", nn.Sequential(nn.Conv2d(_EDGE_WIDTH, 1, 1)))  # training only
            self.add_module(f"gdt_convs_attn_{number}", nn.Sequential(nn.Conv2d(_EDGE_WIDTH, 1, 1)))
        self.conv_out1 = nn.Sequential(nn.Conv2d(out[3] + put_in[3], 1, 1))

    def forward(self, picture: Tensor, features: list[Tensor]) -> Tensor:
        x = features[3]
        for number, skipped in zip((4, 3, 2), reversed(features[:3]), strict=True):
            x = self._decoded(number, picture, x)
            edges = self.get_submodule(f"gdt_convs_{number}")(x)
            x = x * self.get_submodule(f"gdt_convs_attn_{number}")(edges).sigmoid()
            x = resized(x, skipped) + self.get_submodule(f"lateral_block{number}")(skipped)
        return self._out(picture, self._decoded(1, picture, x))

    def _decoded(self, number: int, picture: Tensor, x: Tensor) -> Tensor:
        reference = self.get_submodule(f"ipt_blk{number + 1}")(folded(picture, x))
        return self.get_submodule(f"decoder_block{number}")(torch.cat([x, reference], dim=1))

    def _out(self, picture: Tensor, x: Tensor) -> Tensor:
        """`conv_out1` of x at the picture's size beside `ipt_blk1` of the picture, without ever making those channels.

        A 1 x 1 convolution gives the same before and after a bilinear resize, and can be multiplied into the 3 x 3 one
        before it. That saves 30 GMAC and 1 GB (half precision) of a 1024 x 1024 picture.
        """
        last, block = self.conv_out1[0], self.ipt_blk1
        of_x, of_picture = last.weight.split([x.shape[1], block.conv_out.out_channels], dim=1)  # (1, C, 1, 1)
        weight = torch.einsum("oc,cihw->oihw", of_picture[..., 0, 0], block.conv_out.weight)
        bias = last.bias + of_picture[..., 0, 0] @ block.conv_out.bias
        shallow = functional.conv2d(block.conv1(picture), weight, bias, padding=1)
        return shallow + resized(functional.conv2d(x, of_x), picture)


def resized(x: Tensor, like: Tensor) -> Tensor:
    """(B, C, h, w) at the height and width of `like`, corner pixels on corner pixels."""
    if x.shape[2:] == like.shape[2:]:
        return x
    return functional.interpolate(x, size=like.shape[2:], mode="bilinear", align_corners=True)


def folded(picture: Tensor, like: Tensor) -> Tensor:
    """(B, 3, H, W) cut into tiles as large as `like` (h, w), laid over each other: (B, 3 * tiles, h, w)."""
    batch, _, height, width = picture.shape
    h, w = like.shape[2:]
    tiles = picture.reshape(batch, 3, height // h, h, width // w, w)
    return tiles.permute(0, 1, 2, 4, 3, 5).reshape(batch, -1, h, w)
