"""A cut-out's tokens, which the family's networks look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..models.load_plan import LoadPlan, Network
from .picture import PictureConfig, on_white

if TYPE_CHECKING:
    from torch import Tensor

    from ..models.store import ModelStore

_VALUES = 12  # per token and channel that are in memory at once: a block's hidden values and their neighbours
_BYTES = 257 * 1024 * 4 * _VALUES  # of 257 tokens of 1,024 channels


def picture_tokens(rgba: np.ndarray, picture: PictureConfig, encoder: Network, plan: LoadPlan, models: ModelStore) -> Tensor:
    """(h, w, 4) uint8 to (1, n, C), on the CPU. Raises Img23DError(EMPTY_CUTOUT)."""
    import torch

    pixels = torch.from_numpy(picture.pixels(on_white(rgba)))[None]
    with plan.on_device(encoder, models, _BYTES) as network, torch.inference_mode():
        return network(pixel_values=pixels.to(plan.device.torch_name, plan.dtype)).last_hidden_state.cpu()
