"""Depth Anything V2: the depth of the ground, and so the camera's tilt; the network is transformers' own."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from .depth import DepthAnything

if TYPE_CHECKING:
    from ...models.store import ModelStore
    from ...weights.store import WeightStore


def make_depth(weights: WeightStore, models: ModelStore) -> DepthAnything:
    """No weights are read before a photo is to be measured."""
    importlib.import_module("transformers")  # before a second thread does, see qwen3vl/__init__.py
    return DepthAnything(weights, models)
