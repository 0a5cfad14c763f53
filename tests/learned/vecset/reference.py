"""Weights and inputs that follow from their names, and numbers of the family's own code with them (reference.json tells whose)."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

HEADS = 4
EVERY = 17  # of the numbers, as many as are recorded


def recorded(name: str) -> Tensor:
    return torch.tensor(json.loads((Path(__file__).parent / "reference.json").read_text(encoding="utf-8"))[name])


def picked(numbers: Tensor, count: int) -> Tensor:
    return numbers.detach().flatten()[::EVERY][:count]


def data(name: str, *shape: int) -> Tensor:
    """Even in -1..1."""
    return torch.from_numpy((_drawn(name, shape)).astype(np.float32))


def weights(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """By the published names."""
    return {name: torch.from_numpy(_weight(name, shape).astype(np.float32)) for name, shape in shapes.items()}


def shapes_of(network: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


def _drawn(name: str, shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(zlib.crc32(name.encode())).random(shape) * 2 - 1


def _weight(name: str, shape: tuple[int, ...]) -> np.ndarray:
    drawn = _drawn(name, shape)
    if len(shape) > 1:
        return drawn * (3 / np.prod(shape[1:])) ** 0.5
    return drawn * 0.3 + name.endswith("weight")
