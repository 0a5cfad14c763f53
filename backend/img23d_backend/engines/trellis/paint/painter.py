"""Painting with splats: their colours on all sides, and the photo itself on the front."""

from __future__ import annotations

import numpy as np

from img23d_protocol.messages import Settings
from img23d_protocol.options.trellis import PREVIEW_PAINT, SPLATS_PAINT

from ....mesh.projection.blend import paint_blended
from ....stages import Context, CutOut, Mesh, Painted, Painter, Splats, View
from .splat_colors import SplatColors


class TrellisPainter(Painter):
    """With the splats' colours where there are splats and nothing else was chosen. `projection` paints without, `learned` with a model."""

    def __init__(self, *, projection: Painter, learned: Painter) -> None:
        self._projection = projection
        self._learned = learned

    def paint(
        self,
        mesh: Mesh,
        view: View,
        cutout: CutOut,
        settings: Settings,
        context: Context,
        *,
        uv: np.ndarray | None = None,
        splats: Splats | None = None,
    ) -> Painted:
        """See `stages.Painter`."""
        other = self._other(settings, splats)
        if other is not None:
            return other.paint(mesh, view, cutout, _for_other(settings), context, uv=uv)
        assert splats is not None, "without any the projection paints"
        return paint_blended(mesh, view, cutout, settings.common.texture_size, SplatColors(splats).at, context.report, uv=uv)

    def prepares(self, settings: Settings) -> bool:
        return self._is_learned(settings) and self._learned.prepares(_for_other(settings))

    def prepare(self, cutout: CutOut, settings: Settings, context: Context) -> np.ndarray | None:
        return self._learned.prepare(cutout, _for_other(settings), context)

    def paint_prepared(
        self,
        mesh: Mesh,
        view: View,
        cutout: CutOut,
        picture: np.ndarray | None,
        settings: Settings,
        context: Context,
        *,
        splats: Splats | None = None,
    ) -> Painted:
        if self._is_learned(settings):
            return self._learned.paint_prepared(mesh, view, cutout, picture, _for_other(settings), context)
        return self.paint(mesh, view, cutout, settings, context, splats=splats)

    def _is_learned(self, settings: Settings) -> bool:
        return settings.trellis.paint.trellis_painter not in (SPLATS_PAINT, PREVIEW_PAINT)

    def _other(self, settings: Settings, splats: Splats | None) -> Painter | None:
        if self._is_learned(settings):
            return self._learned
        has_splats = splats is not None and len(splats) > 0
        return None if has_splats and settings.trellis.paint.trellis_painter == SPLATS_PAINT else self._projection


def _for_other(settings: Settings) -> Settings:
    """The choice as the learned painter reads it."""
    chosen = settings.trellis.paint.trellis_painter
    return settings.changed(painter=PREVIEW_PAINT if chosen == SPLATS_PAINT else chosen)
