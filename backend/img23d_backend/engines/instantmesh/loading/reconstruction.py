"""The reconstruction from its published checkpoint."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from ..networks.reconstruction import Reconstruction, ReconstructionSizes

_PREFIX = "state_dict.lrm_generator."  # a published checkpoint is that of the training, which holds the network and other things
_LAYER = re.compile(r"transformer\.layers\.(\d+)\.")
_IMAGE_LAYER = re.compile(r"encoder\.model\.encoder\.layer\.(\d+)\.")
_HEAD_CHANNELS = 64  # of both kinds of layers


def load_reconstruction(path: Path, dtype: torch.dtype) -> Reconstruction:
    """Of the variant and size that the file holds. Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT)."""
    from ....models.loading import build, read_tensors, unfit
    from ..networks.reconstruction import Reconstruction

    tensors = read_tensors(path, _PREFIX)
    try:
        sizes = sizes_of(tensors)
    except (KeyError, ValueError) as error:
        raise unfit(f"{path}: {type(error).__name__} {error}") from error
    return build(lambda: Reconstruction(sizes), tensors, dtype)


def sizes_of(tensors: Mapping[str, Tensor]) -> ReconstructionSizes:
    """As the tensors have them. Raises KeyError, ValueError."""
    from ..networks.reconstruction import ReconstructionSizes

    _, tokens, channels = tensors["transformer.pos_embed"].shape
    image_channels = tensors["encoder.model.embeddings.cls_token"].shape[-1]
    return ReconstructionSizes(
        layers=_count(_LAYER, tensors),
        features=tensors["transformer.deconv.weight"].shape[1],
        is_mesh="synthesizer.decoder.net_sdf.0.weight" in tensors,
        channels=channels,
        heads=channels // _HEAD_CHANNELS,
        side=round((tokens / 3) ** 0.5),
        image_layers=_count(_IMAGE_LAYER, tensors),
        image_channels=image_channels,
        image_heads=image_channels // _HEAD_CHANNELS,
    )


def _count(pattern: re.Pattern[str], names: Mapping[str, object]) -> int:
    return 1 + max(int(match[1]) for match in map(pattern.match, names) if match)
