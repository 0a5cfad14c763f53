"""The tokens of the picture that both flows look at: DINOv2 with registers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm

from ....models.dinov2 import Dinov2Folder

if TYPE_CHECKING:
    from transformers import Dinov2WithRegistersModel


class ImageEncoder(nn.Module):
    """`side` pixels of a picture's sides; 1,374 tokens at 518: the class's, four registers and those of the patches."""

    def __init__(self, model: Dinov2WithRegistersModel) -> None:
        super().__init__()
        model.layernorm = nn.Identity()  # the flows know the tokens before it
        self.model = model
        self.side = int(model.config.image_size)

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 3, side, side), normalized as ImageNet's, to (B, n, C), each token normalized without gain and shift."""
        tokens = self.model(pixel_values=pictures).last_hidden_state
        return layer_norm(tokens, tokens.shape[-1:])


def load_image_encoder(folder: Path) -> ImageEncoder:
    """On the CPU in single precision, as published: it is small. Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT)."""
    network = Dinov2Folder(path=folder, owner="TRELLIS", has_registers=True, has_last_norm=False).read(torch.float32)
    return ImageEncoder(network)
