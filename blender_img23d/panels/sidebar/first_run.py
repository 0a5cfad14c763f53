"""One paragraph for whoever has just installed it; it can be closed, and goes away by itself when the models are there."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_iface as _

from ...core.session.first_run import BRINGS, Sentence, download, is_first_run, machine
from ...properties import Img23DSceneSettings, preferences_of
from ...app.owner import Extension
from ..widgets.slots import Said, draw_slot
from ..widgets.text import gigabytes

_LINES = 7  # with all that can be known of a machine; what is known comes one after the other
_CLOSER = 20  # pixels at scale 1 that the small X takes beyond the usual margin


def draw_first_run(
    layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, values: Img23DSceneSettings
) -> None:
    if preferences_of(context).knows_models or owner.setup.is_running or not is_first_run(values.engine, owner.session.engines):
        return
    owner.models.want()
    row = layout.box().row()
    draw_slot(row, context, [Said(text=_paragraph(owner), icon="LIGHT")], lines=_LINES, in_box=True, taken=_CLOSER)
    row.operator("img23d.hide_first_run", text="", icon="X", emboss=False)


def _paragraph(owner: Extension) -> str:
    """What is not known yet is left out."""
    view = owner.models.view
    sentences = [Sentence(text=BRINGS)]
    if view.full_bytes:
        needs = view.environment.is_ours and not view.environment.is_ready
        sentences.append(download(gigabytes(view.full_bytes), needs_environment=needs))
    sentences += [about] if (about := machine(owner.session.devices, owner.session.cards)) is not None else []
    return " ".join(_(sentence.text).format(**sentence.values) for sentence in sentences)
