"""Gaussians (Kerbl et al., 3D Gaussian Splatting, 2023) from the numbers that TRELLIS's decoder gives for each voxel.

After the formulas in Xiang et al., Structured 3D Latents (2025), and their constants in the published configuration.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ....stages import Splats
from ..config.sizes import GaussianConfig

if TYPE_CHECKING:
    from torch import Tensor

_SH_CONSTANT = 0.28209479177387814  # the spherical harmonic of degree 0: half the root of 1 / pi


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where in a voxel's numbers which lie: of each kind those of all its Gaussians in a row."""

    positions: slice
    colors: slice
    scales: slice
    rotations: slice
    opacities: slice

    @staticmethod
    def of(count: int) -> Layout:
        """For `count` Gaussians a voxel; 32 have 448 numbers."""
        ends = np.cumsum([0, 3 * count, 3 * count, 3 * count, 4 * count, count]).tolist()
        parts = [slice(start, stop) for start, stop in pairwise(ends)]
        return Layout(positions=parts[0], colors=parts[1], scales=parts[2], rotations=parts[3], opacities=parts[4])

    @property
    def channels(self) -> int:
        return self.opacities.stop


def gaussians_of(numbers: Tensor, cells: Tensor, config: GaussianConfig, *, resolution: int, offsets: Tensor) -> Splats:
    """Of voxels in `cells` (N, 3) of a grid of `resolution`: `numbers` (N, channels) float32 to N * num_gaussians splats, a voxel's in a row,
    in glTF's axes as all meshes here (y up, z towards the front), in a cube of side 1 around the origin.

    `offsets` (G, 3) are the decoder's `offset_perturbation`.
    """
    import torch
    from torch.nn.functional import normalize, softplus

    layout = Layout.of(config.num_gaussians)

    def part(which: slice, width: int) -> Tensor:
        return numbers[:, which].unflatten(1, (-1, width))  # (N, G, width)

    middles = (cells.float()[:, None] + 0.5) / resolution - 0.5  # (N, 1, 3)
    positions = middles + torch.tanh(part(layout.positions, 3) + offsets) * (config.voxel_size / 2 / resolution)
    scales = softplus(part(layout.scales, 3) + math.log(math.expm1(config.scaling_bias)))
    upright = numbers.new_tensor([1.0, 0.0, 0.0, 0.0])
    rotations = normalize(part(layout.rotations, 4) * config.rotation_rate + upright, dim=-1)
    opacities = torch.sigmoid(numbers[:, layout.opacities] + math.log(config.opacity_bias / (1 - config.opacity_bias)))
    return Splats(
        positions=_array(_y_up(positions)),
        colors=_array(0.5 + _SH_CONSTANT * part(layout.colors, 3)),
        opacities=opacities.flatten().cpu().numpy(),
        scales=_array((scales.square() + config.smallest**2).sqrt()),
        rotations=_array(_turned_y_up(rotations)),
    )


def offset_perturbation(config: GaussianConfig) -> np.ndarray:
    """(G, 3) float32: what is added to a Gaussian's place before the tanh, so that a voxel's lie spread over it from the start.

    The places are Hammersley's (i / G, and i's digits mirrored at the point to the bases 2 and 3).
    """
    count = config.num_gaussians
    places = [(number / count, _mirrored(number, 2), _mirrored(number, 3)) for number in range(count)]
    spread = (np.array(places, dtype=np.float32) * 2 - 1) / np.float32(config.voxel_size)
    return np.arctanh(spread)


def _mirrored(number: int, base: int) -> float:
    """0.321 for 123, in any base (the radical inverse)."""
    value, place = 0.0, 1.0
    while number:
        number, digit = divmod(number, base)
        place /= base
        value += digit * place
    return value


def _y_up(points: Tensor) -> Tensor:
    """(..., 3) of TRELLIS's axes, where z is up: a quarter turn about x."""
    import torch

    x, y, z = points.unbind(-1)
    return torch.stack((x, z, -y), dim=-1)


def _turned_y_up(rotations: Tensor) -> Tensor:
    """(..., 4) wxyz, the same quarter turn after them: the product of (1, -1, 0, 0) / root 2 and each."""
    import torch

    w, x, y, z = rotations.unbind(-1)
    return torch.stack((w + x, x - w, y + z, z - y), dim=-1) * 0.5**0.5


def _array(values: Tensor) -> np.ndarray:
    """(N, G, width) to (N * G, width)."""
    return values.flatten(0, 1).cpu().numpy()
