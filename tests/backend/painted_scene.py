"""Photos painted in NumPy with a known truth: what stands where, how much of each pixel it covers, in which colour."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from img23d_backend.stages import Photo

SUPERSAMPLES = 4


@dataclass(frozen=True, kw_only=True)
class Thing:
    """A shape at (x, y) in pixels with a radius; `kind` is disc, ring, box or star."""

    kind: str
    x: float
    y: float
    radius: float
    colour: tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class Painted:
    photo: Photo
    coverage: tuple[np.ndarray, ...]  # (H, W) float 0..1 a thing
    colours: tuple[np.ndarray, ...]  # (H, W, 3) float, each thing's own colours everywhere


def paint(
    things: list[Thing],
    *,
    size: tuple[int, int] = (360, 270),
    ground: tuple[int, int, int] = (205, 203, 198),
    wall: tuple[int, int, int] | None = None,
    gradient: float = 0.15,
    noise: float = 1.5,
    shadow: float = 0.45,
    seed: int = 1,
) -> Painted:
    """A photo of `size` (width, height): things in front of a lit ground, with soft shadows and grain."""
    width, height = size
    y, x = np.mgrid[:height, :width] + 0.5
    picture = _backdrop(x / width, y / height, ground, wall, gradient)
    coverage = tuple(_coverage(thing, size) for thing in things)
    for thing, cover in zip(things, coverage, strict=True):
        picture *= (1 - shadow * _soft_shadow(cover, thing.radius))[..., None]
    colours = tuple(_shaded(thing, x, y) for thing in things)
    for cover, own in zip(coverage, colours, strict=True):
        picture = picture * (1 - cover[..., None]) + own * cover[..., None]
    picture += np.random.default_rng(seed).normal(0, noise, picture.shape)
    rgb = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    return Painted(photo=Photo(rgb=rgb, name="painted"), coverage=coverage, colours=colours)


def _backdrop(x: np.ndarray, y: np.ndarray, ground: tuple[int, int, int], wall: tuple[int, int, int] | None, gradient: float) -> np.ndarray:
    colour = np.broadcast_to(np.array(ground, float), (*x.shape, 3))
    if wall is not None:
        colour = np.where((y < 0.4)[..., None], np.array(wall, float), colour)
    light = 1 - gradient * (0.6 * x + 1.2 * ((x - 0.5) ** 2 + (y - 0.5) ** 2))
    return colour * light[..., None]


def _soft_shadow(cover: np.ndarray, radius: float) -> np.ndarray:
    """Below and to the right of the thing, blurred."""
    moved = cv2.warpAffine(cover, np.array([[1, 0, 0.25 * radius], [0, 1, 0.2 * radius]]), cover.shape[::-1])
    return cv2.GaussianBlur(moved, (0, 0), 0.22 * radius)


def _shaded(thing: Thing, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    light = np.clip(1 - 0.25 * ((x - thing.x) + (y - thing.y)) / thing.radius, 0.6, 1.3)
    return np.clip(np.array(thing.colour, float) * light[..., None], 0, 255)


def _coverage(thing: Thing, size: tuple[int, int]) -> np.ndarray:
    n = SUPERSAMPLES
    y, x = (np.mgrid[: size[1] * n, : size[0] * n] + 0.5) / n
    u, v = (x - thing.x) / thing.radius, (y - thing.y) / thing.radius
    distance = np.hypot(u, v)
    match thing.kind:
        case "disc":
            inside = distance < 1
        case "ring":
            inside = (distance < 1) & (distance > 0.55)
        case "box":
            inside = (np.abs(u) < 0.9) & (np.abs(v) < 0.7)
        case "star":
            inside = distance < 0.72 + 0.28 * np.cos(5 * np.arctan2(u, -v))
    fine = inside.astype(np.float32)
    return cv2.resize(fine, size, interpolation=cv2.INTER_AREA)
