"""Linear layers that take less: weights in 8 bits with a scale a row, and additions of low rank beside weights that stay as they are.

Both leave a layer's inputs and outputs as they were, on every device that multiplies in the networks' own precision. 8 bits: the largest of a
row's weights becomes 127 (Dettmers et al., LLM.int8(), 2022, section 2). Low rank: y = W x + b + s U (D x) (Hu et al., LoRA, 2022).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .loading import parameters_without_memory

if TYPE_CHECKING:
    from torch import Tensor, nn

_MOST = 127  # of 8 bits with a sign
_LEAST_SCALE = 1e-12  # of a row of zeros
_LEAST_WEIGHTS = 1 << 14  # of a layer; smaller ones are not worth it


@dataclass(frozen=True, kw_only=True)
class Addition:
    """`down` (r, in), `up` (out, r), which takes the scale in."""

    down: Tensor
    up: Tensor


def lean(
    make: Callable[[], nn.Module], tensors: Mapping[str, Tensor], *, eight_bits: bool = False, additions: Mapping[str, Addition] | None = None
) -> tuple[Callable[[], nn.Module], dict[str, Tensor]]:
    """What builds the network with such layers, and its tensors, for `loading.build`. `additions` go by the names of layers."""
    additions = additions or {}
    found = dict(tensors)
    if eight_bits:
        with parameters_without_memory():  # in 32 bits and filled with random numbers it is more than most machines have
            network = make()
        for name in _large_layers(network, found):
            weight = found.pop(f"{name}.weight")
            found[f"{name}.weight"], found[f"{name}.scale"] = in_eight_bits(weight)
    for name, one in additions.items():
        found |= {f"{name}.down": one.down, f"{name}.up": one.up}

    def make_lean() -> nn.Module:
        network = make()
        for name, layer in _linears(network):
            is_small = f"{name}.scale" in found
            if is_small or name in additions:
                rank = len(additions[name].down) if name in additions else 0
                _put(network, name, _layer(layer, eight_bits=is_small, rank=rank))
        return network

    return make_lean, found


def in_eight_bits(weight: Tensor) -> tuple[Tensor, Tensor]:
    """(out, in) to (out, in) int8 and (out, 1) float32."""
    import torch

    wide = weight.float()
    scale = (wide.abs().amax(dim=1, keepdim=True) / _MOST).clamp(min=_LEAST_SCALE)
    return (wide / scale).round().clamp(-_MOST, _MOST).to(torch.int8), scale


def _large_layers(network: nn.Module, tensors: Mapping[str, Tensor]) -> list[str]:
    return [name for name, _ in _linears(network) if f"{name}.weight" in tensors and tensors[f"{name}.weight"].numel() >= _LEAST_WEIGHTS]


def _linears(network: nn.Module) -> Iterable[tuple[str, nn.Linear]]:
    from torch import nn

    return [(name, layer) for name, layer in network.named_modules() if type(layer) is nn.Linear]


def _put(network: nn.Module, name: str, layer: nn.Module) -> None:
    parent, _, last = name.rpartition(".")
    setattr(network.get_submodule(parent), last, layer)


def _layer(linear: nn.Linear, *, eight_bits: bool, rank: int) -> nn.Module:
    """As `build` fills it: parameters without memory."""
    import torch
    from torch import nn
    from torch.nn.functional import linear as product

    class LeanLinear(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            kind = torch.int8 if eight_bits else linear.weight.dtype
            shapes: dict[str, tuple[int, ...]] = {"weight": (linear.out_features, linear.in_features)}
            shapes |= {"scale": (linear.out_features, 1)} if eight_bits else {}
            shapes |= {"bias": (linear.out_features,)} if linear.bias is not None else {}
            shapes |= {"down": (rank, linear.in_features), "up": (linear.out_features, rank)} if rank else {}
            for name, shape in shapes.items():
                own = torch.empty(shape, dtype=kind if name == "weight" else linear.weight.dtype, device="meta")
                self.register_parameter(name, nn.Parameter(own, requires_grad=False))
            self.in_features, self.out_features = linear.in_features, linear.out_features

        def forward(self, x: Tensor) -> Tensor:
            weight = self.weight.to(x.dtype) * self.scale.to(x.dtype) if eight_bits else self.weight
            y = product(x, weight, getattr(self, "bias", None))
            return y + product(product(x, self.down), self.up) if rank else y

    return LeanLinear()
