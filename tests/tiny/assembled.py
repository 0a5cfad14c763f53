"""Three things that are put together of plain solids: where they are solid, their surfaces, pictures of them, and masks of their parts.

All in AutoPartGen's cube, -1 to 1, x to the right, y up. A thing's parts are in the order in which AutoPartGen makes them: what reaches
furthest down first, then from left to right.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

SIDE = 256  # pixels of a picture
_PER_UNIT = 90
_EDGE = 16  # steps of a pixel that outlines are drawn to

Distance = Callable[[np.ndarray], np.ndarray]  # of places (..., 3), below 0 inside


@dataclass(frozen=True, kw_only=True)
class Ball:
    centre: tuple[float, float, float]
    radii: tuple[float, float, float]

    def distance(self, places: np.ndarray) -> np.ndarray:
        """Not in units, where the radii differ; right in its sign."""
        scaled = (places - self.centre) / np.asarray(self.radii)
        return (np.linalg.norm(scaled, axis=-1) - 1) * min(self.radii)

    def outline(self) -> np.ndarray:
        turn = np.linspace(0, 2 * np.pi, 96, endpoint=False)
        return np.stack((np.cos(turn), np.sin(turn)), axis=1) * self.radii[:2] + self.centre[:2]


@dataclass(frozen=True, kw_only=True)
class Box:
    centre: tuple[float, float, float]
    halves: tuple[float, float, float]

    def distance(self, places: np.ndarray) -> np.ndarray:
        beyond = np.abs(places - self.centre) - self.halves
        return np.linalg.norm(np.maximum(beyond, 0), axis=-1) + np.minimum(beyond.max(axis=-1), 0)

    def outline(self) -> np.ndarray:
        return np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * self.halves[:2] + self.centre[:2]


Solid = Ball | Box


@dataclass(frozen=True, kw_only=True)
class Thing:
    """`parts` in their order, `colors` (R, G, B) of each."""

    name: str
    parts: tuple[Solid, ...]
    colors: tuple[tuple[int, int, int], ...]

    def distance(self, places: np.ndarray) -> np.ndarray:
        return np.min([one.distance(places) for one in self.parts], axis=0)


THINGS = (
    Thing(
        name="snowman",
        parts=(
            Ball(centre=(0, -0.5, 0), radii=(0.5, 0.5, 0.5)),
            Ball(centre=(0, 0.25, 0), radii=(0.36, 0.36, 0.36)),
            Ball(centre=(0, 0.77, 0), radii=(0.23, 0.23, 0.23)),
        ),
        colors=((214, 60, 60), (70, 160, 80), (60, 90, 210)),
    ),
    Thing(
        name="mushroom",
        parts=(Box(centre=(0, -0.45, 0), halves=(0.25, 0.55, 0.25)), Ball(centre=(0, 0.45, 0), radii=(0.8, 0.55, 0.8))),
        colors=((230, 200, 150), (190, 40, 120)),
    ),
    Thing(
        name="dumbbell",
        parts=(
            Box(centre=(-0.72, 0, 0), halves=(0.28, 0.5, 0.4)),
            Box(centre=(0.72, 0, 0), halves=(0.28, 0.5, 0.4)),
            Box(centre=(0, 0, 0), halves=(0.5, 0.2, 0.2)),
        ),
        colors=((40, 40, 60), (240, 150, 30), (90, 200, 220)),
    ),
)


def picture(thing: Thing, *, zoom: float = 1.0, shift: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """(SIDE, SIDE, 4) uint8: seen from in front, later parts before earlier ones, with transparency around."""
    drawn = np.zeros((SIDE, SIDE, 4), dtype=np.uint8)
    for part, color in zip(thing.parts, thing.colors, strict=True):
        cv2.fillPoly(drawn, [_pixels(part, zoom, shift)], (*color, 255), shift=4)
    return drawn


def mask(thing: Thing, values: tuple[int, ...], *, zoom: float = 1.0, shift: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """(SIDE, SIDE) uint8 over the picture: the parts' own values, 0 around."""
    drawn = np.zeros((SIDE, SIDE), dtype=np.uint8)
    for part, value in zip(thing.parts, values, strict=True):
        cv2.fillPoly(drawn, [_pixels(part, zoom, shift)], value, shift=4)
    return drawn


def _pixels(part: Solid, zoom: float, shift: tuple[float, float]) -> np.ndarray:
    right, up = (part.outline() * zoom + shift).T
    places = np.stack((SIDE / 2 + right * _PER_UNIT - 0.5, SIDE / 2 - up * _PER_UNIT - 0.5), axis=1)
    return (places * _EDGE).round().astype(np.int32)


def surface(solid: Solid, count: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(N, 3) places on a solid and their normals, evenly on a box, about evenly on a ball."""
    if isinstance(solid, Ball):
        away = random.standard_normal((count, 3))
        away /= np.linalg.norm(away, axis=1, keepdims=True)
        normals = away / np.asarray(solid.radii)
        return away * solid.radii + solid.centre, normals / np.linalg.norm(normals, axis=1, keepdims=True)
    x, y, z = solid.halves
    areas = np.array([y * z, x * z, x * y])
    axis, side = random.choice(3, count, p=areas / areas.sum()), random.choice((-1.0, 1.0), count)
    places, normals = random.uniform(-1, 1, (count, 3)), np.zeros((count, 3))
    places[np.arange(count), axis] = side
    normals[np.arange(count), axis] = side
    return places * solid.halves + solid.centre, normals
