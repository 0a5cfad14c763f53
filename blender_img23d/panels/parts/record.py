"""Which object and run a part came from, by whom it was split, and under which licence."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as _

from ...shared.img23d_protocol.choices import LICENCES
from ...shared.img23d_protocol.options.settings import engine_named, splitter_named
from ..widgets.text import draw_sentence


def draw_record(layout: bpy.types.UILayout, context: bpy.types.Context, obj: bpy.types.Object) -> None:
    """Of a part that was cut; see scene.parts.records."""
    if "img23d_part_of" not in obj:
        return
    splitter = splitter_named(str(obj.get("img23d_splitter", ""))).label
    said = _("A part of “{name}”, split by {splitter}.").format(name=obj["img23d_part_of"], splitter=_(splitter))
    draw_sentence(layout, context, said, icon="MOD_EXPLODE")
    _draw_origin(layout, context, obj)
    licence = str(obj.get("img23d_split_licence", ""))
    if licence:
        draw_sentence(layout, context, _("Licence of the splitter: {licence}.").format(licence=licence_words(licence)), icon="INFO")


def licence_words(identifier: str) -> str:
    """In a few words; what another version knew is named as it is."""
    return next((_(one.recorded) for one in LICENCES if one.id == identifier), identifier)


def _draw_origin(layout: bpy.types.UILayout, context: bpy.types.Context, obj: bpy.types.Object) -> None:
    """Of the whole, where an engine made it: its own licence goes with each part."""
    engine = engine_named(str(obj.get("img23d_whole_engine", ""))) if "img23d_whole_engine" in obj else None
    if engine is None:
        return
    words = [_(engine.label), *map(licence_words, str(obj.get("img23d_whole_licences", "")).split())]
    draw_sentence(layout, context, _("The whole was made with {engine}.").format(engine=", ".join(words)), icon="MESH_DATA")
