"""The field that a triplane stands for: density and colour at any place (Chan et al., EG3D, 2022; Hong et al., LRM, 2024)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import grid_sample

from ..config.published import DecoderConfig

_AXES = ((0, 1), (0, 2), (1, 2))  # that run along the columns and the rows of each plane


class FieldDecoder(nn.Module):
    """A small network from what the three planes say of a place, one after the other, to a density and a colour."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.config = config
        widths = [config.in_channels, *[config.n_neurons] * config.n_hidden_layers]
        hidden = [layer for pair in zip(widths[:-1], widths[1:], strict=True) for layer in (nn.Linear(*pair), nn.SiLU(inplace=True))]
        self.layers = nn.Sequential(*hidden, nn.Linear(config.n_neurons, 4))

    def forward(self, planes: Tensor, points: Tensor) -> tuple[Tensor, Tensor]:
        """Planes (3, C, P, P) at points (N, 3) in -radius..radius: the logarithm of the density (N,), and colours (N, 3) in 0..1.

        Beyond the planes' outermost cells their values fade to 0.
        """
        places = points / self.config.radius
        where = torch.stack([places[:, axes] for axes in _AXES])[:, None]  # (3, 1, N, 2)
        features = grid_sample(planes, where, mode="bilinear", padding_mode="zeros", align_corners=False)
        numbers = self.layers(features[:, :, 0].permute(2, 0, 1).flatten(1))  # (3, C, 1, N) to (N, 3 C)
        return numbers[:, 0] + self.config.density_bias, torch.sigmoid(numbers[:, 1:])
