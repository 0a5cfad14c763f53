"""A decoder's numbers to Gaussians, by values worked out from the paper's formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from img23d_backend.engines.trellis.config.sizes import GaussianConfig
from img23d_backend.engines.trellis.splats.gaussians import Layout, gaussians_of, offset_perturbation
from img23d_backend.stages import Splats

CONFIG = GaussianConfig()
OFFSETS = torch.from_numpy(offset_perturbation(CONFIG))


def made(numbers: Tensor, cells: list[list[int]]) -> Splats:
    return gaussians_of(numbers, torch.tensor(cells), CONFIG, resolution=64, offsets=OFFSETS)


def test_zeros_are_spread_over_the_voxel() -> None:
    found = made(torch.zeros(2, 448), [[0, 0, 0], [63, 10, 20]])
    assert len(found) == 64
    points = np.stack((found.positions[32:, 0], -found.positions[32:, 2], found.positions[32:, 1]), axis=1)  # back to z up
    spread = (points + 0.5) * 64 - (63.5, 10.5, 20.5)  # in voxels
    assert spread.min() >= -0.501 and spread.max() <= 0.5
    assert np.allclose(spread[16], (0.0, 1 / 32 - 0.5, 1 / 3**3 * 1 + 2 / 9 + 1 / 3 - 0.5), atol=1e-5)  # 16: 10000 and 121 to the base 3
    assert np.allclose(found.opacities, 0.1)
    assert np.allclose(found.colors, 0.5)
    assert np.allclose(found.scales, math.hypot(0.004, 9e-4), rtol=1e-5)
    assert np.allclose(found.rotations, [0.5**0.5, -(0.5**0.5), 0, 0], atol=1e-6)  # upright, as told in axes with y up


def test_numbers_at_work() -> None:
    layout, numbers = Layout.of(32), torch.zeros(1, 448)
    numbers[0, layout.positions] = 100.0  # as far as it goes: three quarters of a voxel from its middle
    numbers[0, layout.colors.start : layout.colors.start + 3] = torch.tensor([1.0, -1.0, 2.0])
    numbers[0, layout.scales.start : layout.scales.start + 3] = torch.tensor([5.51946 + 1.0, 5.51946, 0.0])
    numbers[0, layout.opacities.start] = math.log(9)  # 0.1 has the logit -log 9
    found = made(numbers, [[32, 32, 32]])
    assert np.allclose(found.positions, np.array([0.5 + 0.75, 0.5 + 0.75, -0.5 - 0.75]) / 64, atol=1e-6)
    assert np.allclose(found.colors[0], 0.5 + 0.2820948 * np.array([1, -1, 2]), atol=1e-6)
    assert np.allclose(found.scales[0], [math.hypot(math.log1p(math.e), 9e-4), math.hypot(math.log(2), 9e-4), math.hypot(0.004, 9e-4)], rtol=1e-4)
    assert found.opacities[0] == pytest.approx(0.5)


def matrix(quaternion: np.ndarray) -> np.ndarray:
    w, x, y, z = quaternion.astype(np.float64)
    return np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip


def test_a_long_thin_one_turns_with_its_place() -> None:
    """Long along its own x, turned about TRELLIS's z, which is up, by 30 degrees: with y up it is turned about y by as much."""
    layout, numbers = Layout.of(32), torch.zeros(1, 448)
    angle = math.radians(30)
    half = torch.tensor([math.cos(angle / 2), 0, 0, math.sin(angle / 2)])
    numbers[0, layout.rotations.start : layout.rotations.start + 4] = (half * 3 - torch.tensor([1.0, 0, 0, 0])) / 0.1
    long_axis = matrix(made(numbers, [[0, 0, 0]]).rotations[0])[:, 0]
    assert np.allclose(long_axis, [math.cos(angle), 0, -math.sin(angle)], atol=1e-6)


def test_rotations_are_of_length_one_and_all_is_single_precision() -> None:
    numbers = torch.randn((50, 448), generator=torch.Generator().manual_seed(0)) * 5
    found = made(numbers, torch.randint(0, 64, (50, 3), generator=torch.Generator().manual_seed(1)).tolist())
    assert np.abs(np.linalg.norm(found.rotations, axis=1) - 1).max() < 1e-6
    assert np.abs(found.positions).max() < 0.5 + 1 / 64 and (found.scales >= 9e-4).all()
    assert {getattr(found, name).dtype for name in ("positions", "colors", "opacities", "scales", "rotations")} == {np.dtype(np.float32)}
