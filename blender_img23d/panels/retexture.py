"""A picture onto the mesh that is selected."""

from __future__ import annotations

from pathlib import PurePath

import bpy

from ..scene.faces import can_switch
from .text import draw_sentence


class IMG23D_PT_retexture(bpy.types.Panel):
    bl_idname = "IMG23D_PT_retexture"
    bl_label = "Re-texture Selected Mesh"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Img23D"
    bl_parent_id = "IMG23D_PT_main"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        values = context.scene.img23d
        column = self.layout.column()
        row = column.row(align=True)
        row.prop(values, "retexture_picture", text="")
        row.operator("img23d.choose_photo", text="", icon="FILEBROWSER").purpose = "retexture_picture"
        if not values.retexture_picture and values.photo:
            draw_sentence(column, context, f"Left empty: {PurePath(values.photo).name} is projected.")
        column.row().prop(values, "retexture_view", expand=True)
        obj = context.object
        is_mesh = obj is not None and obj.type == "MESH"
        column.operator("img23d.retexture", text=f"Re-texture {obj.name}" if is_mesh else "Re-texture", icon="TEXTURE")
        if not is_mesh:
            draw_sentence(column, context, "Select a mesh object first.", icon="INFO")
        elif can_switch(obj):
            column.operator("img23d.switch_texture", text="Switch Old and New", icon="ARROW_LEFTRIGHT")


CLASSES = (IMG23D_PT_retexture,)
