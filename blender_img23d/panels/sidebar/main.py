"""The tab's top: photo, names, Generate; while a job runs, how far it is."""

from __future__ import annotations

from collections.abc import Collection
from operator import and_

import bpy
from bpy.app.translations import pgettext_iface as _

from ...app.owner import Extension, extension
from ...core.presets import PRESETS, matching
from ...core.session.first_run import BRINGS, Sentence, bytes_to_download, download, is_first_run, machine, recommended
from ...properties import Img23DSceneSettings, is_of_other_photo, preferences_of
from ...shared.img23d_protocol.options.settings import BUILT_IN
from ..widgets.option_rows import rows_of
from ..widgets.steady_rows import Said, draw_slot
from ..widgets.text import gigabytes
from .look import draw_look
from .photo import draw_photo
from .status import draw_status
from .targets import draw_find_button

_FIRST_RUN_LINES = 7  # with all that can be known of a machine; what is known comes one after the other
_CLOSER = 20  # pixels at scale 1 that the small X takes beyond the usual margin


def draw(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    owner = extension()  # made when the tab is first seen; its timer then loads what is shown here
    values = context.scene.img23d
    column = panel.layout.column()
    parts = (column, context, owner, values)
    draw_photo(*parts)
    _draw_names(column, context, values)
    _draw_engine(*parts)
    _draw_quality(*parts)
    column.prop(values, "layout", text="")
    _draw_buttons(column, values)
    draw_status(*parts)
    draw_look(column, context, owner)
    _draw_first_run(*parts)


def _draw_names(layout: bpy.types.UILayout, context: bpy.types.Context, values: Img23DSceneSettings) -> None:
    layout.label(text="Names, separated by commas:")
    row = layout.row(align=True)
    if _has_placeholder():
        row.prop(values, "names", text="", placeholder="red mug, book")
    else:
        row.prop(values, "names", text="")
    row.operator("img23d.clear_names", text="", icon="X")
    draw_slot(layout, context, [_hint(values)], lines=2)
    for one, _row in rows_of(values, "names"):
        unnamed = layout.row()
        unnamed.active = not values.names.strip() and not values.targets
        unnamed.prop(values, one.key, text="")


def _hint(values: Img23DSceneSettings) -> Said:
    """What Generate will make. The learned engines have no choice: they find what is named."""
    if is_of_other_photo(values):
        return Said(text="Names of the photo before: press X to clear them.", icon="QUESTION")
    used = _used(values)
    if used:
        text = _("1 thing from the list below") if used == 1 else _("{count} things from the list below")
        return Said(text=text.format(count=used), icon="SELECT_SET")
    if values.names.strip() or values.targets:
        return Said(text="")
    hints = [row.hints[value] for one, row in rows_of(values, "names") if (value := getattr(values, one.key)) in row.hints]
    return Said(text=hints[0] if hints else "Without a name the whole picture becomes one object.")


def _used(values: Img23DSceneSettings) -> int:
    """How many lines of the list are to be made. Read as a whole: two hundred lines one by one would be slow."""
    is_used, has_box = [False] * len(values.targets), [False] * len(values.targets)
    values.targets.foreach_get("use", is_used)
    values.targets.foreach_get("has_box", has_box)
    return sum(map(and_, is_used, has_box))


def _draw_engine(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, values: Img23DSceneSettings) -> None:
    """What it lacks stands below Generate."""
    layout.prop(values, "engine", text="")
    if (elsewhere := preferences_of(context).chosen_machine) is not None:
        layout.label(text=_("On {machine}").format(machine=elsewhere.name), icon="NETWORK_DRIVE", translate=False)
    if values.engine != BUILT_IN.id:
        owner.models.want()
    for one, _row in rows_of(values, "result"):
        layout.row(align=True).prop(values, one.key, expand=True)


def _has_placeholder() -> bool:
    return "placeholder" in bpy.types.UILayout.bl_rna.functions["prop"].parameters


def _draw_buttons(layout: bpy.types.UILayout, values: Img23DSceneSettings) -> None:
    row = layout.split(factor=0.36)
    row.scale_y = 1.6
    draw_find_button(row, values)
    row.operator("img23d.generate", text="Generate", icon="MESH_MONKEY")


def _draw_quality(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, values: Img23DSceneSettings) -> None:
    """The one that the settings are is pressed; none where they are the artist's own."""
    row, chosen = layout.row(align=True), matching(values)
    for one in PRESETS:
        row.operator("img23d.set_quality", text=one.label, depress=one.name == chosen).quality = one.name


def _draw_first_run(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, values: Img23DSceneSettings) -> None:
    """For whoever has just installed it: it can be closed, and goes away by itself when the models are there."""
    if owner.session.machine or preferences_of(context).knows_models or owner.setup.is_running or not is_first_run(values.engine, owner.session.engines):
        return
    owner.models.want()
    row = layout.box().row()
    draw_slot(row, context, [Said(text=_paragraph(owner, preferences_of(context).accepted), icon="LIGHT")], lines=_FIRST_RUN_LINES, in_box=True, taken=_CLOSER)
    row.operator("img23d.hide_first_run", text="", icon="X", emboss=False)


def _paragraph(owner: Extension, accepted: Collection[str]) -> str:
    """What is not known yet is left out."""
    view, session = owner.models.view, owner.session
    sentences = [Sentence(text=BRINGS)]
    engine = recommended(session.devices, session.cards, accepted)
    if size := bytes_to_download(engine, view.missing, view.missing_bytes):
        needs = view.environment.is_ours and not view.environment.is_ready
        sentences.append(download(gigabytes(size), needs_environment=needs))
    sentences += [about] if (about := machine(session.devices, session.cards)) is not None else []
    return " ".join(_(sentence.text).format(**sentence.values) for sentence in sentences)
