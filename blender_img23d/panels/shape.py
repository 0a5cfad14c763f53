"""How the objects are built and painted, for those who want to say so: the children of Advanced."""

from __future__ import annotations

import bpy

from ..properties import Img23DSceneSettings
from ..shared.img23d_protocol.choices import HUNYUAN3D_ENGINE, PREVIEW_ENGINE, PREVIEW_MATTE, PREVIEW_PAINT, TURBO_PAINTER
from .text import draw_sentence


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
        values = context.scene.img23d
        draw = _draw_learned_shape if values.engine == HUNYUAN3D_ENGINE else _draw_outline_shape
        draw(self.settings_column(), values)


def _draw_outline_shape(column: bpy.types.UILayout, values: Img23DSceneSettings) -> None:
    column.prop(values, "shape")
    row = column.row()
    row.active = values.shape != "revolve"
    row.prop(values, "thickness")
    column.prop(values, "faces")
    column.prop(values, "quads")


def _draw_learned_shape(column: bpy.types.UILayout, values: Img23DSceneSettings) -> None:
    column.prop(values, "shape_model", text="Model")
    column.prop(values, "speed")
    column.prop(values, "octree_resolution")
    column.prop(values, "budget")
    column.prop(values, "quads")
    column.separator()
    column.prop(values, "steps")
    column.prop(values, "guidance")


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
        if values.engine == HUNYUAN3D_ENGINE:
            _draw_painter(column, values)


def _draw_painter(column: bpy.types.UILayout, values: Img23DSceneSettings) -> None:
    wide = column.column()
    wide.use_property_split = False  # half of a narrow sidebar would cut off what tells the painters apart
    wide.prop(values, "painter", text="")
    if values.painter == PREVIEW_PAINT:
        return
    wide.prop(values, "delight")
    column.prop(values, "paint_steps")
    if values.painter == TURBO_PAINTER:
        wide.prop(values, "match_positions")
    else:
        column.prop(values, "paint_guidance")


class IMG23D_PT_engine(_Child, bpy.types.Panel):
    bl_idname = "IMG23D_PT_engine"
    bl_label = "Search and Seed"

    def draw(self, context: bpy.types.Context) -> None:
        values = context.scene.img23d
        column = self.settings_column()
        if values.engine != PREVIEW_ENGINE:
            column.prop(values, "grounder")
            column.prop(values, "matter")
        if values.engine == PREVIEW_ENGINE or values.matter == PREVIEW_MATTE:
            column.prop(values, "cutter")
        column.prop(values, "seed")
        draw_sentence(self.layout, context, "-1 draws another seed for every run.")


CLASSES = (IMG23D_PT_shape, IMG23D_PT_texture, IMG23D_PT_engine)
