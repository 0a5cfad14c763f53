"""Painting with the field that a mesh was made of: its colours on all sides, and the photo itself on the front."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from img23d_protocol.messages import Settings

from ..cutouts.covering_view import view_of
from ..cutouts.pose import about_right
from ..mesh.projection.blend import ColorsAt, paint_blended
from ..mesh.projection.frame import into_field
from ..models.load_plan import Report, progress_part
from ..stages import Context, CutOut, Mesh, Painted, Painter, Splats, View

_ASKED = 0.3  # of the progress, where the field has to be made again


@dataclass(frozen=True, kw_only=True)
class ColoredField:
    """`colors` at places in the field's frame, which is glTF's. `view` is that of the mesh that was made of it, None where none was; `solid`
    makes one, roughly. The photo looks at it from `pitch` degrees above its front.
    """

    colors: ColorsAt
    view: View | None
    solid: Callable[[Report], Mesh]
    pitch: float = 0.0


class FieldSource(Protocol):
    def field_of(self, cutout: CutOut, settings: Settings, context: Context, report: Report) -> ColoredField:
        """It follows from the cut-out, the settings and the seed alone: where it is not kept any more, it is made again."""
        ...


@dataclass(frozen=True, kw_only=True)
class Painters:
    """Beside the one with the field: `projection` paints without a model, `learned` with another one. `chosen` reads in the settings which
    paints: `field` and `plain` are the names of the first two.
    """

    chosen: Callable[[Settings], str]
    field: str
    plain: str
    projection: Painter
    learned: Painter

    def other(self, settings: Settings) -> Painter | None:
        """None where the field's colours are chosen."""
        chosen = self.chosen(settings)
        return None if chosen == self.field else self.projection if chosen == self.plain else self.learned

    def settings_of(self, settings: Settings) -> Settings:
        """The choice as the learned painter reads it."""
        chosen = self.chosen(settings)
        return settings.changed(painter=self.plain if chosen == self.field else chosen)


class FieldPainter(Painter):
    """With the field's colours where no other painter is chosen."""

    def __init__(self, source: FieldSource, painters: Painters) -> None:
        self._source = source
        self._painters = painters

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
        if (other := self._painters.other(settings)) is not None:
            return other.paint(mesh, view, cutout, self._painters.settings_of(settings), context, uv=uv)
        field = self._source.field_of(cutout, settings, context, progress_part(context.report, 0.0, _ASKED))
        colors = _colors_on(mesh, view, cutout, field, progress_part(context.report, 0.0, _ASKED))
        return paint_blended(mesh, view, cutout, settings.common.texture_size, colors, progress_part(context.report, _ASKED, 1.0), uv=uv)

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
        return self.paint(mesh, view, cutout, settings, context)

    def _is_learned(self, settings: Settings) -> bool:
        return self._painters.other(settings) is self._painters.learned


def _colors_on(mesh: Mesh, view: View, cutout: CutOut, field: ColoredField, report: Report) -> ColorsAt:
    """A mesh that has just been made of the field lies in its frame; any other one is laid on it first."""
    if field.view is not None and np.array_equal(field.view.matrix, view.matrix):
        return field.colors
    tilt = about_right(field.pitch)  # to the photo's viewer
    solid = field.solid(report)
    turned = replace(solid, vertices=solid.vertices @ tilt.T)
    moved = into_field(mesh, view, turned, view_of(turned.vertices, cutout))
    return lambda points: field.colors(moved(points) @ tilt)
