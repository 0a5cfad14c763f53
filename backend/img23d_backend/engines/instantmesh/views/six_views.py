"""The six views of a thing, drawn once for all that looks at them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from img23d_protocol.messages import Settings

from ....mesh.projection.drawn_views import DrawnView
from ....models.load_plan import Report, with_frugal_plans
from ....result_cache import ResultCache
from ....stages import Context, CutOut
from ....weights.store import WeightStore
from ..loading.plan import ViewPlan, make_view_plan
from .cameras import AZIMUTHS, DISTANCE, ELEVATIONS, FIELD_OF_VIEW
from .drawing import draw_views, picture_of

if TYPE_CHECKING:
    from ....models.store import ModelStore

_MOST = 32  # things, of 2 MB each


class SixViews:
    """Zero123++ at work. It keeps what it has drawn; its networks live in the model store."""

    def __init__(self, weights: WeightStore, models: ModelStore) -> None:
        self._weights = weights
        self._models = models
        self._drawn: ResultCache[np.ndarray] = ResultCache(_MOST)

    def plan(self, settings: Settings, device: str) -> ViewPlan:
        """See `make_view_plan`."""
        return make_view_plan(settings, self._weights, device)

    def of(self, rgba: np.ndarray, plan: ViewPlan, context: Context, report: Report) -> np.ndarray:
        """A cut-out (h, w, 4) uint8 to (6, 320, 320, 3) uint8. Raises Img23DError (EMPTY_CUTOUT, NO_SURFACE, OUT_OF_MEMORY, ...)."""
        picture = picture_of(rgba)

        def draw() -> np.ndarray:
            def drawn(one: ViewPlan) -> np.ndarray:
                return draw_views(picture, context.seed, one, self._models, report, context.show)

            views = with_frugal_plans(plan, drawn, context, self._models)
            context.show(_sheet(views))
            return views

        return self._drawn.get((key_of(picture, plan, context),), draw)

    def views_of(self, cutout: CutOut, settings: Settings, context: Context) -> tuple[DrawnView, ...]:
        """See `FurtherViews`."""
        images = self.of(cutout.rgba, self.plan(settings, settings.machine.devices.paint), context, context.report)
        return tuple(
            DrawnView(image=image, azimuth=azimuth, elevation=elevation, field_of_view=FIELD_OF_VIEW, distance=DISTANCE)
            for image, azimuth, elevation in zip(images, AZIMUTHS, ELEVATIONS, strict=True)
        )


def key_of(picture: np.ndarray, plan: ViewPlan, context: Context) -> str:
    """What the views of a picture follow from."""
    return hashlib.sha256(repr((context.seed, *plan.makes_the_same())).encode() + picture.tobytes()).hexdigest()


def _sheet(views: np.ndarray) -> np.ndarray:
    """(3 s, 2 s, 3): as they were drawn, two in a row."""
    return np.concatenate([np.concatenate(list(row), axis=1) for row in views.reshape(3, 2, *views.shape[1:])])
