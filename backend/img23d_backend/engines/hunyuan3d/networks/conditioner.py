"""The image encoder of the shape model: DINOv2's tokens of the recentred picture, with hy3dgen's parameter names.

hy3dgen's own file imports torchvision for three transforms of tensors; they are written out here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from transformers import Dinov2Config, Dinov2Model

_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's


class DinoImageEncoder(nn.Module):
    """`config` and the other keywords are those of config.yaml."""

    def __init__(self, *, config: Mapping[str, object], image_size: int, use_cls_token: bool = True, **_: object) -> None:
        super().__init__()
        self.model = Dinov2Model(Dinov2Config.from_dict(dict(config)))
        self.image_size = image_size
        self.use_cls_token = use_cls_token

    def forward(self, pictures: Tensor, views: Sequence[int] = (0,)) -> Tensor:
        """(B, 3, S, S) float32, -1..1, to (B, tokens, C). This encoder knows one view of a thing only."""
        pictures = _resized((pictures + 1) / 2, self.image_size)
        mean, deviation = (pictures.new_tensor(values)[:, None, None] for values in (_MEAN, _DEVIATION))
        pixels = ((pictures - mean) / deviation).to(self.model.dtype)
        tokens = self.model(pixels).last_hidden_state
        return tokens if self.use_cls_token else tokens[:, 1:]


class DinoImageEncoderMV(DinoImageEncoder):
    """The multiview model's: each view's tokens get the view's number added as sines, and follow those of the view before."""

    def forward(self, pictures: Tensor, views: Sequence[int] = (0,)) -> Tensor:
        """(B * V, 3, S, S), all views of the first thing first, to (B, V * tokens, C); `views` are the V numbers."""
        tokens = super().forward(pictures)
        width = tokens.shape[-1]
        numbers = torch.stack([view_embedding(width, view) for view in views]).to(tokens)  # (V, C)
        return (tokens.unflatten(0, (-1, len(views))) + numbers[:, None]).flatten(1, 2)


class ImageEncoder(nn.Module):
    """The level above, which the parameters' names have: `main_image_encoder.model.…`."""

    def __init__(self, *, main_image_encoder: Mapping[str, Any]) -> None:
        super().__init__()
        kinds = {"DinoImageEncoder": DinoImageEncoder, "DinoImageEncoderMV": DinoImageEncoderMV}
        self.main_image_encoder = kinds[str(main_image_encoder["type"])](**main_image_encoder["kwargs"])

    def forward(self, pictures: Tensor, views: Sequence[int] = (0,)) -> Tensor:
        return self.main_image_encoder(pictures, views)


def view_embedding(channels: int, view: int) -> Tensor:
    """(C,) sines, then cosines, of the view's number at C / 2 frequencies from 1 down to 1 / 10,000."""
    frequencies = 10_000.0 ** -(torch.arange(channels // 2, dtype=torch.float64) / (channels / 2))
    return torch.cat((torch.sin(view * frequencies), torch.cos(view * frequencies))).float()


def _resized(pictures: Tensor, size: int) -> Tensor:
    """Bilinear with antialiasing, as torchvision does it to tensors."""
    if pictures.shape[-1] == size:
        return pictures
    return interpolate(pictures, size=(size, size), mode="bilinear", antialias=True, align_corners=False)
