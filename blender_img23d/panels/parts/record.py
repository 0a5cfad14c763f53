"""Which object and run a part came from, by whom it was split, and under which licence."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as _

from ...app.owner import Extension
from ...shared.img23d_protocol.choices import LICENCES
from ...shared.img23d_protocol.options.settings import engine_named
from ..widgets.text import draw_sentence


def draw_record(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, obj: bpy.types.Object) -> None:
    """Of a part that was cut; see scene.parts.records."""
    if "img23d_part_of" not in obj:
        return
    box = layout.box().column(align=True)
    box.scale_y = 0.8
    for label, value in owner.history.making(obj).words:
        split = box.split(factor=0.4)
        left = split.row()
        left.alignment = "RIGHT"
        left.label(text=label)
        split.label(text=value)
    if "img23d_whole_engine" in obj:
        licences = [_(one) for one in str(obj.get("img23d_whole_licences", "")).split("; ") if one]
        words = ", ".join([_(engine_named(str(obj["img23d_whole_engine"])).label), *licences])
        draw_sentence(layout, context, _("The whole was made with {engine}.").format(engine=words), icon="MESH_DATA")


def licence_words(identifier: str) -> str:
    """In a few words; what another version knew is named as it is."""
    return next((_(one.recorded) for one in LICENCES if one.id == identifier), identifier)
