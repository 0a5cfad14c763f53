"""What the planes' features say at a point: distance or density, colour, and FlexiCubes' numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

_HIDDEN = 64
_WEIGHT_SCALE = 0.1
_BEYOND = 0.001  # colours reach so far past 0 and 1 before they are cut off, as in mip-NeRF


class DistanceField(nn.Module):
    """Of the mesh variants. All take features (P, 3F); the weights of a cube those of its eight corners, (S, 24F)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.net_sdf, self.net_rgb, self.net_deformation = (_layers(3 * features, outputs) for outputs in (1, 3, 3))
        self.net_weight = _layers(8 * 3 * features, 21)

    def distances(self, features: Tensor) -> Tensor:
        """(P,): below 0 inside."""
        return self.net_sdf(features)[:, 0]

    def moves(self, features: Tensor) -> Tensor:
        """(P, 3), of a corner of the grid, before they are limited."""
        return self.net_deformation(features)

    def weights(self, features: Tensor) -> Tensor:
        """(S, 21), before they are limited: 12 of edges, 8 of corners, 1 of the split."""
        return self.net_weight(features) * _WEIGHT_SCALE

    def colors(self, features: Tensor) -> Tensor:
        """(P, 3) in 0..1, sRGB."""
        return _colors(self.net_rgb(features))


class DensityField(nn.Module):
    """Of the NeRF variants."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.net = _layers(3 * features, 4)

    def densities(self, features: Tensor) -> Tensor:
        """(P,): the surface is where it is 10."""
        return functional.softplus(self.net(features)[:, 0] - 1)

    def colors(self, features: Tensor) -> Tensor:
        """(P, 3) in 0..1, sRGB."""
        return _colors(self.net(features)[:, 1:])


def _layers(inputs: int, outputs: int) -> nn.Sequential:
    widths = (inputs, _HIDDEN, _HIDDEN, _HIDDEN)
    hidden = [one for before, after in zip(widths, widths[1:], strict=False) for one in (nn.Linear(before, after), nn.ReLU())]
    return nn.Sequential(*hidden, nn.Linear(_HIDDEN, outputs))


def _colors(numbers: Tensor) -> Tensor:
    return (numbers.sigmoid() * (1 + 2 * _BEYOND) - _BEYOND).clamp(0, 1)
