"""Painting of shapes that come without colours: the photo projected, or a learned painter where one is chosen."""

from __future__ import annotations

import numpy as np

from img23d_protocol.messages import Settings
from img23d_protocol.options.triposg import PREVIEW_PAINT

from ...stages import Context, CutOut, Mesh, Painted, Painter, Splats, View


class ChosenPainter(Painter):
    """`projection` paints without a model, `learned` with the one that is chosen."""

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
        painter = self._learned if _is_learned(settings) else self._projection
        return painter.paint(mesh, view, cutout, _for_learned(settings), context, uv=uv)

    def prepares(self, settings: Settings) -> bool:
        return _is_learned(settings) and self._learned.prepares(_for_learned(settings))

    def prepare(self, cutout: CutOut, settings: Settings, context: Context) -> np.ndarray | None:
        return self._learned.prepare(cutout, _for_learned(settings), context)

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
        if _is_learned(settings):
            return self._learned.paint_prepared(mesh, view, cutout, picture, _for_learned(settings), context)
        return self.paint(mesh, view, cutout, settings, context)


def _is_learned(settings: Settings) -> bool:
    return settings.triposg.paint.triposg_painter != PREVIEW_PAINT


def _for_learned(settings: Settings) -> Settings:
    """The choice as the learned painter reads it."""
    return settings.changed(painter=settings.triposg.paint.triposg_painter)
