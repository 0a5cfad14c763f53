"""Folders, log, memory."""

from __future__ import annotations

import bpy


class IMG23D_PT_more(bpy.types.Panel):
    bl_idname = "IMG23D_PT_more"
    bl_label = "Files and Help"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Img23D"
    bl_parent_id = "IMG23D_PT_main"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        column = self.layout.column(align=True)
        column.operator("img23d.open_run_folder", text="Open Folder of the Run", icon="FILE_FOLDER")
        column.operator("img23d.open_log", text="Open Log", icon="TEXT")
        column.operator("img23d.copy_report", text="Copy Report", icon="COPYDOWN")
        column.separator()
        column.operator("img23d.free_memory", text="Free Memory", icon="TRASH")


CLASSES = (IMG23D_PT_more,)
