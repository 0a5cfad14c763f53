"""Hunyuan3D's shape and paint models as an engine's shaper and painter (Tencent-Hunyuan/Hunyuan3D-2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...weights.store import WeightStore

if TYPE_CHECKING:
    from ...models.store import ModelStore
    from ...stages import Painter
    from .paint.painter import HunyuanPainter
    from .shape.shaper import HunyuanShaper


def make_shaper(weights: WeightStore, models: ModelStore) -> HunyuanShaper:
    """Cheap: networks are read when the first shape is asked for."""
    from .shape.shaper import HunyuanShaper

    return HunyuanShaper(weights, models)


def make_painter(weights: WeightStore, models: ModelStore, *, fallback: Painter) -> HunyuanPainter:
    """Cheap, too. `fallback` paints where no paint model is chosen or there."""
    from .paint.painter import HunyuanPainter

    return HunyuanPainter(weights, models, fallback=fallback)
