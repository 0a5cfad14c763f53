"""TripoSR as a shaper and a painter (Tochilkin et al., TripoSR: Fast 3D Object Reconstruction from a Single Image, 2024)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...weights.store import WeightStore

if TYPE_CHECKING:
    from ...models.store import ModelStore
    from ...stages import Painter
    from .paint.painter import TripoSRPainter
    from .shape.shaper import TripoSRShaper


def make_shaper_and_painter(weights: WeightStore, models: ModelStore, *, projection: Painter, learned: Painter) -> tuple[TripoSRShaper, TripoSRPainter]:
    """Cheap: the network is read when the first shape is asked for. The painter asks the fields that the shaper has made; the others paint
    where they are chosen.
    """
    from .paint.painter import TripoSRPainter
    from .shape.reconstruct import Fields
    from .shape.shaper import TripoSRShaper

    fields = Fields(models)
    return TripoSRShaper(weights, models, fields), TripoSRPainter(weights, fields, projection=projection, learned=learned)
