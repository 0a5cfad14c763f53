"""A thing's field, in glTF's axes: what its triplane says of density and colour at any place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ....fields.planes import Told, asked

if TYPE_CHECKING:
    from torch import Tensor

    from ....machine.devices import Device
    from ..networks.field import FieldDecoder

THRESHOLD = 25.0  # of the density, where TripoSR's own code draws the surface


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

    @property
    def nothing(self) -> str:
        return "TripoSR sees nothing solid in this cut-out: give the thing a closer box, or cut it out with another model."

    @property
    def nbytes(self) -> int:
        return self.planes.nbytes

    def inside(self, points: np.ndarray, told: Told = lambda: None) -> np.ndarray:
        """(N, 3) to (N,): above 0 where it is denser than the threshold.

        The logarithm of the ratio: between the points of a grid that is nearer to a line than the density itself.
        """
        values = asked(self.planes, self.decoder, self.device, points, lambda decoder, planes, places: decoder(planes, places)[0], told)
        return values - np.float32(math.log(THRESHOLD))

    def colors(self, points: np.ndarray, told: Told = lambda: None) -> np.ndarray:
        """(N, 3) to (N, 3) float32 sRGB in 0..1."""
        return asked(self.planes, self.decoder, self.device, points, lambda decoder, planes, places: decoder(planes, places)[1], told)
