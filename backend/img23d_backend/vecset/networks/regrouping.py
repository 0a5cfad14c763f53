"""The published weights of queries, keys and values by the heads that they are of.

The family's attention joins queries, keys and values (in an attention to a context, keys and values) to one vector and cuts that
into heads before it cuts each head into its parts. The rows that a head's parts come from are therefore spread over the three
matrices. Put in another order once, they give the same with plain attention.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

_AMONG_THEMSELVES = ".attn1."  # the only attention of this name is that of tokens among themselves
_ENDING = "to_v.weight"


def regrouped(tensors: Mapping[str, Tensor], heads: int, dtype: torch.dtype | None = None) -> dict[str, Tensor]:
    """All tensors, those of the attentions in the order that plain attention takes, floating-point ones in `dtype` where it is given.

    One attention after the other, so that no more than one is in memory twice.
    """
    named = {key: tensor.to(dtype) if dtype is not None and tensor.is_floating_point() else tensor for key, tensor in tensors.items()}
    for names in _joined(named):
        parts = [named[name] for name in names]
        rows = torch.cat(parts).unflatten(0, (heads, len(parts), -1))  # (H, parts, D, C)
        named |= {name: rows[:, part].flatten(0, 1) for part, name in enumerate(names)}
    return named


def _joined(tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, ...]]:
    """The names of what each attention joins, as far as they are there: a file that lacks one is told by the strict loading."""
    for key in tensors:
        if key.endswith(_ENDING):
            prefix = key.removesuffix(_ENDING)
            parts = "qkv" if _AMONG_THEMSELVES in f".{prefix}" else "kv"
            names = tuple(f"{prefix}to_{part}.weight" for part in parts)
            if all(name in tensors for name in names):
                yield names
