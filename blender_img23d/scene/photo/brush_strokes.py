"""The brush strokes of the selected target, or of a part of the mask."""

from __future__ import annotations

from collections.abc import Sequence

import bpy

from ...core.boxes.brush import Point, stroke_of
from ...core.boxes.strokes import parse_strokes, written
from .box_rows import active_row
from .image import photo_aspect


def painted_row(scene: bpy.types.Scene) -> bpy.types.PropertyGroup | None:
    """What the brush paints: a part of the mask, or what belongs to a thing."""
    values = scene.img23d
    if values.paints_parts:
        return values.mask_parts[values.active_mask_part] if 0 <= values.active_mask_part < len(values.mask_parts) else None
    return active_row(scene)


def add_stroke(scene: bpy.types.Scene, points: Sequence[Point], radius: float, *, adds: bool) -> None:
    """Points in fractions of the photo, `radius` in fractions of its width."""
    row = painted_row(scene)
    stroke = stroke_of(points, radius, photo_aspect(scene), adds=adds)
    row.strokes = written((*parse_strokes(row.strokes), stroke))
