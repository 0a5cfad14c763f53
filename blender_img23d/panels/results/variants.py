"""The variants of which one is to be kept, each with its picture and its button."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_iface as _

from ...app.durations import about
from ...app.owner import Extension, extension_or_none
from ...scene.file.tags import CHOICE, COMPARED, ENGINE, RUN, TARGET, variants_beside
from ...shared.img23d_protocol.options.declare import label_of
from ...shared.img23d_protocol.options.settings import ENGINES
from ..widgets.steady_rows import guarded_row
from ..widgets.text import draw_sentence, gigabytes

if TYPE_CHECKING:
    from ...core.jobs import Job


def is_shown(context: bpy.types.Context) -> bool:
    return context.object is not None and CHOICE in context.object


def draw(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    owner, column = extension_or_none(), panel.layout.column()
    if owner is None:
        return
    draw_sentence(column, context, "Keep the one that you like: the others are deleted.", icon="INFO")
    for obj in variants_beside(context.object):
        _draw_variant(column, context, owner, obj, is_active=obj == context.object)
    column.operator("img23d.keep_variants", text="Keep All", icon="DUPLICATE")


def _draw_variant(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, obj: bpy.types.Object, *, is_active: bool) -> None:
    job = owner.job(str(obj.get(RUN)))
    target = job.target(obj[TARGET]) if job is not None else None
    icon = owner.thumbnails.icon(target.preview) if target is not None else 0
    row = layout.row()
    if icon:
        row.template_icon(icon_value=icon, scale=3.0)
    text = row.column()
    text.label(text=obj.name, icon="RESTRICT_SELECT_OFF" if is_active else "NONE", translate=False)
    if COMPARED in obj:
        _draw_cost(text, obj, job)
    keep = guarded_row(text, context, owner, f"variant {obj[RUN]} {obj[TARGET]}", (obj.get(RUN), obj.name))
    button = keep.operator("img23d.keep_variant", text=_("Keep"), icon="CHECKMARK")
    button.index, button.run = obj[TARGET], obj[RUN]


def _draw_cost(layout: bpy.types.UILayout, obj: bpy.types.Object, job: Job | None) -> None:
    """The engine, and what it took: all of the run that the object came of."""
    layout.label(text=label_of(ENGINES, str(obj.get(ENGINE, ""))), translate=False)
    if job is None or not job.is_over:
        return
    memory = _("{size} memory").format(size=gigabytes(job.memory_bytes)) if job.memory_bytes else ""
    card = _("{size} graphics memory").format(size=gigabytes(job.card_bytes)) if job.card_bytes else ""
    line = layout.column(align=True)
    line.active = False
    for said in filter(None, (about(job.seconds), memory, card)):
        line.label(text=said, translate=False)
