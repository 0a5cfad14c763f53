"""A stand-in for the cut-out network, which sees what is red: as sure as it is red."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from img23d_backend.stages import Context, CutOut, Found, Photo, PixelBox
from img23d_protocol import ErrorCode, Img23DError

RED, GROUND = (255, 0, 0), (90, 120, 100)


@dataclass
class Seeing:
    """Holds each pass's picture size (h, w) and side. `fails` names what is wrong with a side, `change` what it sees instead."""

    passes: list[tuple[tuple[int, int], int]] = field(default_factory=list)
    fails: Callable[[int], ErrorCode | None] = lambda side: None
    change: Callable[[np.ndarray], np.ndarray] = lambda seen: seen
    unloaded: int = 0

    def matte(self, rgb: np.ndarray, side: int) -> np.ndarray:
        self.passes.append((rgb.shape[:2], side))
        if code := self.fails(side):
            raise Img23DError(code, "The network failed.")
        red, others = rgb[..., 0].astype(np.float32), rgb[..., 1:].max(2).astype(np.float32)
        return self.change(np.clip((red - others) / 255, 0, 1))

    def unload(self) -> int:
        self.unloaded += 1
        return 1000


@dataclass
class Simple:
    """The matter that takes over. Says nothing about plain backgrounds."""

    calls: int = 0

    def cut_out(self, photo: Photo, found: Found, context: Context) -> CutOut:
        self.calls += 1
        return CutOut(rgba=np.zeros((4, 4, 4), np.uint8), note="simple")

    def agreed(self, photo: Photo, found: Found, window: PixelBox, salient: np.ndarray, own: np.ndarray, context: Context) -> np.ndarray | None:
        return None


def discs(*circles: tuple[int, int, int], size: tuple[int, int] = (800, 600), busy: bool = False) -> Photo:
    """Red discs (x, y, radius) in a photo (width, height), in front of one colour or of noise without red."""
    width, height = size
    rgb = np.full((height, width, 3), GROUND, np.uint8)
    if busy:
        rgb = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
        rgb[..., 0] = 0
    rgb[cover(*circles, size=size)] = RED
    return Photo(rgb=rgb, name="discs")


def cover(*circles: tuple[int, int, int], size: tuple[int, int] = (800, 600)) -> np.ndarray:
    """(h, w) bool: where the discs are."""
    y, x = np.mgrid[: size[1], : size[0]] + 0.5
    covered = np.zeros(x.shape, bool)
    for left, top, radius in circles:
        covered |= (x - left) ** 2 + (y - top) ** 2 <= radius**2
    return covered


def over_photo(cutout: CutOut, photo: Photo) -> np.ndarray:
    """(h, w) uint8: the cut-out's alpha where it lies in the photo."""
    height, width = cutout.rgba.shape[:2]
    margin = max(height, width)
    whole = np.zeros((photo.height + 2 * margin, photo.width + 2 * margin), np.uint8)
    whole[margin + cutout.top : margin + cutout.top + height, margin + cutout.left : margin + cutout.left + width] = cutout.rgba[..., 3]
    return whole[margin:-margin, margin:-margin]


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    return float(np.count_nonzero(first & second) / np.count_nonzero(first | second))
