"""Hunyuan3D's shape and paint models as an engine's shaper and painter (Tencent-Hunyuan/Hunyuan3D-2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from img23d_protocol.messages import Stage

from ...stages import Engine
from ...weights.store import WeightStore

if TYPE_CHECKING:
    from ...models.store import ModelStore
    from ...stages import Painter
    from .. import Engines
    from .paint.painter import HunyuanPainter
    from .shape.shaper import HunyuanShaper


def assemble(engines: Engines) -> Engine:
    """The whole chain: the learned search and matte of the engine of cut-outs, and what is made of them here."""
    cutout, weights, models = engines.assembled("cutout"), engines.weights, engines.models
    shaper = make_shaper(weights, models)
    painter = make_painter(weights, models, fallback=cutout.painter)
    return replace(
        cutout,
        id="hunyuan3d",
        shaper=shaper,
        forms=None,
        painter=painter,
        prefetch=engines.prefetching({Stage.SHAPE: shaper.prefetch, Stage.PAINT: painter.prefetch}, cutout),
    )


def make_shaper(weights: WeightStore, models: ModelStore) -> HunyuanShaper:
    """Cheap: networks are read when the first shape is asked for."""
    from .shape.shaper import HunyuanShaper

    return HunyuanShaper(weights, models)


def make_painter(weights: WeightStore, models: ModelStore, *, fallback: Painter) -> HunyuanPainter:
    """Cheap, too. `fallback` paints where no paint model is chosen or there."""
    from .paint.painter import HunyuanPainter

    return HunyuanPainter(weights, models, fallback=fallback)
