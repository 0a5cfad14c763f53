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
from ..stages import Context, CutOut, Mesh, Painted, Splats, View
from .painters import BorrowingPainter, Painters

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


class FieldPainter(BorrowingPainter):
    """With the field's colours where no other painter is chosen."""

    def __init__(self, source: FieldSource, painters: Painters) -> None:
        super().__init__(painters)
        self._source = source

    def paint_itself(
        self, mesh: Mesh, view: View, cutout: CutOut, settings: Settings, context: Context, *, uv: np.ndarray | None, splats: Splats | None
    ) -> Painted:
        field = self._source.field_of(cutout, settings, context, progress_part(context.report, 0.0, _ASKED))
        colors = _colors_on(mesh, view, cutout, field, progress_part(context.report, 0.0, _ASKED))
        return paint_blended(mesh, view, cutout, settings.common.texture_size, colors, progress_part(context.report, _ASKED, 1.0), uv=uv)


def _colors_on(mesh: Mesh, view: View, cutout: CutOut, field: ColoredField, report: Report) -> ColorsAt:
    """A mesh that has just been made of the field lies in its frame; any other one is laid on it first."""
    if field.view is not None and np.array_equal(field.view.matrix, view.matrix):
        return field.colors
    tilt = about_right(field.pitch)  # to the photo's viewer
    solid = field.solid(report)
    turned = replace(solid, vertices=solid.vertices @ tilt.T)
    moved = into_field(mesh, view, turned, view_of(turned.vertices, cutout))
    return lambda points: field.colors(moved(points) @ tilt)
