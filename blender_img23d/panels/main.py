"""The tab's top: photo, names, Generate; while a job runs, how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..core.states import JobState, SessionState
from ..properties import Img23DSceneSettings
from ..scene.owner import Extension, extension
from ..shared.img23d_protocol.choices import ENGINES, HUNYUAN3D_ENGINE, PREVIEW_ENGINE
from .first_run import draw_first_run
from .photo import draw_photo
from .text import draw_sentence

if TYPE_CHECKING:
    from ..core.jobs import Job


class IMG23D_PT_main(bpy.types.Panel):
    bl_idname = "IMG23D_PT_main"
    bl_label = "Objects from a Photo"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Img23D"

    def draw(self, context: bpy.types.Context) -> None:
        owner = extension()  # made when the tab is first seen; its timer then loads what is shown here
        values = context.scene.img23d
        column = self.layout.column()
        draw_photo(column, context, owner, values)
        _draw_names(column, context, values)
        _draw_engine(column, context, owner, values)
        draw_first_run(column, context, owner, values)
        _draw_button(column, owner)
        _draw_messages(column, context, owner)


def _draw_names(layout: bpy.types.UILayout, context: bpy.types.Context, values: Img23DSceneSettings) -> None:
    layout.label(text="Names, separated by commas:")
    row = layout.row()
    if _has_placeholder():
        row.prop(values, "names", text="", placeholder="red mug, book")
    else:
        row.prop(values, "names", text="")
    if not values.names.strip() and not values.targets:
        draw_sentence(layout, context, "Without a name the whole picture becomes one object.")
    if values.targets:
        count = "1 box is used, see Found in the Photo." if len(values.targets) == 1 else f"{len(values.targets)} boxes are used, see Found in the Photo."
        layout.label(text=count, icon="SELECT_SET")


def _draw_engine(
    layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, values: Img23DSceneSettings
) -> None:
    layout.prop(values, "engine", text="")
    known = {engine.id: engine for engine in owner.session.engines}
    chosen = known.get(values.engine)
    if values.engine != PREVIEW_ENGINE:
        owner.models.want()
    if chosen is not None and not chosen.ready:
        draw_sentence(layout, context, chosen.note, icon="ERROR")
    elif values.engine == HUNYUAN3D_ENGINE and values.texture and owner.models.view.lacks_painter:
        _draw_lacking_painter(layout, context, owner)
    elif values.engine == PREVIEW_ENGINE:
        draw_sentence(layout, context, ENGINES[0][2], icon="INFO")


def _draw_lacking_painter(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension) -> None:
    draw_sentence(layout, context, "The painter is not downloaded: until it is, the photo is projected.", icon="INFO")
    if not owner.setup.is_running:
        layout.operator("img23d.setup", text="Download the Painter", icon="IMPORT")


def _has_placeholder() -> bool:
    return "placeholder" in bpy.types.UILayout.bl_rna.functions["prop"].parameters


def _draw_button(layout: bpy.types.UILayout, owner: Extension) -> None:
    job = owner.session.active
    if job is None:
        row = layout.row()
        row.scale_y = 1.6
        row.operator("img23d.generate", text="Generate", icon="MESH_MONKEY")
        return
    layout.progress(factor=job.progress, text=_step(owner, job))
    layout.operator("img23d.cancel", text="Cancel", icon="CANCEL")


def _step(owner: Extension, job: Job) -> str:
    if job.state is JobState.CANCELLING:
        return "Cancelling..."
    if owner.session.state is SessionState.STARTING:
        return "Starting..."
    return f"{round(job.progress * 100)}%"


def _draw_messages(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension) -> None:
    if owner.applier.waiting:
        draw_sentence(layout, context, owner.applier.waiting, icon="PAUSE")
    if owner.refusal:
        draw_sentence(layout, context, owner.refusal, icon="ERROR")
    newest = owner.session.jobs[0] if owner.session.jobs else None
    if newest is not None and newest.error:  # here, since the list below may be closed
        draw_sentence(layout, context, f"{newest.error} {newest.action}".rstrip(), icon="ERROR")
    if owner.session.notice:
        draw_sentence(layout, context, owner.session.notice, icon="INFO")


CLASSES = (IMG23D_PT_main,)
