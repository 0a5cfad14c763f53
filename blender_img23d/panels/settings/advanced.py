"""Everything that can be set, below one line that a beginner need not open."""

from __future__ import annotations

import bpy
from bl_ui.utils import PresetPanel

from ...core.manual import Section
from ..widgets.help_link import draw_help


class IMG23D_PT_presets(PresetPanel, bpy.types.Panel):
    """The artist's own presets, in Blender's own menu for them."""

    bl_idname = "IMG23D_PT_presets"
    bl_label = "Img23D Presets"
    preset_subdir = "img23d"
    preset_operator = "script.execute_preset"
    preset_add_operator = "img23d.add_preset"

    @staticmethod
    def post_cb(context: bpy.types.Context, filepath: str) -> None:
        """Blender runs a preset's file without an undo step."""
        if bpy.ops.ed.undo_push.poll():
            bpy.ops.ed.undo_push(message="Img23D Preset")


class IMG23D_PT_advanced(bpy.types.Panel):
    bl_idname = "IMG23D_PT_advanced"
    bl_label = "Advanced"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Img23D"
    bl_parent_id = "IMG23D_PT_main"
    bl_options = {"DEFAULT_CLOSED"}

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        row = self.layout.row(align=True)
        draw_help(row, Section.SETTINGS)
        IMG23D_PT_presets.draw_panel_header(row)

    def draw(self, context: bpy.types.Context) -> None:
        row = self.layout.row(align=True)
        row.operator("img23d.save_defaults", text="Save as Default", icon="FILE_TICK")
        row.operator("img23d.reset_to_defaults", text="Reset to Defaults", icon="LOOP_BACK")


CLASSES = (IMG23D_PT_presets, IMG23D_PT_advanced)
