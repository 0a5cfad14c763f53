"""The tokens of the picture that both flows look at: DINOv2 with registers (Oquab et al., 2023; Darcet et al., 2023)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import layer_norm

from img23d_protocol import ErrorCode, Img23DError

from ....models.dinov2_names import named_as_today
from ....models.loading import build, damaged, read_tensors, unfit

if TYPE_CHECKING:
    from transformers import Dinov2WithRegistersConfig, Dinov2WithRegistersModel


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
    from transformers import Dinov2WithRegistersModel

    config = _config(folder)
    tensors = named_as_today(read_tensors(folder / "model.safetensors"))
    return ImageEncoder(build(lambda: Dinov2WithRegistersModel(config), tensors, torch.float32))


def _config(folder: Path) -> Dinov2WithRegistersConfig:
    from huggingface_hub.errors import StrictDataclassError
    from transformers import Dinov2WithRegistersConfig

    path = folder / "config.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["model_type"] != "dinov2_with_registers" or not isinstance(content["image_size"], int):
            raise ValueError(f"{content['model_type']} for pictures of {content['image_size']}")
        return Dinov2WithRegistersConfig.from_dict(content)
    except FileNotFoundError as error:
        sentence = f"{path.name} of TRELLIS's image encoder is missing: download it again under AI Models."
        raise Img23DError(ErrorCode.WEIGHTS_MISSING, sentence, str(path)) from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise damaged("a file of its settings cannot be read", f"{path}: {error}") from error
    except (KeyError, TypeError, ValueError, StrictDataclassError) as error:
        raise unfit(f"{path}: {type(error).__name__} {error}") from error
