"""The family's networks from their published files, each by itself, so that each can be moved by itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch
    from torch import Tensor, nn

    from .networks.autoencoder import VAEConfig, VecsetVAE

WEIGHTS = "diffusion_pytorch_model.safetensors"
_ENCODER = ("encoder.", "quant.")


class _HasHeads(Protocol):
    @property
    def heads(self) -> int: ...


_Network = TypeVar("_Network", bound="nn.Module")


def load_network(make: Callable[[], _Network], config: _HasHeads, tensors: Mapping[str, Tensor], dtype: torch.dtype) -> _Network:
    """With its heads regrouped, on the CPU. Raises Img23DError(WEIGHTS_UNFIT)."""
    from ..models.loading import build
    from .networks.regrouping import regrouped

    return cast("_Network", build(make, regrouped(tensors, config.heads, dtype), dtype))


def load_vae(path: Path, config: VAEConfig, dtype: torch.dtype, *, has_encoder: bool) -> VecsetVAE:
    """Of a file with both halves. Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, WEIGHTS_UNFIT)."""
    from ..models.loading import read_tensors
    from .networks.autoencoder import VecsetVAE

    tensors = read_tensors(path)
    if not has_encoder:
        tensors = {key: tensor for key, tensor in tensors.items() if not key.startswith(_ENCODER)}
    return load_network(lambda: VecsetVAE(config, has_encoder=has_encoder), config, tensors, dtype)
