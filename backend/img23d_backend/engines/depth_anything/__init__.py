"""Depth Anything V2: the depth of the ground, and so the camera's tilt; the network is transformers' own."""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING

from img23d_protocol.options.camera import DEPTH_MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from ...models.store import ModelStore
    from ...stages import Context, Ground, Photo, PixelBox
    from ...weights.store import WeightStore
    from .depth import DepthAnything

_PACKAGES = ("torch", "transformers")


class DepthWhereThere:
    """For the preview engine, which works without: nothing is imported before it is wanted, and the model and what runs it are there."""

    def __init__(self, weights: WeightStore, models: Callable[[], ModelStore]) -> None:
        self._weights, self._models = weights, models
        self._made: DepthAnything | None = None

    def ground(self, photo: Photo, boxes: Sequence[PixelBox], context: Context) -> Ground | None:
        return None if (depth := self._depth(context)) is None else depth.ground(photo, boxes, context)

    def distances(self, photo: Photo, context: Context) -> np.ndarray | None:
        return None if (depth := self._depth(context)) is None else depth.distances(photo, context)

    def _depth(self, context: Context) -> DepthAnything | None:
        if not context.settings.preview.outlines.relief:
            return None
        if self._made is None and self._weights.is_ready(DEPTH_MODEL) and all(map(importlib.util.find_spec, _PACKAGES)):
            self._made = make_depth(self._weights, self._models())
        return self._made


def make_depth(weights: WeightStore, models: ModelStore) -> DepthAnything:
    """No weights are read before a photo is to be measured."""
    from .depth import DepthAnything

    importlib.import_module("transformers")  # before a second thread does, see qwen3vl/__init__.py
    return DepthAnything(weights, models)
