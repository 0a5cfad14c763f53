"""DINOv2's parameters by the names of its published files and by those that transformers has for them today."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

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
