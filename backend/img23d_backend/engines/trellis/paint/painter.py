"""Painting with splats: their colours on all sides, and the photo itself on the front."""

from __future__ import annotations

import numpy as np

from img23d_protocol.messages import Settings
from img23d_protocol.options.trellis import PREVIEW_PAINT, SPLATS_PAINT

from ....fields.painters import BorrowingPainter, Painters
from ....mesh.projection.blend import paint_blended
from ....stages import Context, CutOut, Mesh, Painted, Painter, Splats, View
from .splat_colors import SplatColors


class TrellisPainter(BorrowingPainter):
    """With the splats' colours where there are splats and nothing else was chosen. `projection` paints without, `learned` with a model."""

    def __init__(self, *, projection: Painter, learned: Painter) -> None:
        super().__init__(
            Painters(
                chosen=lambda settings: settings.trellis.paint.trellis_painter, own=SPLATS_PAINT, plain=PREVIEW_PAINT, projection=projection, learned=learned
            )
        )

    def paint_itself(
        self, mesh: Mesh, view: View, cutout: CutOut, settings: Settings, context: Context, *, uv: np.ndarray | None, splats: Splats | None
    ) -> Painted:
        if splats is None or not len(splats):
            return super().paint_itself(mesh, view, cutout, settings, context, uv=uv, splats=None)
        return paint_blended(mesh, view, cutout, settings.common.texture_size, SplatColors(splats).at, context.report, uv=uv)
