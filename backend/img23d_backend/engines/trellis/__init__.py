"""TRELLIS as an engine's shaper and painter (Xiang et al., Structured 3D Latents for Scalable and Versatile 3D Generation, 2025)."""

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
    from .paint.painter import TrellisPainter
    from .shape.shaper import TrellisShaper


def assemble(engines: Engines) -> Engine:
    """The whole chain: the learned search and matte of the engine of cut-outs, and what is made of them here."""
    cutout = engines.assembled("cutout")
    shaper = make_shaper(engines.weights, engines.models)
    learned = engines.assembled("hunyuan3d")
    return replace(
        cutout,
        id="trellis",
        shaper=shaper,
        forms=None,
        painter=make_painter(projection=cutout.painter, learned=learned.painter),
        prefetch=engines.prefetching({Stage.SHAPE: shaper.prefetch}, cutout),
    )


def make_painter(*, projection: Painter, learned: Painter) -> TrellisPainter:
    """Cheap, too. The others paint where they are chosen, and `projection` where there are no splats."""
    from .paint.painter import TrellisPainter

    return TrellisPainter(projection=projection, learned=learned)


def make_shaper(weights: WeightStore, models: ModelStore) -> TrellisShaper:
    """Cheap: networks are read when the first shape is asked for."""
    from .shape.shaper import TrellisShaper

    return TrellisShaper(weights, models)
