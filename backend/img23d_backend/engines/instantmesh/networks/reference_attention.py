"""Reference attention (Zhang, 2023; Shi et al., 2023): what a network attends to of itself while it looks at the picture, its layers
attend to again while they draw.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from torch.nn import functional

if TYPE_CHECKING:
    from diffusers import UNet2DConditionModel
    from diffusers.models.attention_processor import Attention
    from torch import Tensor

_SELF = "attn1.processor"


class ReferenceAttention:
    """A processor of diffusers' attention layers. `looking` and `drawing` say what a pass of the network is."""

    def __init__(self) -> None:
        self._seen: dict[int, Tensor] = {}
        self._is_looking = self._is_drawing = False

    def give_to(self, network: UNet2DConditionModel) -> None:
        """All layers of `network` in which it attends to itself take this one."""
        network.set_attn_processor({name: self if name.endswith(_SELF) else one for name, one in network.attn_processors.items()})

    @contextmanager
    def looking(self) -> Iterator[None]:
        """What each layer sees is kept."""
        self._is_looking = True
        try:
            yield
        finally:
            self._is_looking = False

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Each layer attends to what it saw as well, which is given back."""
        self._is_drawing = True
        try:
            yield
        finally:
            self._is_drawing = False
            self._seen.clear()

    def __call__(self, attention: Attention, hidden: Tensor, *_args: object, **_options: object) -> Tensor:
        """(B, L, C) to the same."""
        import torch

        around = torch.cat((hidden, self._seen.pop(id(attention))), dim=1) if self._is_drawing else hidden
        if self._is_looking:
            self._seen[id(attention)] = hidden
        layers = ((attention.to_q, hidden), (attention.to_k, around), (attention.to_v, around))
        heads = (layer(values).unflatten(-1, (attention.heads, -1)).transpose(1, 2) for layer, values in layers)
        mixed = functional.scaled_dot_product_attention(*heads).transpose(1, 2).flatten(2)
        return attention.to_out[1](attention.to_out[0](mixed))
