"""Boxes in numbers: where the artist says exactly what is meant."""

from __future__ import annotations

import bpy

from ..properties import Img23DTarget
from .text import draw_sentence


class IMG23D_UL_targets(bpy.types.UIList):
    bl_idname = "IMG23D_UL_targets"

    def draw_item(
        self,
        context: bpy.types.Context,
        layout: bpy.types.UILayout,
        data: bpy.types.AnyType,
        item: Img23DTarget,
        icon: int,
        active_data: bpy.types.AnyType,
        active_property: str,
        index: int = 0,
        flt_flag: int = 0,
    ) -> None:
        row = layout.row(align=True)
        row.prop(item, "name", text="", emboss=False, icon="SELECT_SET")
        if not item.name:
            row.label(text="click twice to name it")


class IMG23D_PT_targets(bpy.types.Panel):
    bl_idname = "IMG23D_PT_targets"
    bl_label = "Found in the Photo"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Img23D"
    bl_parent_id = "IMG23D_PT_main"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        values = context.scene.img23d
        column = self.layout.column()
        draw_sentence(column, context, "A box says where a thing is in the photo. Boxes always win over the search.")
        column.operator("img23d.find_targets", text="Find in Photo", icon="VIEWZOOM")
        row = column.row()
        row.template_list("IMG23D_UL_targets", "", values, "targets", values, "active_target", rows=3, maxrows=6)
        buttons = row.column(align=True)
        buttons.operator("img23d.add_target", text="", icon="ADD")
        buttons.operator("img23d.remove_target", text="", icon="REMOVE")
        buttons.separator()
        buttons.operator("img23d.clear_targets", text="", icon="TRASH")
        if 0 <= values.active_target < len(values.targets):
            _draw_edges(column, values.targets[values.active_target])


def _draw_edges(layout: bpy.types.UILayout, box: bpy.types.PropertyGroup) -> None:
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    column.prop(box, "name")
    edges = column.column(align=True)
    for edge in ("left", "top", "right", "bottom"):
        edges.prop(box, edge, slider=True)


CLASSES = (IMG23D_UL_targets, IMG23D_PT_targets)
