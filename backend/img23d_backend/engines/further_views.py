"""Views that one engine draws, for the painters of all: nothing is imported before they are wanted, and what draws them is there."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from img23d_protocol.messages import Settings
from img23d_protocol.options.further_views import SIX_VIEWS, VIEWS, ZERO123PLUS

from ..weights.store import WeightStore

if TYPE_CHECKING:
    from ..mesh.projection.drawn_views import DrawnView
    from ..stages import Context, CutOut

_PACKAGES = ("torch", "transformers", "diffusers")
_NOT_THERE = "What draws the six views is not downloaded, so the sides are painted without them: download Zero123++ and InstantMesh views under AI Models."


class FurtherViews(Protocol):
    """Where a painter gets further views of a thing from, beside the artist's own photos."""

    def views_of(self, cutout: CutOut, settings: Settings, context: Context) -> tuple[DrawnView, ...]:
        """From its picture alone. Raises Img23DError (EMPTY_CUTOUT, NO_SURFACE, OUT_OF_MEMORY, WEIGHTS_MISSING, ...)."""
        ...


class ViewsWhereThere(FurtherViews):
    """None where the settings ask for none, or what draws is not there, which is notified."""

    def __init__(self, weights: WeightStore, source: Callable[[], FurtherViews]) -> None:
        self._weights = weights
        self._source = source

    def views_of(self, cutout: CutOut, settings: Settings, context: Context) -> tuple[DrawnView, ...]:
        if settings.further.further_views != SIX_VIEWS:
            return ()
        if not (all(map(self._weights.is_ready, (VIEWS, ZERO123PLUS))) and all(map(importlib.util.find_spec, _PACKAGES))):
            context.notify(_NOT_THERE)
            return ()
        return self._source().views_of(cutout, settings, context)
