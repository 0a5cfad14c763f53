"""The axis of two rings that a pinhole camera, computed here, sees as two ellipses; and of two that nothing shows like that."""

from __future__ import annotations

import numpy as np
import pytest

from img23d_backend.engines.preview.revolution.seen_rings import Ring, axis_of


@pytest.mark.parametrize("ratio", [0.25, 0.45, 0.75, 0.89])
@pytest.mark.parametrize("share", [0.25, 0.95])
@pytest.mark.parametrize("less_round", [0.74, 0.86])
@pytest.mark.parametrize("tall", [0.25, 0.5, 1.0])
def test_any_two_ellipses_have_an_axis_in_plain_numbers(ratio: float, share: float, less_round: float, tall: float) -> None:
    """Also those that no body shows: how well its outline fits then tells."""
    lower = Ring(x=80.0, y=100.0, radius=70.0, ratio=ratio)
    upper = Ring(x=82.0, y=100.0 - tall * share * 70 * np.sqrt(1 - ratio**2), radius=share * 70, ratio=ratio * less_round)
    axis = axis_of(lower, upper)
    rings = (axis.ellipse(height, radius) for height in (-0.1 * 70, 0.0, axis.height) for radius in (0.5 * 70, 70.0))
    numbers = [value for ring in rings for value in (ring.x, ring.y, ring.radius, ring.ratio)]
    assert np.isfinite(numbers).all()
    assert np.abs(numbers).max() < 1e5, "a ring that is drawn has to lie somewhere near the picture"


@pytest.mark.parametrize("pitch", [20.0, 35.0, 55.0])
@pytest.mark.parametrize("distance", [4.0, 8.0])
def test_the_axis_is_what_it_was(pitch: float, distance: float) -> None:
    """A ring of radius 1 and one of radius 0.5, 0.8 above it, seen from `distance` of its middle by `pitch` degrees down."""
    lower, upper = seen(0.0, 1.0, pitch, distance), seen(0.8, 0.5, pitch, distance)
    axis = axis_of(lower, upper)
    assert np.degrees(axis.pitch) == pytest.approx(pitch, abs=0.5)
    assert axis.height / axis.lower == pytest.approx(0.8, rel=0.02)
    assert axis.upper / axis.lower == pytest.approx(0.5, rel=0.02)
    assert 1 / (axis.nearness * axis.lower) == pytest.approx(distance, rel=0.05)


def seen(height: float, radius: float, pitch: float, distance: float) -> Ring:
    """By where the points of the ring lie in the picture: highest, lowest, and farthest to the right."""
    angles, tilt = np.linspace(0, 2 * np.pi, 20_000), np.radians(pitch)
    x, z = radius * np.cos(angles), radius * np.sin(angles)
    depth = distance - height * np.sin(tilt) - z * np.cos(tilt)
    right, down = 100 * distance * x / depth, 100 * distance * (z * np.sin(tilt) - height * np.cos(tilt)) / depth
    wide, high = right.max(), (down.max() - down.min()) / 2
    return Ring(x=200.0, y=float(300 + (down.max() + down.min()) / 2), radius=float(wide), ratio=float(high / wide))
