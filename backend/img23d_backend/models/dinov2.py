"""DINOv2 as an image encoder (Oquab et al., 2023), with registers (Darcet et al., 2023) or without: transformers' network, the published names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .loading import build, read_tensors
from .settings_file import NOT_FITTING, read_settings

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

# The published files call a layer's parts as transformers 4 does; version 5 has other names, and the gated layer's first
# matrix as two: the upper rows are the gate, the lower ones what is gated.
_PART = re.compile(r"(.*\bencoder\.layer\.\d+)\.(attention\.attention\.(?:query|key|value)|attention\.output\.dense|mlp\.weights_(?:in|out))\.(\w+)")
_TODAY = {
    "attention.attention.query": ("attention.q_proj",),
    "attention.attention.key": ("attention.k_proj",),
    "attention.attention.value": ("attention.v_proj",),
    "attention.output.dense": ("attention.o_proj",),
    "mlp.weights_in": ("mlp.gate_proj", "mlp.up_proj"),
    "mlp.weights_out": ("mlp.down_proj",),
}


@dataclass(frozen=True, kw_only=True)
class Dinov2Folder:
    """`owner` is whose encoder it is, for what an artist is told. Without `has_last_norm` the tokens are those before it."""

    path: Path
    owner: str
    has_registers: bool
    has_last_norm: bool

    def read(self, dtype: torch.dtype) -> nn.Module:
        """On the CPU; gives `last_hidden_state` (B, n, C) of `pixel_values` (B, 3, s, s).

        Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT).
        """
        make = self._maker()
        tensors = named_as_today(read_tensors(self.path / "model.safetensors"))
        model = build(make, tensors, dtype)
        if not self.has_last_norm:
            _leave_out_last_norm(model)
        return model

    def _maker(self) -> Callable[[], nn.Module]:
        from huggingface_hub.errors import StrictDataclassError

        def parse(content: Mapping[str, Any]) -> Callable[[], nn.Module]:
            wanted = "dinov2_with_registers" if self.has_registers else "dinov2"
            if content["model_type"] != wanted or not isinstance(content["image_size"], int):
                raise ValueError(f"{content['model_type']} for pictures of {content['image_size']}")
            return _maker(content, has_registers=self.has_registers)

        return read_settings(self.path / "config.json", f"{self.owner}'s image encoder", parse, (*NOT_FITTING, StrictDataclassError))


def _maker(content: Mapping[str, Any], *, has_registers: bool) -> Callable[[], nn.Module]:
    from transformers import Dinov2Config, Dinov2Model, Dinov2WithRegistersConfig, Dinov2WithRegistersModel

    if has_registers:
        with_registers = Dinov2WithRegistersConfig.from_dict(dict(content))
        return lambda: Dinov2WithRegistersModel(with_registers)
    without = Dinov2Config.from_dict(dict(content))
    return lambda: Dinov2Model(without)


def _leave_out_last_norm(model: nn.Module) -> None:
    from torch import nn

    model.layernorm = nn.Identity()


def named_as_today(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A checkpoint's tensors by the names that the network here has, which stay as they are where a file has them already.

    Nothing is copied: the two halves are views of the whole.
    """
    named = {}
    for key, tensor in tensors.items():
        match = _PART.fullmatch(key)
        if match is None:
            named[key] = tensor
            continue
        parts = _TODAY[match[2]]
        for part, piece in zip(parts, tensor.chunk(len(parts)), strict=True):
            named[f"{match[1]}.{part}.{match[3]}"] = piece
    return named
