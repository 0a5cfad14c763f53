"""TripoSG as an engine's shaper (Li et al., TripoSG: High-Fidelity 3D Shape Synthesis using Large-Scale Rectified Flow Models, 2025)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from img23d_protocol.messages import Stage
from img23d_protocol.options.triposg import PREVIEW_PAINT

from ...stages import Engine
from ...weights.store import WeightStore

if TYPE_CHECKING:
    from ...fields.painters import BorrowingPainter
    from ...models.store import ModelStore
    from ...stages import Painter
    from .. import Engines
    from .shape.shaper import TripoSGShaper


def assemble(engines: Engines) -> Engine:
    """The whole chain: the learned search and matte of the engine of cut-outs, and what is made of them here."""
    cutout, learned = engines.assembled("cutout"), engines.assembled("hunyuan3d")
    shaper = make_shaper(engines.weights, engines.models)
    return replace(
        cutout,
        id="triposg",
        shaper=shaper,
        forms=None,
        painter=make_painter(projection=cutout.painter, learned=learned.painter),
        prefetch=engines.prefetching({Stage.SHAPE: shaper.prefetch}, cutout),
    )


def make_painter(*, projection: Painter, learned: Painter) -> BorrowingPainter:
    """Cheap, too. A shape comes without colours: the photo is projected, unless a model is chosen."""
    from ...fields.painters import BorrowingPainter, Painters

    painters = Painters(chosen=lambda settings: settings.triposg.paint.triposg_painter, plain=PREVIEW_PAINT, projection=projection, learned=learned)
    return BorrowingPainter(painters)


def make_shaper(weights: WeightStore, models: ModelStore) -> TripoSGShaper:
    """Cheap: networks are read when the first shape is asked for."""
    from .shape.shaper import TripoSGShaper

    return TripoSGShaper(weights, models)
