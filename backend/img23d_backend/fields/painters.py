"""Painting with an engine's own colours, or with another painter where the settings say so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from img23d_protocol.messages import Settings

from ..stages import Context, CutOut, Mesh, Painted, Painter, Splats, View


@dataclass(frozen=True, kw_only=True)
class Painters:
    """Beside the engine's own: `projection` paints without a model, `learned` with another one. `chosen` reads in the settings which
    paints: `own` and `plain` are the names of the first two; an engine without colours of its own has no `own`.
    """

    chosen: Callable[[Settings], str]
    own: str = ""
    plain: str
    projection: Painter
    learned: Painter

    def other(self, settings: Settings) -> Painter | None:
        """None where the engine's own colours are chosen."""
        chosen = self.chosen(settings)
        return None if chosen == self.own else self.projection if chosen == self.plain else self.learned

    def settings_of(self, settings: Settings) -> Settings:
        """The choice as the learned painter reads it."""
        chosen = self.chosen(settings)
        return settings.changed(painter=self.plain if chosen == self.own else chosen)


class BorrowingPainter(Painter):
    """Paints itself where its own colours are chosen, otherwise another one does."""

    def __init__(self, painters: Painters) -> None:
        self._painters = painters

    def paint_itself(
        self, mesh: Mesh, view: View, cutout: CutOut, settings: Settings, context: Context, *, uv: np.ndarray | None, splats: Splats | None
    ) -> Painted:
        """As `paint`; the projection, where there are no colours of its own."""
        return self._painters.projection.paint(mesh, view, cutout, self._painters.settings_of(settings), context, uv=uv)

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
        other = self._painters.other(settings)
        if other is not None:
            return other.paint(mesh, view, cutout, self._painters.settings_of(settings), context, uv=uv)
        return self.paint_itself(mesh, view, cutout, settings, context, uv=uv, splats=splats)

    def prepares(self, settings: Settings) -> bool:
        return self._is_learned(settings) and self._painters.learned.prepares(self._painters.settings_of(settings))

    def prepare(self, cutout: CutOut, settings: Settings, context: Context) -> np.ndarray | None:
        return self._painters.learned.prepare(cutout, self._painters.settings_of(settings), context)

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
            return self._painters.learned.paint_prepared(mesh, view, cutout, picture, self._painters.settings_of(settings), context)
        return self.paint(mesh, view, cutout, settings, context, splats=splats)

    def _is_learned(self, settings: Settings) -> bool:
        chosen = self._painters.chosen(settings)
        return chosen not in (self._painters.own, self._painters.plain)
