"""Draft, Balanced, Best: one click instead of a dozen settings."""

from __future__ import annotations

import bpy

from ...core.presets import PRESETS, matching
from ...properties import Img23DSceneSettings
from ...app.owner import Extension


def draw_quality(
    layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, values: Img23DSceneSettings
) -> None:
    """The one that the settings are is pressed; none where they are the artist's own."""
    row, chosen = layout.row(align=True), matching(values)
    for one in PRESETS:
        row.operator("img23d.set_quality", text=one.label, depress=one.name == chosen).quality = one.name
