"""Photos of one warm-coloured thing amid clutter of cold colours, with its outline: what the small editor is trained and tried with."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

PLAIN = 224  # shade of the ground that the editor puts things on
_FINER = 4  # pixels of the drawing in one of the outline


@dataclass(frozen=True, kw_only=True)
class Cluttered:
    """`rgb` (s, s, 3) uint8, `mask` (s, s) float32 0..1 of the thing, `plain` (s, s, 3) uint8: the same on plain ground."""

    rgb: np.ndarray
    mask: np.ndarray
    plain: np.ndarray


def photo(seed: int, side: int) -> Cluttered:
    """The same for the same seed."""
    random = np.random.default_rng(seed)
    ground = _clutter(random, side)
    mask, colors = _thing(random, side)
    grain = random.normal(0, 0.01, (side, side, 3))
    share = mask[:, :, None]
    return Cluttered(rgb=_bytes(ground * (1 - share) + colors * share + grain), mask=mask, plain=_bytes(PLAIN / 255 * (1 - share) + colors * share))


def _bytes(colors: np.ndarray) -> np.ndarray:
    return np.rint(colors.clip(0, 1) * 255).astype(np.uint8)


def _thing(random: np.random.Generator, side: int) -> tuple[np.ndarray, np.ndarray]:
    """An ellipse, a box, a mug or a star, lit from the upper left."""
    drawn = np.zeros((side * _FINER,) * 2, np.uint8)
    middle = (0.5 + random.uniform(-0.1, 0.1, 2)) * len(drawn)
    radius = random.uniform(0.2, 0.28) * len(drawn)
    [_ellipse, _box, _mug, _star][random.integers(4)](drawn, middle, radius, random)
    mask = cv2.resize(drawn, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    base = np.array([random.uniform(0.7, 0.95), random.uniform(0.05, 0.3), random.uniform(0.05, 0.2)])
    rows, columns = np.mgrid[0:side, 0:side] / side
    return mask, (base * (0.75 + 0.35 * (1 - columns) * (1 - rows))[:, :, None]).clip(0, 1)


def _ellipse(drawn: np.ndarray, middle: np.ndarray, radius: float, random: np.random.Generator) -> None:
    axes = (int(radius), int(radius * random.uniform(0.7, 1.2)))
    cv2.ellipse(drawn, _point(middle), axes, random.uniform(0, 180), 0, 360, 255, -1)


def _box(drawn: np.ndarray, middle: np.ndarray, radius: float, random: np.random.Generator) -> None:
    corners = cv2.boxPoints((tuple(map(float, middle)), (1.6 * radius, 2 * radius * random.uniform(0.5, 0.9)), random.uniform(0, 90)))
    cv2.fillPoly(drawn, [corners.astype(np.int32)], 255)


def _mug(drawn: np.ndarray, middle: np.ndarray, radius: float, random: np.random.Generator) -> None:
    cv2.rectangle(drawn, _point(middle - [radius * 0.7, radius * 0.8]), _point(middle + [radius * 0.6, radius * 0.8]), 255, -1)
    cv2.ellipse(drawn, _point(middle + [radius * 0.6, 0]), (int(radius * 0.45), int(radius * 0.5)), 0, 0, 360, 255, int(radius * 0.22))


def _star(drawn: np.ndarray, middle: np.ndarray, radius: float, random: np.random.Generator) -> None:
    points = int(random.integers(5, 8))
    angles = np.arange(2 * points) * np.pi / points
    reach = np.where(np.arange(2 * points) % 2, radius * 0.55, radius * 1.1)
    cv2.fillPoly(drawn, [np.stack([middle[0] + reach * np.cos(angles), middle[1] + reach * np.sin(angles)], 1).astype(np.int32)], 255)


def _point(place: np.ndarray) -> tuple[int, int]:
    return int(place[0]), int(place[1])


def _clutter(random: np.random.Generator, side: int) -> np.ndarray:
    """(s, s, 3) float32: discs, boxes and sticks on a grey."""
    ground = np.full((side, side, 3), random.uniform(0.2, 0.9), np.float32)
    for _ in range(random.integers(25, 60)):
        color = random.uniform([0.05, 0.3, 0.3], [0.6, 1, 1])
        color[0] = min(color[0], max(color[1:]) * 0.9)
        place, size = random.integers(0, side, 2), random.uniform(0.04, 0.16) * side
        match random.integers(3):
            case 0:
                cv2.circle(ground, _point(place), int(size), color.tolist(), -1, cv2.LINE_AA)
            case 1:
                corners = cv2.boxPoints((tuple(map(float, place)), (size * 2, size * random.uniform(0.5, 2)), random.uniform(0, 90)))
                cv2.fillPoly(ground, [corners.astype(np.int32)], color.tolist(), cv2.LINE_AA)
            case _:
                cv2.line(ground, _point(place), _point(random.integers(0, side, 2)), color.tolist(), max(2, int(size / 4)), cv2.LINE_AA)
    return ground
