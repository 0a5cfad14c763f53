"""The brush strokes of the selected target."""

from __future__ import annotations

from collections.abc import Sequence

import bpy

from ...core.boxes.brush import Point, stroke_of
from ...core.boxes.strokes import parse_strokes, written
from .box_rows import active_row
from .image import photo_aspect


def add_stroke(scene: bpy.types.Scene, points: Sequence[Point], radius: float, *, adds: bool) -> None:
    """Points in fractions of the photo, `radius` in fractions of its width."""
    row = active_row(scene)
    stroke = stroke_of(points, radius, photo_aspect(scene), adds=adds)
    row.strokes = written((*parse_strokes(row.strokes), stroke))
