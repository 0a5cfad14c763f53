"""InstantMesh (Xu et al., 2024): six views of a thing by Zero123++, and its mesh from them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from img23d_protocol.messages import Stage
from img23d_protocol.options.instantmesh import FIELD_PAINT, PREVIEW_PAINT

from ...stages import Engine
from ...weights.store import WeightStore

if TYPE_CHECKING:
    from ...fields.painter import FieldPainter
    from ...models.store import ModelStore
    from ...stages import Painter
    from .. import Engines
    from .shape.shaper import InstantMeshShaper
    from .views.six_views import SixViews


def assemble(engines: Engines) -> Engine:
    """The whole chain: the learned search and matte of the engine of cut-outs, and what is made of them here."""
    cutout, learned = engines.assembled("cutout"), engines.assembled("hunyuan3d")
    shaper, painter = make_shaper_and_painter(
        engines.weights, engines.models, views=cast("SixViews", engines.six_views), projection=cutout.painter, learned=learned.painter
    )
    return replace(
        cutout,
        id="instantmesh",
        shaper=shaper,
        forms=None,
        painter=painter,
        prefetch=engines.prefetching({Stage.SHAPE: shaper.prefetch}, cutout),
        unload=lambda: cutout.unload() + shaper.unload(),
    )


def make_six_views(weights: WeightStore, models: ModelStore) -> SixViews:
    """Cheap: the networks are read when the first views are asked for."""
    from .views.six_views import SixViews

    return SixViews(weights, models)


def make_shaper_and_painter(
    weights: WeightStore, models: ModelStore, *, projection: Painter, learned: Painter, views: SixViews | None = None
) -> tuple[InstantMeshShaper, FieldPainter]:
    """Cheap: the networks are read when the first shape is asked for. The painter asks the fields that the shaper has made; the others paint
    where they are chosen. `views` are drawn by another's where there is one.
    """
    from ...fields.painter import FieldPainter
    from ...fields.painters import Painters
    from .shape.shaper import InstantMeshShaper

    shaper = InstantMeshShaper(weights, models, views or make_six_views(weights, models))
    painters = Painters(
        chosen=lambda settings: settings.instantmesh.paint.instantmesh_painter,
        own=FIELD_PAINT,
        plain=PREVIEW_PAINT,
        projection=projection,
        learned=learned,
    )
    return shaper, FieldPainter(shaper, painters)
