"""Which of a network's numbers are of half precision in the published files: linear layers and convolutions of its torso.

What leads in and out of the torso, the time's embedding, norms and buffers are of single precision, and compute in it.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn

from .sparse.convolution import SparseKernel

_IN_HALF = (nn.Linear, nn.Conv3d, SparseKernel)


class Torso(nn.Module):
    """A network that names the modules of its torso, and computes in those with the type that their weights have."""

    torso: tuple[str, ...] = ()

    @property
    def torso_dtype(self) -> torch.dtype:
        return next(layer.weight.dtype for layer in self._torso_layers())

    def set_torso_dtype(self, dtype: torch.dtype) -> None:
        """float16 as published, bfloat16 where half overflows, float32 for processors. The rest becomes or stays single precision."""
        in_torso = {id(layer) for layer in self._torso_layers()}
        for layer in self.modules():
            if not any(True for _ in layer.children()):
                layer.to(dtype if id(layer) in in_torso else torch.float32)

    def _torso_layers(self) -> Iterator[nn.Module]:
        for name in self.torso:
            yield from (layer for layer in self.get_submodule(name).modules() if isinstance(layer, _IN_HALF))
