"""What the sampler is told of pictures: the image encoder's tokens before its last norm.

In place of a picture that is not there stands a black one. Its tokens are kept in a file, so that parts of a mesh alone are made
without the encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from img23d_protocol.options.parts.autopartgen import PICTURE_ENCODER

from ....models.kept_tensor import KeptTensor
from ....stages import CutOut
from ....weights.record import recorded_digest
from ..loading.plan import PartsPlan
from .maker import Computing, Looks
from .pictures import black, normalized, part_picture, whole_picture

if TYPE_CHECKING:
    from torch import Tensor

    from ....models.store import ModelStore
    from ....weights.store import WeightStore

KEPT_NAME = ".black-picture.safetensors"  # a name with a dot is no part of a set
_WEIGHTS = "model.safetensors"
_WORKING = 1029 * 1024 * 12 * 4  # bytes: a block's hidden values and their neighbours


def look(computing: Computing, weights: WeightStore, cutout: CutOut | None, mask: np.ndarray | None, values: Sequence[int]) -> Looks:
    """`mask` lies over the cut-out, and `values` are those of its parts in their order. Raises Img23DError(EMPTY_CUTOUT)."""
    pictures: list[np.ndarray] = []
    if cutout is not None:
        pictures.append(whole_picture(cutout.rgba))
        if mask is not None:
            pictures += [part_picture(cutout.rgba, mask == value) for value in values]
    folder = weights.folder / PICTURE_ENCODER
    kept = KeptTensor(path=folder / KEPT_NAME, name="tokens", made_with="encoder")
    digest = recorded_digest(folder, _WEIGHTS)
    nothing = kept.read(digest) if digest else None
    tokens = _tokens(computing, pictures if nothing is not None else [*pictures, black()])
    if nothing is None:
        nothing = tokens.pop()
        if digest:
            kept.keep(nothing, digest)
    return Looks(black=nothing, whole=tokens[0] if tokens else None, parts=tuple(tokens[1:]))


def _tokens(computing: Computing, pictures: Sequence[np.ndarray]) -> list[Tensor]:
    """(1, 1029, C) float32 of each, on the processor."""
    if not pictures:
        return []
    import torch

    def work(plan: PartsPlan, models: ModelStore) -> list[Tensor]:
        device = plan.device.torch_name
        with plan.on_device(plan.encoder, models, _WORKING) as encoder, torch.inference_mode():
            return [encoder(pixel_values=normalized(one).to(device)).last_hidden_state.float().cpu() for one in pictures]

    return computing.run(work)
