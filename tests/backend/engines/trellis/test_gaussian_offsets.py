"""Where a voxel's Gaussians begin: Hammersley's points, from their definition."""

from __future__ import annotations

import numpy as np

from img23d_backend.engines.trellis.config.sizes import GaussianConfig
from img23d_backend.engines.trellis.splats.gaussians import Layout, offset_perturbation


def test_offsets_are_hammersleys_points() -> None:
    """i / 32; i's five bits the other way round; i's digits to the base 3 behind the point, the last first."""
    bits = [int(f"{number:05b}"[::-1], 2) / 32 for number in range(32)]
    thirds = [sum(number // 3**place % 3 / 3 ** (place + 1) for place in range(4)) for number in range(32)]
    points = np.stack((np.arange(32) / 32, bits, thirds), axis=1)
    found = offset_perturbation(GaussianConfig())
    assert found.shape == (32, 3) and found.dtype == np.float32
    assert np.abs(np.tanh(found) * 1.5 - (2 * points - 1)).max() < 1e-6
    assert np.abs(found[0] + np.arctanh(2 / 3)).max() < 1e-6  # the first lies in the corner


def test_of_448_numbers_the_places_are_first_and_the_opacities_last() -> None:
    layout = Layout.of(32)
    assert layout.positions == slice(0, 96) and layout.colors == slice(96, 192) and layout.scales == slice(192, 288)
    assert layout.rotations == slice(288, 416) and layout.opacities == slice(416, 448) and layout.channels == 448
