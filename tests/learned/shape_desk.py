"""A shaper on real stores and small checkpoints, shared by the tests of the learned shaper."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from shape_checkpoints import config, empty, sphere, write

from img23d_backend.stages import CutOut
from img23d_backend.weights.registry import weight_set
from img23d_backend.weights.store import WeightStore
from img23d_protocol.messages import Settings

SET = "hunyuan3d-2mini-standard"
CENTRE, RADIUS = (0.2, 0.1, -0.15), 0.55
SETTINGS = Settings.of(speed="standard", steps=3, octree_resolution=48, budget=0, shape_device="cpu", locate_device="cpu", matte_device="cpu")
_DECODERS = {"sphere": lambda vae: sphere(vae, CENTRE, RADIUS), "empty": empty, "random": None}


def make_models(folder: Path, kind: str) -> Path:
    """A models folder with one checkpoint, by what its decoder gives."""
    write(folder / SET / weight_set(SET).subfolder, config(), decoder=_DECODERS[kind])
    WeightStore(folder).adopt(SET)
    return folder


def thing(*, width: int = 60, height: int = 40, seed: int = 0) -> CutOut:
    """A speckled rectangle with a margin."""
    rgba = np.zeros((100, 100, 4), dtype=np.uint8)
    rgba[20 : 20 + height, 30 : 30 + width, :3] = np.random.default_rng(seed).integers(0, 200, (height, width, 3))
    rgba[20 : 20 + height, 30 : 30 + width, 3] = 255
    return CutOut(rgba=rgba)
