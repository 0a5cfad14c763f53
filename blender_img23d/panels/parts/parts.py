"""Parts of the active object: make them, correct the list, cut, pull them apart, join them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_iface as _

from ...app.owner import Extension, extension_or_none, has_listed
from ...properties import Img23DPart, Img23DSceneSettings
from ...scene.parts.rows import host_of
from ...scene.view.part_shading import is_hidden_by_shading
from ...shared.img23d_protocol.options.settings import splitter_named
from ..widgets.option_rows import draw_rows
from ..widgets.steady_rows import Said, draw_slot, guarded_row
from ..widgets.text import draw_sentence
from .mask import draw_mask
from .readiness import draw_lack
from .record import draw_record

if TYPE_CHECKING:  # Blender's start waits for what panels import
    from ...core.jobs import Job

_ROWS, _LINES = 6, 3  # of the list, and of what is said below
_PLACE = "parts"  # of the button that goes on: the second click of a double-click on one must not press the next one
_EXPLODE = '["explode"]'  # see scene.parts.explode


def draw_item(context: bpy.types.Context, layout: bpy.types.UILayout, item: Img23DPart) -> None:
    """A line of the list of parts."""
    row = layout.row(align=True)
    mark = "RESTRICT_SELECT_OFF" if item.is_marked else "RESTRICT_SELECT_ON"
    row.operator("img23d.mark_part", text="", icon=mark, emboss=False).number = item.number
    swatch = row.row(align=True)
    swatch.scale_x = 0.35
    swatch.prop(item, "color", text="")
    name = row.row(align=True)
    name.active = item.use
    name.prop(item, "name", text="", emboss=False)
    row.prop(item, "is_shown", text="", icon="HIDE_OFF" if item.is_shown else "HIDE_ON", emboss=False)
    row.prop(item, "use", text="")


def is_shown(context: bpy.types.Context) -> bool:
    """As soon as a run is begun, too: its end selects what it made, and the mouse may then be on what stands below."""
    obj = context.object
    return (obj is not None and (obj.type == "MESH" or _group(obj) is not None)) or has_listed()


def draw(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    owner, values, column = extension_or_none(), context.scene.img23d, panel.layout.column()
    if owner is None:
        return
    host, group = host_of(context.object), _group(context.object)
    if host is not None:
        _draw_list(column, context, owner, values, host)
    elif group is not None:
        _draw_group(column, context, owner, group)
    else:
        _draw_making(column, context, owner, values)
    draw_slot(column, context, _said(owner), lines=_LINES)


def _group(obj: bpy.types.Object | None) -> bpy.types.Object | None:
    """The empty that holds a part, or the object itself where it is one (see scene.parts.records)."""
    if obj is None:
        return None
    group = obj if "img23d_whole" in obj else obj.get("img23d_part_group")
    return group if isinstance(group, bpy.types.Object) and "img23d_whole" in group and group.users_scene else None


# --- before there is a preview ------------------------------------------------------------------------------------------


def _draw_making(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, values: Img23DSceneSettings) -> None:
    splitter = splitter_named(values.splitter)
    layout.prop(values, "splitter", text="With")
    if splitter.heeds_mesh and splitter.heeds_picture:
        layout.prop(values, "parts_from")
    draw_rows(layout.column(), values, "parts", splitter, without=("splitter", "parts_closed"))
    if splitter.heeds_mask and values.parts_from != "MESH":
        draw_mask(layout, context, values)
    draw_lack(layout, context, owner, values)
    obj = context.object
    name = obj.name if obj is not None and obj.type == "MESH" else ""
    row = guarded_row(layout, context, owner, _PLACE, ("make", name))
    row.scale_y = 1.3
    takes_picture = splitter.heeds_picture and values.parts_from == "PICTURE"
    row.enabled = row.enabled and (bool(name) or takes_picture)
    row.operator("img23d.make_parts", text=_("Make Parts of {name}").format(name=name) if name and not takes_picture else _("Make Parts"), icon="MOD_EXPLODE")


# --- the preview --------------------------------------------------------------------------------------------------------


def _draw_list(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, values: Img23DSceneSettings, host: bpy.types.Object) -> None:
    parts, splitter = host.img23d_parts, splitter_named(values.splitter)
    layout.template_list("IMG23D_UL_parts", "", parts, "rows", parts, "active", rows=_ROWS, maxrows=_ROWS, sort_lock=True)
    count = sum(row.is_marked for row in parts.rows)
    row = layout.row(align=True)
    merging = guarded_row(row, context, owner, "merge parts", count)
    merging.enabled = count > 1
    merging.operator("img23d.merge_parts", text=_("Merge {count}").format(count=count) if count > 1 else _("Merge"), icon="AUTOMERGE_ON")
    row.operator("img23d.show_part_colors", text="Colours", icon="SHADING_TEXTURE", depress=not is_hidden_by_shading(context))
    if splitter.heeds("parts_more") and not values.parts_count:
        row = layout.row(align=True)
        row.operator("img23d.split_again", text="Fewer", icon="REMOVE").step = -0.5
        row.prop(values, "parts_more", text="")
        row.operator("img23d.split_again", text="More", icon="ADD").step = 0.5
    layout.operator("img23d.split_again", text="Split Again", icon="FILE_REFRESH")
    if parts.note:
        draw_sentence(layout, context, parts.note, icon="INFO")
    made = sum(row.use for row in parts.rows)
    is_open = bool(parts.rows and parts.rows[0].files)  # what a model made is closed, or not, by itself
    if not is_open:
        layout.prop(values, "parts_closed")
    row = guarded_row(layout, context, owner, _PLACE, ("cut", host.name))
    row.scale_y = 1.3
    row.operator("img23d.cut_parts", text=_("Cut into {count} Parts").format(count=made), icon="MOD_EXPLODE")
    row.operator("img23d.discard_parts", text="", icon="TRASH")


# --- after the cut ------------------------------------------------------------------------------------------------------


def _draw_group(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, group: bpy.types.Object) -> None:
    if "explode" in group:
        layout.prop(group, _EXPLODE, text="Explode", slider=True)
    row = guarded_row(layout, context, owner, _PLACE, ("join", group.name))
    row.operator("img23d.join_parts", text="Join Back", icon="AUTOMERGE_ON")
    if context.object is not group:
        draw_record(layout, context, owner, context.object)


# --- what is said -------------------------------------------------------------------------------------------------------


def _said(owner: Extension) -> list[Said]:
    """Of the newest splitting: what went wrong, what it waits for, or what there is to know."""
    job = next((one for one in owner.session.jobs if one.is_split or one.is_close), None)
    if owner.refusal:
        return [Said(text=owner.refusal, icon="ERROR")]
    if job is None:
        return []
    failure = owner.applier.failures.get((job.id, 0), "") or (job.error if not job.is_past else "")
    if failure:
        return [Said(text=failure, icon="ERROR")]
    if not job.is_over:
        return [Said(text=_doing(job), icon="TIME")]
    return [Said(text=note, icon="INFO") for note in job.notes]


def _doing(job: Job) -> str:
    return job.note or ("The parts are being closed." if job.is_close else "The parts are being looked for.")
