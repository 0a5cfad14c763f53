"""Everything that can be set, below one line that a beginner need not open."""

from __future__ import annotations

import bpy

from ...core.manual import Section
from ..tab import IMG23D_PT_presets
from ..widgets.help_link import draw_help


def draw_header_preset(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    row = panel.layout.row(align=True)
    draw_help(row, Section.SETTINGS)
    IMG23D_PT_presets.draw_panel_header(row)


def draw(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    row = panel.layout.row(align=True)
    row.operator("img23d.save_defaults", text="Save as Default", icon="FILE_TICK")
    row.operator("img23d.reset_to_defaults", text="Reset to Defaults", icon="LOOP_BACK")
