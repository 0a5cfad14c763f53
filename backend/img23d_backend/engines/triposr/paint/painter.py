"""Painting with the field: its colours on all sides, and the photo itself on the front."""

from __future__ import annotations

import numpy as np

from img23d_protocol.messages import Settings
from img23d_protocol.options.light import FIELD_PAINT, PREVIEW_PAINT

from ....cutouts.covering_view import view_of
from ....mesh.projection.blend import ColorsAt, paint_blended
from ....models.load_plan import Report, progress_part
from ....stages import Context, CutOut, Mesh, Painted, Painter, Splats, View
from ....weights.store import WeightStore
from ..shape.plan import make_plan
from ..shape.reconstruct import Fields, Made
from ..shape.solid import solid_of
from .frame import into_field

_ASKED = 0.3  # of the progress, where the field has to be made again
_COARSE = 96  # cells a side that tell where a field's surface lies


class TripoSRPainter(Painter):
    """With the field's colours where nothing else was chosen. `projection` paints without, `learned` with another model."""

    def __init__(self, weights: WeightStore, fields: Fields, *, projection: Painter, learned: Painter) -> None:
        self._weights = weights
        self._fields = fields
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
        """See `stages.Painter`. The field follows from the cut-out alone: where it is not kept any more, it is made again."""
        chosen = settings.light.paint.light_painter
        if chosen != FIELD_PAINT:
            other = self._projection if chosen == PREVIEW_PAINT else self._learned
            return other.paint(mesh, view, cutout, _for_other(settings), context, uv=uv)
        plan = make_plan(settings, self._weights, settings.machine.devices.paint)
        made = self._fields.of(cutout, plan, context, progress_part(context.report, 0.0, _ASKED))
        colors = _colors_on(mesh, view, cutout, made, context.report)
        return paint_blended(mesh, view, cutout, settings.common.texture_size, colors, progress_part(context.report, _ASKED, 1.0), uv=uv)

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
        return self.paint(mesh, view, cutout, settings, context)

    def _is_learned(self, settings: Settings) -> bool:
        return settings.light.paint.light_painter not in (FIELD_PAINT, PREVIEW_PAINT)


def _colors_on(mesh: Mesh, view: View, cutout: CutOut, made: Made, report: Report) -> ColorsAt:
    """A mesh that has just been made of the field lies in its frame; any other one is laid on it first."""
    if made.view is not None and np.array_equal(made.view.matrix, view.matrix):
        return made.field.colors
    solid = solid_of(made.field, _COARSE, 0, progress_part(report, 0.0, _ASKED))
    moved = into_field(mesh, view, solid, view_of(solid.vertices, cutout))
    return lambda points: made.field.colors(moved(points))


def _for_other(settings: Settings) -> Settings:
    """The choice as the learned painter reads it."""
    chosen = settings.light.paint.light_painter
    return settings.changed(painter=PREVIEW_PAINT if chosen == FIELD_PAINT else chosen)
