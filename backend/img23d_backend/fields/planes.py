"""What three planes of features hold, asked at places: the large reconstruction models' form of a field (Hong et al., LRM, 2024)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor, nn

    from ..machine.devices import Device

    Answer = Callable[[nn.Module, Tensor, Tensor], Tensor]  # of a network, planes and places (N, 3) in the model's axes

_TO_MODEL = [2, 0, 1]  # these models' x points to the viewer, y to the right, z up; ours are z, x, y
_POINTS_ON_PROCESSOR, POINTS_ON_CARD = 1 << 13, 1 << 17  # points at a time

Told = Callable[[], None]  # that the work goes on, which is where a cancel is seen


def asked(planes: Tensor, network: nn.Module, device: Device, points: np.ndarray, answer: Answer, told: Told) -> np.ndarray:
    """At places (N, 3) in glTF's axes; planes and network are on the CPU, and small, `device` is where they are asked."""
    import torch

    name, count = device.torch_name, _POINTS_ON_PROCESSOR if device.is_processor else POINTS_ON_CARD
    there, places = planes.to(name), np.ascontiguousarray(points[:, _TO_MODEL], dtype=np.float32)
    decoder, parts = network_there(network, device), []
    with torch.inference_mode():
        for first in range(0, max(1, len(places)), count):
            told()
            parts.append(answer(decoder, there, torch.from_numpy(places[first : first + count]).to(name)).cpu().numpy())
    return np.concatenate(parts)


def network_there(network: nn.Module, device: Device) -> nn.Module:
    """Itself, or where a card asks, a copy of its few numbers there."""
    return network if device.is_processor else copy.deepcopy(network).to(device.torch_name)
