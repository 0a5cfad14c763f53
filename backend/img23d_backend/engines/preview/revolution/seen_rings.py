"""Rings about an upright axis, and the ellipses in which a photo in perspective shows them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

NEAREST = 3.0  # radii of the lower ring from which a photo is taken at least
_NEAR_EYE = 0.8  # of the way to the photo's camera: no part of a body is closer to it
_STEPS = 20
_SMALL = 1e-5  # of a ring's size: what a step is tried with


@dataclass(frozen=True, kw_only=True)
class Ring:
    """An ellipse in a picture, in pixels: its middle, its half width, and its half height over that."""

    x: float
    y: float
    radius: float
    ratio: float

    def points(self, angles: np.ndarray) -> np.ndarray:
        """(len(angles), 2) x, y; 0 is to the right, a quarter turn is at its lowest point."""
        across, down = self.radius * np.cos(angles), self.radius * self.ratio * np.sin(angles)
        return np.stack([self.x + across, self.y + down], axis=1)

    def moved(self, factor: float, left: float, top: float) -> Ring:
        return Ring(x=self.x * factor + left, y=self.y * factor + top, radius=self.radius * factor, ratio=self.ratio)


@dataclass(frozen=True, kw_only=True)
class Axis:
    """An upright axis and the photo's view of it. Lengths are in pixels at the distance of the axis's foot.

    `pitch`: radians by which the photo looks down at the foot, which it shows at `x`, `y`; `nearness`: one over the distance.
    `lean`: by how much of its height a point is seen to the right. `lower` is the radius of the ring around the foot, `upper`
    that of the one `height` above it.
    """

    x: float
    y: float
    pitch: float
    nearness: float = 0.0
    lean: float = 0.0
    lower: float
    upper: float = 0.0
    height: float = 0.0

    def ellipse(self, height: float, radius: float) -> Ring:
        """In which the photo shows a ring of the body."""
        y, half, width = _seen(self.y, self.pitch, self.nearness, height, radius)
        scale = 1 / (1 - height * np.sin(self.pitch) * self.nearness)
        return Ring(x=self.x + self.lean * height * scale, y=y, radius=width, ratio=half / max(width, 1e-9))

    def matrix(self) -> np.ndarray:
        """(4, 4): from right, up and towards the viewer about the foot to the photo's pixels and the way from the viewer."""
        sine, cosine = np.sin(self.pitch), np.cos(self.pitch)
        turned = np.eye(4)
        turned[:3, :3] = [[1.0, self.lean, 0.0], [0.0, -cosine, sine], [0.0, -sine, -cosine]]  # to right, down and away
        seen = np.eye(4)
        seen[3, 2] = self.nearness
        seen[:2] += np.outer([self.x, self.y], [0, 0, self.nearness, 1])
        return seen @ turned


def _seen(foot: float, pitch: float, nearness: float, height: float, radius: float) -> tuple[float, float, float]:
    """The middle's y, half height and half width of a ring's ellipse."""
    sine, cosine = np.sin(pitch), np.cos(pitch)
    near = 1 / (1 - (height * sine + radius * cosine) * nearness)
    far = 1 / (1 - (height * sine - radius * cosine) * nearness)
    low, high = foot - (height * cosine - radius * sine) * near, foot - (height * cosine + radius * sine) * far
    middle = 1 / (1 - height * sine * nearness)
    width = radius * middle / np.sqrt(1 - (radius * cosine * nearness * middle) ** 2)
    return float((low + high) / 2), float((low - high) / 2), float(width)


@lru_cache(maxsize=256)
def axis_of(lower: Ring, upper: Ring | None) -> Axis:
    """The axis on which two rings lie that are seen as these ellipses; of the lower one alone, seen from far away.

    An upper ring that is seen less round is nearer to the height of the eye, which tells the distance. Ellipses that no two
    rings show have an axis as well, of rings that are seen otherwise.
    """
    pitch = float(np.arcsin(lower.ratio))
    if upper is None:
        return Axis(x=lower.x, y=lower.y, pitch=pitch, lower=lower.radius)
    size = lower.radius
    wanted = np.array([value for ring in (lower, upper) for value in (ring.y, ring.ratio * ring.radius, ring.radius)])
    most = np.array([1.45, np.inf, 2.0, 1 / NEAREST, 8.0, 2.0])
    least = np.array([0.1, -np.inf, 0.5, 0.0, 0.02, 0.05])
    at = np.array([pitch, lower.y / size, 1.0, 0.05, (lower.y - upper.y) / np.cos(pitch) / size, upper.radius / size])

    def off(values: np.ndarray) -> np.ndarray:
        angle, foot, first, near, height, second = values
        rings = (_seen(foot, angle, near, 0.0, first), _seen(foot, angle, near, height, second))
        return np.array([value for ring in rings for value in ring]) - wanted / size

    for _ in range(_STEPS):
        now = off(at)
        slopes = np.stack([(off(at + step) - now) / _SMALL for step in np.eye(6) * _SMALL], axis=1)
        at = np.clip(at - np.linalg.lstsq(slopes, now, rcond=1e-6)[0], least, most)
        at[3] = min(at[3], _NEAR_EYE / (at[4] * np.sin(at[0]) + max(at[2], at[5]) * np.cos(at[0])))
    angle, foot, first, near, height, second = at.tolist()
    scale = 1 / (1 - height * np.sin(angle) * near)
    return Axis(
        x=lower.x,
        y=foot * size,
        pitch=angle,
        nearness=near / size,
        lean=(upper.x - lower.x) / (height * scale * size),
        lower=first * size,
        upper=second * size,
        height=height * size,
    )
