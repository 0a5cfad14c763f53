"""Hunyuan3D's shape models as an engine's shaper (Tencent-Hunyuan/Hunyuan3D-2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...models.weights import WeightStore

if TYPE_CHECKING:
    from ...models.memory import ModelStore
    from .shape import HunyuanShaper


def make_shaper(weights: WeightStore, models: ModelStore) -> HunyuanShaper:
    """Cheap: networks are read when the first shape is asked for."""
    from .shape import HunyuanShaper

    return HunyuanShaper(weights, models)
