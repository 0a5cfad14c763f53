"""A picture onto the meshes that are selected."""

from __future__ import annotations

from functools import partial
from pathlib import PurePath

import bpy
from bpy.app.translations import pgettext_iface as _

from ...app.owner import extension_or_none
from ...properties import Img23DSceneSettings
from ...scene.file.folders import absolute
from ...scene.file.tags import ENGINE
from ...scene.mesh.chosen import can_switch, chosen_meshes
from ...scene.retexture.own_picture import has_own_picture
from ...shared.img23d_protocol.options.settings import engine_named
from ..widgets.steady_rows import draw_gap, guarded_row
from ..widgets.text import draw_sentence

_PICTURE = 5.0  # height in buttons


def draw(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    owner, values, meshes = extension_or_none(), context.scene.img23d, chosen_meshes(context)
    column = panel.layout.column()
    _draw_picture(column, context, values, meshes)
    _draw_splats(column, context, values, meshes)
    column.row().prop(values, "retexture_view", expand=True)
    column.row().prop(values, "retexture_uv", expand=True)
    if values.retexture_uv == "OWN" and any(not len(obj.data.uv_layers) for obj in meshes):
        draw_sentence(column, context, "A mesh without a UV map gets a new one.", icon="INFO")
    names = tuple(obj.name for obj in meshes)
    button_row = guarded_row(column, context, owner, "re-texture", names) if owner is not None else column
    button_row.operator("img23d.retexture", text=_button(meshes), icon="TEXTURE")
    if not meshes:
        draw_sentence(column, context, "Select a mesh object first.", icon="INFO")
    else:  # always there, so that the first re-texture pushes nothing down
        row = column.row()
        row.enabled = any(can_switch(obj) for obj in meshes)
        row.operator("img23d.switch_texture", text="Switch Old and New", icon="ARROW_LEFTRIGHT")
    _draw_row(column, context)


def _draw_picture(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    values: Img23DSceneSettings,
    meshes: list[bpy.types.Object],
) -> None:
    owner = extension_or_none()
    if values.retexture_picture:
        icon = owner.thumbnails.icon(absolute(values.retexture_picture)) if owner is not None else 0
        if icon:
            layout.template_icon(icon_value=icon, scale=_PICTURE)
        else:
            draw_gap(layout, _PICTURE)
    row = layout.row(align=True)
    row.prop(values, "retexture_picture", text="")
    row.operator("img23d.choose_photo", text="", icon="FILEBROWSER").purpose = "retexture_picture"
    if values.retexture_picture:
        return
    made = sum(map(has_own_picture, meshes))
    if made:
        one = _("Left empty: the picture that “{name}” was made from is used.")
        sentence = one if len(meshes) == 1 else _("Left empty: the picture that each object was made from is used.")
        draw_sentence(layout, context, sentence.format(name=meshes[0].name))
    if values.photo and (made < len(meshes) or not meshes):
        sentence = _("Left empty: {name} is used for the others.") if made else _("Left empty: {name} is used.")
        draw_sentence(layout, context, sentence.format(name=PurePath(values.photo).name))


def _draw_splats(layout: bpy.types.UILayout, context: bpy.types.Context, values: Img23DSceneSettings, meshes: list[bpy.types.Object]) -> None:
    """For a mesh of an engine that makes splats; whether it has some its run's folder tells."""
    owner, obj = extension_or_none(), context.object
    if owner is None or obj not in meshes or not engine_named(str(obj.get(ENGINE, ""))).splat_painting:
        return
    row, has_splats = layout.row(), bool(owner.history.making(obj).recipe.splats)
    is_chosen = engine_named(values.engine).paints_from_splats(partial(getattr, values))
    if has_splats and is_chosen:
        row.label(text="The colours come from its splats.", icon="INFO")
        return
    row.enabled = has_splats
    row.prop(values, "retexture_splats")


def _button(meshes: list[bpy.types.Object]) -> str:
    if len(meshes) == 1:
        return _("Re-texture {name}").format(name=meshes[0].name)
    return _("Re-texture {count} Meshes").format(count=len(meshes)) if meshes else _("Re-texture")


def _draw_row(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Which of several meshes is being painted, and which could not be."""
    owner = extension_or_none()
    steps = owner.applier.queue.steps if owner is not None else []
    if len(steps) < 2:
        return
    if owner.applier.retexturer.progress:
        draw_sentence(layout, context, owner.applier.retexturer.progress, icon="TIME")
        guarded_row(layout, context, owner, "the rest", "cancel").operator("img23d.cancel", text="Cancel the Rest", icon="CANCEL")
    for step in steps:
        if step.sentence:
            draw_sentence(layout, context, f"{step.name}: {_(step.sentence)}", icon="ERROR")
