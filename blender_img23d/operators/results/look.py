"""How the viewport shows what was made."""

from __future__ import annotations

import bpy


class IMG23D_OT_show_textures(bpy.types.Operator):
    bl_idname = "img23d.show_textures"
    bl_label = "Img23D: Show Textures in the Viewport"
    bl_description = "Switch this viewport to Material Preview, since Solid shading shows one colour an object"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        cls.poll_message_set("This works in a 3D viewport")
        return context.space_data is not None and context.space_data.type == "VIEW_3D"

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.space_data.shading.type = "MATERIAL"
        return {"FINISHED"}


CLASSES = (IMG23D_OT_show_textures,)
