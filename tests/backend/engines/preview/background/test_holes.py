"""Spots on a thing that look like the ground behind it stay closed, the hole of its handle stays open."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from img23d_backend.engines.preview.background.scene import SceneMemory
from img23d_backend.engines.preview.finding.locate import RegionGrounder
from img23d_backend.engines.preview.matting.matte import GrabCutMatter
from img23d_backend.stages import Context, Photo

WIDTH, HEIGHT = 480, 400
FINE = 4  # samples a pixel and direction
GROUND, BODY = (178, 188, 192), (55, 100, 170)
HANDLE = (310.0, 190.0)
NEAR_WHITE = tuple((x, y) for y in (120, 180, 240) for x in (150, 195))
HALF_SHADED = ((245, 120), (285, 240))
AS_THE_GROUND = (225.0, 180.0)  # amid the body


def _disc(x: np.ndarray, y: np.ndarray, at: tuple[float, float], radius: float) -> np.ndarray:
    return (x - at[0]) ** 2 + (y - at[1]) ** 2 < radius**2


def _mug() -> Photo:
    """A blue body with spots and a thin handle, lit from the left, on grey with its shadow."""
    y, x = (np.mgrid[: HEIGHT * FINE, : WIDTH * FINE] + 0.5).astype(np.float32) / FINE
    body = (np.abs(x - 215) < 95) & (np.abs(y - 185) < 110)
    handle = _disc(x, y, HANDLE, 62) & ~_disc(x, y, HANDLE, 42) & (x > 305)
    light = np.where(body, 1.08 - 0.0025 * (x - 120), 0.9)
    picture = np.where((body | handle)[..., None], np.array(BODY, np.float32) * light[..., None], _ground(x, y))
    for spots, colour in ((NEAR_WHITE, (240, 237, 226)), (HALF_SHADED, (181, 185, 186)), ((AS_THE_GROUND,), GROUND)):
        for spot in spots:
            picture = np.where((_disc(x, y, spot, 12) & body)[..., None], np.array(colour, np.float32), picture)
    picture = cv2.resize(picture.astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    picture += np.random.default_rng(3).normal(0, 1.0, picture.shape)
    return Photo(rgb=np.clip(np.rint(picture), 0, 255).astype(np.uint8), name="mug")


def _ground(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    light = 1.0 - 0.06 * x / WIDTH - 0.05 * y / HEIGHT
    shadow = 1 - 0.3 * np.exp(-(((x - 250) / 90) ** 2) - ((y - 305) / 14) ** 2)
    return np.array(GROUND, np.float32) * (light * shadow)[..., None]


def _doughnut() -> Photo:
    """Broad for its hole, which is three tenths of its width."""
    y, x = (np.mgrid[: HEIGHT * FINE, : WIDTH * FINE] + 0.5).astype(np.float32) / FINE
    ring = _disc(x, y, (240, 200), 120) & ~_disc(x, y, (240, 200), 36)
    picture = np.where(ring[..., None], np.array(BODY, np.float32), _ground(x, y))
    picture = cv2.resize(picture.astype(np.float32), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return Photo(rgb=np.rint(picture).astype(np.uint8), name="doughnut")


@pytest.fixture(scope="module")
def alpha() -> np.ndarray:
    return _alpha(_mug())


def _alpha(photo: Photo) -> np.ndarray:
    """(H, W) uint8 of the cut-out at its place in the photo."""
    memory = SceneMemory()
    (found,) = RegionGrounder(memory).locate(photo, (), Context())
    cutout = GrabCutMatter(memory).cut_out(photo, found, Context())
    height, width = cutout.rgba.shape[:2]
    place = np.zeros((HEIGHT, WIDTH), np.uint8)
    place[cutout.top : cutout.top + height, cutout.left : cutout.left + width] = cutout.rgba[..., 3]
    return place


@pytest.mark.parametrize("spot", [*NEAR_WHITE, *HALF_SHADED, AS_THE_GROUND])
def test_a_spot_on_the_body_is_no_hole(alpha: np.ndarray, spot: tuple[float, float]) -> None:
    x, y = (int(value) for value in spot)
    assert alpha[y - 9 : y + 10, x - 9 : x + 10].min() == 255


def test_the_handles_hole_is_open(alpha: np.ndarray) -> None:
    x, y = (int(value) for value in HANDLE)
    assert alpha[y - 20 : y + 21, x + 8 : x + 32].max() == 0
    assert alpha[y, x + 52] == 255  # the handle itself


def test_a_doughnuts_hole_is_open() -> None:
    assert _alpha(_doughnut())[180:221, 220:261].max() == 0
