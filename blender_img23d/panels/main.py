"""The tab's top: photo, names, Generate; while a job runs, how far it is."""

from __future__ import annotations

from operator import and_

import bpy
from bpy.app.translations import pgettext_iface as _

from ..properties import Img23DSceneSettings
from ..scene.owner import Extension, extension
from ..shared.img23d_protocol import ErrorCode
from ..shared.img23d_protocol.choices import HUNYUAN3D_ENGINE, PREVIEW_ENGINE
from .first_run import draw_first_run
from .forecast import draw_forecast
from .look import draw_look
from .help_link import HasHelp
from .photo import draw_photo
from .quality import draw_quality
from .queue import draw_queue, draw_setbacks
from .running import draw_running
from .targets import draw_find_button
from .text import draw_sentence


class IMG23D_PT_main(HasHelp, bpy.types.Panel):
    bl_idname = "IMG23D_PT_main"
    bl_label = "Objects from a Photo"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Img23D"

    def draw(self, context: bpy.types.Context) -> None:
        owner = extension()  # made when the tab is first seen; its timer then loads what is shown here
        values = context.scene.img23d
        column = self.layout.column()
        parts = (column, context, owner, values)
        draw_photo(*parts)
        _draw_names(column, context, values)
        _draw_engine(column, context, owner, values)
        draw_quality(*parts)
        column.prop(values, "layout", text="")
        draw_forecast(*parts)
        _draw_buttons(column, values)
        draw_queue(column, context, owner)  # here, where a job that begins or ends does not move it
        if owner.session.active is None:
            draw_look(column, context, owner)
        else:
            draw_running(*parts)
        _draw_messages(column, context, owner)
        draw_setbacks(column, context, owner)
        draw_first_run(*parts)


def _draw_names(layout: bpy.types.UILayout, context: bpy.types.Context, values: Img23DSceneSettings) -> None:
    layout.label(text="Names, separated by commas:")
    row = layout.row()
    if _has_placeholder():
        row.prop(values, "names", text="", placeholder="red mug, book")
    else:
        row.prop(values, "names", text="")
    if not values.names.strip() and not values.targets:
        _draw_nameless(layout, context, values)
    used = _used(values)
    if used:
        text = _("1 thing from the list below") if used == 1 else _("{count} things from the list below")
        layout.label(text=text.format(count=used), icon="SELECT_SET", translate=False)


def _draw_nameless(layout: bpy.types.UILayout, context: bpy.types.Context, values: Img23DSceneSettings) -> None:
    """The learned engines have no choice: they find what is named."""
    if values.engine == PREVIEW_ENGINE and values.nameless == "each":
        draw_sentence(layout, context, "Without a name each thing that stands out becomes an object.")
    else:
        draw_sentence(layout, context, "Without a name the whole picture becomes one object.")
    if values.engine == PREVIEW_ENGINE:
        layout.prop(values, "nameless", text="")


def _used(values: Img23DSceneSettings) -> int:
    """How many lines of the list are to be made. Read as a whole: two hundred lines one by one would be felt."""
    is_used, has_box = [False] * len(values.targets), [False] * len(values.targets)
    values.targets.foreach_get("use", is_used)
    values.targets.foreach_get("has_box", has_box)
    return sum(map(and_, is_used, has_box))


def _draw_engine(
    layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, values: Img23DSceneSettings
) -> None:
    """What an engine lacks stands with the forecast, as soon as there is a photo to make one for."""
    layout.prop(values, "engine", text="")
    if values.engine == PREVIEW_ENGINE:
        return
    owner.models.want()
    chosen = next((engine for engine in owner.session.engines if engine.id == values.engine), None)
    if values.photo:
        return
    if chosen is not None and not chosen.ready:
        draw_sentence(layout, context, chosen.note, icon="ERROR")
    elif values.engine == HUNYUAN3D_ENGINE and values.texture and owner.models.view.lacks_painter:
        _draw_lacking_painter(layout, context, owner)


def _draw_lacking_painter(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension) -> None:
    draw_sentence(layout, context, "The painter is not downloaded: until it is, the photo is projected.", icon="INFO")
    if not owner.setup.is_running:
        layout.operator("img23d.setup", text="Download the Painter", icon="IMPORT")


def _has_placeholder() -> bool:
    return "placeholder" in bpy.types.UILayout.bl_rna.functions["prop"].parameters


def _draw_buttons(layout: bpy.types.UILayout, values: Img23DSceneSettings) -> None:
    row = layout.split(factor=0.36)
    row.scale_y = 1.6
    draw_find_button(row, values)
    row.operator("img23d.generate", text="Generate", icon="MESH_MONKEY")


def _draw_messages(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension) -> None:
    if owner.applier.waiting:
        draw_sentence(layout, context, owner.applier.waiting, icon="PAUSE")
    if owner.refusal:
        draw_sentence(layout, context, owner.refusal, icon="ERROR")
    newest = owner.session.jobs[0] if owner.session.jobs else None
    is_said = newest is not None and newest.is_pick and newest.code == ErrorCode.NO_REGION  # beside the photo
    is_said |= newest is not None and any(setback.run == newest.id for setback in owner.applier.queue.setbacks)  # with the queue
    if newest is not None and newest.error and not newest.is_past and not is_said:  # here, since the list below may be closed
        draw_sentence(layout, context, f"{_(newest.error)} {_(newest.action)}".rstrip(), icon="ERROR")
    if owner.session.notice:
        draw_sentence(layout, context, owner.session.notice, icon="INFO")


CLASSES = (IMG23D_PT_main,)
