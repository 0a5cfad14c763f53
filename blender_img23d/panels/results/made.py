"""How the active object was made, and the buttons that make it once more."""

from __future__ import annotations

import time
from pathlib import PurePath
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_iface as _

from ...app.owner import Extension, extension_or_none, has_listed
from ...scene.file.tags import is_result
from ..parts.record import draw_record
from ..widgets.steady_rows import guarded_row
from ..widgets.text import draw_sentence
from .history import when

if TYPE_CHECKING:
    from ...app.history import Making
    from ...core.runs.recipe import Recipe


def is_shown(context: bpy.types.Context) -> bool:
    """As soon as a run is begun: its end selects what it made, and the mouse may then be on what stands below."""
    return _is_made(context) or has_listed() or _is_part(context)


def draw(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    owner = extension_or_none()
    if owner is None:
        return
    if _is_part(context):
        draw_record(panel.layout, context, owner, context.object)
        return
    if not _is_made(context):
        draw_sentence(panel.layout, context, "Select an object that was made from a photo.", icon="INFO")
        return
    making, column = owner.history.making(context.object), panel.layout.column()
    _draw_origin(column, context, owner, making.recipe)
    _draw_settings(column, making)
    _draw_again(column, context, owner)
    _draw_more(column)


def _is_part(context: bpy.types.Context) -> bool:
    return context.object is not None and "img23d_part_of" in context.object


def _is_made(context: bpy.types.Context) -> bool:
    return context.object is not None and is_result(context.object)


def _draw_origin(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, recipe: Recipe) -> None:
    icon = owner.thumbnails.icon(recipe.cutout) or owner.thumbnails.icon(recipe.photo)
    if icon:
        layout.template_icon(icon_value=icon, scale=5.0)
    photo = PurePath(recipe.photo).name
    text = _("“{name}” from {photo}").format(name=recipe.name, photo=photo) if photo else f"“{recipe.name}”"
    draw_sentence(layout, context, text, icon="IMAGE_DATA")
    if recipe.started:
        row = layout.row(align=True)
        row.label(text=when(recipe.started, time.time()), icon="TIME", translate=False)
        row.operator("img23d.open_made_folder", text="Folder", icon="FILE_FOLDER")


def _draw_settings(layout: bpy.types.UILayout, making: Making) -> None:
    box = layout.box().column(align=True)
    box.scale_y = 0.8
    for label, value in making.words:
        _draw_pair(box, label, value)
    row = layout.row(align=True)
    row.label(text=_("Seed {seed}").format(seed=making.recipe.seed), translate=False)
    row.operator("img23d.use_seed", text="Use Seed", icon="LOOP_BACK").seed = making.recipe.seed


def _draw_pair(layout: bpy.types.UILayout, label: str, value: str) -> None:
    split = layout.split(factor=0.4)
    left = split.row()
    left.alignment = "RIGHT"
    left.label(text=label)
    split.label(text=value)


def _draw_again(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension) -> None:
    """For the active object, which may be another one when a run ends."""
    state = context.window_manager.img23d
    layout.prop(state, "again_with_panel")
    row = layout.row(align=True)
    row.prop(state, "again_place", expand=True)
    layout.prop(state, "again_variants")
    _draw_buttons(layout, context, owner)
    row = guarded_row(layout, context, owner, "compare", context.object.name)
    row.operator("img23d.compare_engines", text="Compare Engines...", icon="MOD_ARRAY")


def _draw_buttons(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension) -> None:
    state = context.window_manager.img23d
    row = guarded_row(layout, context, owner, "again", (context.object.name, state.again_variants > 1))
    if state.again_variants > 1:
        text = _("Make {count} Variants").format(count=state.again_variants)
        button = row.operator("img23d.make_again", text=text, icon="MOD_NOISE")
        button.variants, button.new_seed, button.with_panel = state.again_variants, True, state.again_with_panel
        return
    for text, icon, new_seed in (("Again", "FILE_REFRESH", False), ("Another", "MOD_NOISE", True)):
        button = row.operator("img23d.make_again", text=text, icon=icon)
        button.new_seed, button.with_panel = new_seed, state.again_with_panel


def _draw_more(layout: bpy.types.UILayout) -> None:
    row = layout.row(align=True)
    row.operator("img23d.set_real_height", text="Real Height...", icon="EMPTY_SINGLE_ARROW")
    row.operator("img23d.use_photo_camera", text="Photo's Camera", icon="CAMERA_DATA")
    layout.operator("img23d.mark_asset", text="Mark as Asset", icon="ASSET_MANAGER")
