"""BiRefNet: a picture to its foreground. P. Zheng et al. (CAAI AIR 2024); github.com/ZhengPeng7/BiRefNet, MIT."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional

from .decoder import Decoder, DecoderBlock, DecoderConfig, resized
from .swin import Swin, SwinBlock, SwinConfig


@dataclass(frozen=True, kw_only=True)
class BiRefNetConfig:
    """The published BiRefNet by default, whose backbone is Swin-L; the lite one differs in the backbone only."""

    backbone: SwinConfig = field(default_factory=SwinConfig)
    inner: int = 64
    parallel: int = 256
    reference: int = 64

    @property
    def features(self) -> tuple[int, ...]:
        """Channels of the encoder's features, deepest first: the backbone runs twice, also on the picture at half its size."""
        return tuple(2 * width for width in reversed(self.backbone.widths))

    @property
    def decoder(self) -> DecoderConfig:
        return DecoderConfig(features=self.features, inner=self.inner, parallel=self.parallel, reference=self.reference)


def config_of(tensors: Mapping[str, Tensor]) -> BiRefNetConfig:
    """The configuration that a checkpoint's shapes tell. Raises KeyError where one is missing."""
    tables = [
        tensors[f"bb.layers.{stage}.blocks.0.attn.relative_position_bias_table"].shape
        for stage in range(_count(tensors, "bb.layers.{}.blocks.0.attn.relative_position_bias_table"))
    ]  # ((2 window - 1)^2, heads) each
    backbone = SwinConfig(
        width=tensors["bb.patch_embed.proj.weight"].shape[0],
        depths=tuple(_count(tensors, f"bb.layers.{stage}.blocks.{{}}.norm1.weight") for stage in range(len(tables))),
        heads=tuple(heads for _, heads in tables),
        window=(math.isqrt(tables[0][0]) + 1) // 2 if tables else 1,
    )
    return BiRefNetConfig(
        backbone=backbone,
        inner=tensors["decoder.decoder_block1.conv_in.weight"].shape[0],
        parallel=tensors["decoder.decoder_block1.dec_att.aspp1.bn.weight"].shape[0],
        reference=tensors["decoder.ipt_blk1.conv1.weight"].shape[0],
    )


def _count(tensors: Mapping[str, Tensor], pattern: str) -> int:
    return next(index for index in itertools.count() if pattern.format(index) not in tensors)


class BiRefNet(nn.Module):
    """Normalised pictures (B, 3, H, W), sides multiples of 32, to the logit of "foreground" (B, 1, H, W).

    At random weights in float32 at most 1.03e-5 away from the reference repository's own code (Swin-L, 1024 x 1024), with
    35% of its memory beside the weights.
    """

    def __init__(self, config: BiRefNetConfig) -> None:
        super().__init__()
        deepest, *others = config.features
        self.bb = Swin(config.backbone)
        self.squeeze_module = nn.Sequential(DecoderBlock(deepest + sum(others), deepest, config.decoder))
        self.decoder = Decoder(config.decoder)

    def forward(self, picture: Tensor) -> Tensor:
        features = self._encoded(picture)
        deepest = features[-1]
        context = [resized(feature, deepest) for feature in features]
        squeezed = self.squeeze_module(torch.cat(context, dim=1))
        return self.decoder(picture, [*features[:-1], squeezed])

    def _encoded(self, picture: Tensor) -> list[Tensor]:
        """Four (B, 2 C, h, w), shallowest first: features of the picture, and of the picture at half its size."""
        size = (picture.shape[2] // 2, picture.shape[3] // 2)
        half = functional.interpolate(picture, size=size, mode="bilinear", align_corners=True)
        pairs = zip(self.bb(picture), self.bb(half), strict=True)
        return [torch.cat([whole, resized(of_half, whole)], dim=1) for whole, of_half in pairs]


@contextlib.contextmanager
def watched(network: BiRefNet, report: Callable[[float], None]) -> Iterator[None]:
    """While it lasts, `report` gets the share of the work that is done (0..1) after each block; what it raises passes."""
    costs: list[float] = []

    def done(module: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        is_again = module in seen  # the backbone's second look is at a quarter of the pixels
        seen.add(module)
        costs.append(1 if is_again else 4)
        report(min(1.0, sum(costs) / total))

    seen: set[nn.Module] = set()
    blocks = [module for module in network.modules() if isinstance(module, SwinBlock | DecoderBlock)]
    total = sum(5 if isinstance(block, SwinBlock) else 4 for block in blocks)
    hooks = [block.register_forward_hook(done) for block in blocks]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
