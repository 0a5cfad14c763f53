"""How the objects are built and painted, for those who want to say so: the children of Advanced."""

from __future__ import annotations

from functools import partial

import bpy

from ...app.owner import Extension, extension
from ...shared.img23d_protocol.options.settings import engine_named
from ..widgets.option_rows import draw_rows
from ..widgets.text import draw_sentence


def _column(panel: bpy.types.Panel) -> bpy.types.UILayout:
    column = panel.layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    return column


def draw_shape(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    draw_rows(_column(panel), context.scene.img23d, "shape")


def draw_texture_header(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    panel.layout.prop(context.scene.img23d, "texture", text="")


def draw_texture(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    values = context.scene.img23d
    column = _column(panel)
    column.active = values.texture
    draw_rows(column, values, "texture")
    if not engine_named(values.engine).makes_meshes(partial(getattr, values)):
        draw_sentence(panel.layout, context, "Splats have colours and no texture.", icon="INFO")


def draw_edit_header(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    panel.layout.prop(context.scene.img23d, "edit", text="")


def draw_edit(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    values, owner = context.scene.img23d, extension()
    column = _column(panel)
    column.active = values.edit
    draw_rows(column, values, "edit")
    column.operator("img23d.write_edit", text="Change the Text", icon="GREASEPENCIL")
    if values.edit:
        owner.models.want()
        _draw_editor_lack(panel.layout, context, owner)


def _draw_editor_lack(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension) -> None:
    """Where the chosen model cannot work yet, and what helps."""
    view = owner.models.view
    if view.lacks_editor:
        draw_sentence(layout, context, "The model that cleans pictures is not downloaded.", icon="INFO")
        layout.operator("img23d.download_editor", text="Download It", icon="IMPORT")
    elif view.environment.is_ours and not view.environment.is_ready:
        draw_sentence(layout, context, "Cleaning needs the AI models' environment: press Set Up AI Models.", icon="INFO")


def draw_engine(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    values = context.scene.img23d
    column = _column(panel)
    draw_rows(column, values, "search")
    column.prop(values, "seed")
    draw_sentence(panel.layout, context, "-1 draws another seed for every run.")
