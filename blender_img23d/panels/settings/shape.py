"""How the objects are built and painted, for those who want to say so: the children of Advanced."""

from __future__ import annotations

from functools import partial

import bpy

from ...app.owner import Extension, extension
from ...shared.img23d_protocol.options.settings import engine_named
from ..widgets.option_rows import draw_rows
from ..widgets.text import draw_sentence


class _Child:
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Img23D"
    bl_parent_id = "IMG23D_PT_advanced"
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
        draw_rows(self.settings_column(), context.scene.img23d, "shape")


class IMG23D_PT_texture(_Child, bpy.types.Panel):
    bl_idname = "IMG23D_PT_texture"
    bl_label = "Texture"

    def draw_header(self, context: bpy.types.Context) -> None:
        self.layout.prop(context.scene.img23d, "texture", text="")

    def draw(self, context: bpy.types.Context) -> None:
        values = context.scene.img23d
        column = self.settings_column()
        column.active = values.texture
        draw_rows(column, values, "texture")
        if not engine_named(values.engine).makes_meshes(partial(getattr, values)):
            draw_sentence(self.layout, context, "Splats have colours and no texture.", icon="INFO")


class IMG23D_PT_edit(_Child, bpy.types.Panel):
    bl_idname = "IMG23D_PT_edit"
    bl_label = "Clean the Picture First"

    def draw_header(self, context: bpy.types.Context) -> None:
        self.layout.prop(context.scene.img23d, "edit", text="")

    def draw(self, context: bpy.types.Context) -> None:
        values, owner = context.scene.img23d, extension()
        column = self.settings_column()
        column.active = values.edit
        draw_rows(column, values, "edit")
        column.operator("img23d.write_edit", text="Change the Text", icon="GREASEPENCIL")
        if values.edit:
            owner.models.want()
            _draw_editor_lack(self.layout, context, owner)


def _draw_editor_lack(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension) -> None:
    """Where the chosen model cannot work yet, and what helps."""
    view = owner.models.view
    if view.lacks_editor:
        draw_sentence(layout, context, "The model that cleans pictures is not downloaded.", icon="INFO")
        layout.operator("img23d.download_editor", text="Download It", icon="IMPORT")
    elif view.environment.is_ours and not view.environment.is_ready:
        draw_sentence(layout, context, "Cleaning needs the AI models' environment: press Set Up AI Models.", icon="INFO")


class IMG23D_PT_engine(_Child, bpy.types.Panel):
    bl_idname = "IMG23D_PT_engine"
    bl_label = "Search and Seed"

    def draw(self, context: bpy.types.Context) -> None:
        values = context.scene.img23d
        column = self.settings_column()
        draw_rows(column, values, "search")
        column.prop(values, "seed")
        draw_sentence(self.layout, context, "-1 draws another seed for every run.")


CLASSES = (IMG23D_PT_edit, IMG23D_PT_shape, IMG23D_PT_texture, IMG23D_PT_engine)
