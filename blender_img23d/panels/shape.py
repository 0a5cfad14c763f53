"""How the objects are built and painted, for those who want to say so."""

from __future__ import annotations

import bpy

from .text import draw_sentence


class _Child:
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Img23D"
    bl_parent_id = "IMG23D_PT_main"
    bl_options = {"DEFAULT_CLOSED"}

    def settings_column(self) -> bpy.types.UILayout:
        column = self.layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        return column


class IMG23D_PT_shape(_Child, bpy.types.Panel):
    bl_idname = "IMG23D_PT_shape"
    bl_label = "Shape"

    def draw(self, context: bpy.types.Context) -> None:
        values = context.scene.img23d
        column = self.settings_column()
        column.prop(values, "shape")
        row = column.row()
        row.active = values.shape != "revolve"
        row.prop(values, "thickness")
        column.prop(values, "faces")


class IMG23D_PT_texture(_Child, bpy.types.Panel):
    bl_idname = "IMG23D_PT_texture"
    bl_label = "Texture"

    def draw_header(self, context: bpy.types.Context) -> None:
        self.layout.prop(context.scene.img23d, "texture", text="")

    def draw(self, context: bpy.types.Context) -> None:
        values = context.scene.img23d
        column = self.settings_column()
        column.active = values.texture
        column.prop(values, "texture_size", text="Size")


class IMG23D_PT_engine(_Child, bpy.types.Panel):
    bl_idname = "IMG23D_PT_engine"
    bl_label = "Engine and Seed"

    def draw(self, context: bpy.types.Context) -> None:
        values = context.scene.img23d
        self.layout.prop(values, "engine", text="")
        self.settings_column().prop(values, "seed")
        draw_sentence(self.layout, context, "-1 draws another seed for every run.")


CLASSES = (IMG23D_PT_shape, IMG23D_PT_texture, IMG23D_PT_engine)
