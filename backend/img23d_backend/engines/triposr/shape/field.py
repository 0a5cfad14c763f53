"""A thing's field, in glTF's axes: what its triplane says of density and colour at any place."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

    from ....machine.devices import Device
    from ..networks.field import FieldDecoder

THRESHOLD = 25.0  # of the density, where TripoSR's own code draws the surface
_TO_MODEL = [2, 0, 1]  # the model's x points to the viewer, y to the right, z up; ours are z, x, y
_POINTS_ON_PROCESSOR, POINTS_ON_CARD = 1 << 13, 1 << 17  # at a time

Told = Callable[[], None]  # that the work goes on, which is where a cancel is seen


@dataclass(frozen=True, kw_only=True)
class Field:
    """`planes` (3, C, P, P) and `decoder` are on the CPU, and small; `device` is where they are asked."""

    planes: Tensor
    decoder: FieldDecoder
    device: Device

    @property
    def radius(self) -> float:
        """Half the side of the cube around the origin in which it is defined."""
        return self.decoder.config.radius

    def inside(self, points: np.ndarray, told: Told = lambda: None) -> np.ndarray:
        """(N, 3) to (N,): above 0 where it is denser than the threshold.

        The logarithm of the ratio: between the points of a grid that is nearer to a line than the density itself.
        """
        return self._asked(points, told, 0) - np.float32(math.log(THRESHOLD))

    def colors(self, points: np.ndarray, told: Told = lambda: None) -> np.ndarray:
        """(N, 3) to (N, 3) float32 sRGB in 0..1."""
        return self._asked(points, told, 1)

    def _asked(self, points: np.ndarray, told: Told, which: int) -> np.ndarray:
        import torch

        name, count = self.device.torch_name, _POINTS_ON_PROCESSOR if self.device.is_processor else POINTS_ON_CARD
        planes, places = self.planes.to(name), np.ascontiguousarray(points[:, _TO_MODEL], dtype=np.float32)
        decoder, parts = self._decoder_there(), []
        with torch.inference_mode():
            for first in range(0, max(1, len(places)), count):
                told()
                parts.append(decoder(planes, torch.from_numpy(places[first : first + count]).to(name))[which].cpu().numpy())
        return np.concatenate(parts)

    def _decoder_there(self) -> FieldDecoder:
        """Itself, or where a card asks, a copy of its 40,000 numbers there."""
        import copy

        return self.decoder if self.device.is_processor else copy.deepcopy(self.decoder).to(self.device.torch_name)
