"""TripoSR from a picture to planes (Tochilkin et al., TripoSR: Fast 3D Object Reconstruction from a Single Image, 2024)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from ....models.loading import build, read_tensors, unfit
from ..config.published import TripoSRConfig, read_config
from .backbone import Transformer, TriplaneTokens, Upsampler
from .field import FieldDecoder
from .image_encoder import ImageEncoder, ViTConfig, vit_config_of

CONFIG, WEIGHTS = "config.yaml", "model.ckpt"
_ENCODER = "image_tokenizer.model."
_UNUSED = "image_tokenizer.model.pooler."  # one vector for the whole picture, which nothing looks at


class _ImageTokenizer(nn.Module):
    def __init__(self, config: ViTConfig) -> None:
        super().__init__()
        self.model = ImageEncoder(config)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.model(pictures)


class TripoSR(nn.Module):
    """All that the published file holds, with its names. The decoder is not called here: it is asked at places, again and again."""

    def __init__(self, config: TripoSRConfig, encoder: ViTConfig) -> None:
        super().__init__()
        self.config = config
        self.image_tokenizer = _ImageTokenizer(encoder)
        self.tokenizer = TriplaneTokens(config.backbone)
        self.backbone = Transformer(config.backbone)
        self.post_processor = Upsampler(config.backbone)
        self.decoder = FieldDecoder(config.decoder)

    def forward(self, pictures: Tensor, on_block: Callable[[int], None] = lambda done: None) -> Tensor:
        """(B, 3, S, S) in 0..1 to planes (B, 3, out, P, P)."""
        context = self.image_tokenizer(pictures)
        tokens = self.backbone(self.tokenizer(len(pictures)), context, on_block)
        return self.post_processor(tokens)


def load(folder: Path) -> TripoSR:
    """On the CPU, in single precision as published. Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT)."""
    config = read_config(folder / CONFIG)
    tensors = {key: tensor for key, tensor in read_tensors(folder / WEIGHTS).items() if not key.startswith(_UNUSED)}
    try:
        encoder = vit_config_of({key.removeprefix(_ENCODER): tensor for key, tensor in tensors.items() if key.startswith(_ENCODER)})
        return build(lambda: TripoSR(config, encoder), tensors, torch.float32)
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # what the file holds are other tensors, or none
        raise unfit(f"{folder}: {type(error).__name__} {error}") from error
