"""TripoSR as a shaper and a painter (Tochilkin et al., TripoSR: Fast 3D Object Reconstruction from a Single Image, 2024)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from img23d_protocol.options.light import FIELD_PAINT, PREVIEW_PAINT

from ...weights.store import WeightStore

if TYPE_CHECKING:
    from ...fields.painter import FieldPainter
    from ...models.store import ModelStore
    from ...stages import Painter
    from .shape.shaper import TripoSRShaper


def make_shaper_and_painter(weights: WeightStore, models: ModelStore, *, projection: Painter, learned: Painter) -> tuple[TripoSRShaper, FieldPainter]:
    """Cheap: the network is read when the first shape is asked for. The painter asks the fields that the shaper has made; the others paint
    where they are chosen.
    """
    from ...fields.painter import FieldPainter
    from ...fields.painters import Painters
    from .shape.shaper import TripoSRShaper

    shaper = TripoSRShaper(weights, models)
    painters = Painters(
        chosen=lambda settings: settings.light.paint.light_painter, own=FIELD_PAINT, plain=PREVIEW_PAINT, projection=projection, learned=learned
    )
    return shaper, FieldPainter(shaper, painters)
