"""What the chosen splitter lacks: its licence's answer and its models, each with its button."""

from __future__ import annotations

from functools import partial

import bpy
from bpy.app.translations import pgettext_iface as _

from ...app.owner import Extension
from ...core.split_requests import file_sets
from ...properties import Img23DSceneSettings, preferences_of
from ...shared.img23d_protocol.choices import LICENCES
from ...shared.img23d_protocol.options.settings import splitter_named
from ..widgets.steady_rows import guarded_row
from ..widgets.text import draw_sentence, gigabytes
from .record import licence_words


def draw_lack(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, values: Img23DSceneSettings) -> None:
    """Nothing where the splitter is built in; the licence that what it makes stands under is always said."""
    splitter = splitter_named(values.splitter)
    if splitter.licence:
        draw_sentence(layout, context, _("What it makes: {licence}.").format(licence=licence_words(splitter.licence)), icon="INFO")
    info = next((one for one in owner.session.splitters if one.id == splitter.id), None)
    if splitter.is_built_in or (info is not None and info.ready):
        return
    if info is None:
        layout.operator("img23d.refresh_models", text="List the Models", icon="FILE_REFRESH")
        return
    draw_sentence(layout, context, info.note or _("Open AI Models below and download what it needs."), icon="ERROR")
    if splitter.licence and splitter.licence not in preferences_of(context).accepted:
        _draw_licence(layout, context, owner, splitter.licence)
    else:
        _draw_downloads(layout, context, owner, values)


def _draw_licence(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, identifier: str) -> None:
    licence = next((one for one in LICENCES if one.id == identifier), None)
    if licence is None:
        return
    box = layout.box()
    draw_sentence(box, context, licence.notice, icon="INFO", in_box=True)
    box.operator("wm.url_open", text="Read the Licence", icon="URL").url = licence.link
    row = guarded_row(box, context, owner, "parts licence", licence.id)
    row.operator("img23d.accept_licence", text=licence.answer, icon="CHECKMARK").licence = licence.id


def _draw_downloads(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, values: Img23DSceneSettings) -> None:
    wanted = file_sets(splitter_named(values.splitter), partial(getattr, values))
    for info in owner.session.weights:
        if info.id in wanted and info.state != "ready":
            row = guarded_row(layout, context, owner, f"download {info.id}", info.state)
            row.enabled = row.enabled and bpy.app.online_access
            text = _("Download {name} ({size})").format(name=info.label, size=gigabytes(info.size_bytes))
            row.operator("img23d.download_weights", text=text, icon="IMPORT").weights = info.id
