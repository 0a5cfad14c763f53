"""The plain photo of eight things, whose true outlines are rendered with it: found by name, cut to the outline, shadows left out."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from img23d_backend.engines.preview.background.scene import SceneMemory
from img23d_backend.engines.preview.finding.locate import RegionGrounder
from img23d_backend.engines.preview.matting.matte import GrabCutMatter
from img23d_backend.stages import Context, CutOut, Photo
from img23d_protocol.messages import Wanted

DEMO = Path(__file__).resolve().parents[5] / "demo" / "plain"
NAMES = tuple(json.loads((DEMO / "camera.json").read_text(encoding="utf-8"))["names"])


def _image(name: str, flags: int) -> np.ndarray:
    return cv2.imdecode(np.fromfile(DEMO / name, np.uint8), flags)


@pytest.fixture(scope="module")
def cutouts() -> list[CutOut]:
    photo = Photo(rgb=cv2.cvtColor(_image("photo.jpg", cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), name="photo")
    memory = SceneMemory()
    shuffled = tuple(Wanted(name=name) for name in reversed(NAMES))
    found = RegionGrounder(memory).locate(photo, shuffled, Context())
    return [GrabCutMatter(memory).cut_out(photo, one, Context()) for one in reversed(found)]


@pytest.mark.parametrize("index", range(len(NAMES)), ids=NAMES)
def test_cut_to_the_true_outline(cutouts: list[CutOut], index: int) -> None:
    truth = _image("masks.png", cv2.IMREAD_GRAYSCALE) == index + 1
    cutout = cutouts[index]
    cut = np.zeros_like(truth)
    height, width = cutout.rgba.shape[:2]
    cut[cutout.top : cutout.top + height, cutout.left : cutout.left + width] = cutout.rgba[..., 3] >= 128
    assert np.count_nonzero(cut & truth) / np.count_nonzero(cut | truth) > 0.97
