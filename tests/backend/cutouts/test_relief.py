"""From distances over a photo to the relief of a cut-out, in its own pixels."""

from __future__ import annotations

import numpy as np
import pytest

from img23d_backend.cutouts.relief import relief_of
from img23d_backend.stages import SeenDistances

FOCAL = 500.0


def _opaque() -> np.ndarray:
    return np.full((60, 80, 4), 255, np.uint8)


def _sloping() -> SeenDistances:
    """A photo of 400 x 300 pixels whose distance grows by 1 mm a pixel to the right; the network saw a tenth of it."""
    across = 2 + 0.001 * (np.arange(40) * 10 + 5)
    return SeenDistances(values=np.tile(across.astype(np.float32), (30, 1)), width=400, height=300, focal=FOCAL, pitch=0.3)


def test_a_slope_has_the_things_own_measure() -> None:
    """The cut-out's column c is the photo's 2 (c + 30.5), whose distance is 2.061 + 0.002 c; its pixels show 1 / 250 of the distance."""
    relief = relief_of(_sloping(), _opaque(), left=30, top=20, scale=0.5)
    distances = 2.061 + 0.002 * np.arange(80)
    middle = np.median(distances)
    np.testing.assert_allclose(relief.heights, np.tile((middle - distances) / middle * 250, (60, 1)), atol=0.02)
    assert relief.pitch == 0.3
    assert relief.grain == pytest.approx(5)  # ten of the photo's pixels


def test_only_what_is_solid_tells_where_the_middle_is() -> None:
    rgba = _opaque()
    rgba[:, 10:, 3] = 0
    relief = relief_of(_sloping(), rgba, left=30, top=20, scale=0.5)
    assert abs(np.median(relief.heights[:, :10])) < 0.02
    assert relief.heights[0, 70] < -5


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, -1.0])
def test_distances_that_are_none(value: float) -> None:
    seen = SeenDistances(values=np.full((30, 40), value, np.float32), width=400, height=300, focal=FOCAL)
    assert relief_of(seen, _opaque(), left=0, top=0, scale=1.0) is None


def test_a_hole_in_the_distances_stays_flat() -> None:
    values = np.full((30, 40), 2.0, np.float32)
    values[10:20, 10:20] = np.nan
    relief = relief_of(SeenDistances(values=values, width=40, height=30, focal=FOCAL), np.full((30, 40, 4), 255, np.uint8), left=0, top=0, scale=1.0)
    assert np.isfinite(relief.heights).all()


def test_an_empty_cutout() -> None:
    assert relief_of(_sloping(), np.zeros((60, 80, 4), np.uint8), left=0, top=0, scale=0.5) is None
