"""The AI models: what is there, what is missing, and the one button that gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_iface as _

from ...app.models import ModelsView, weights_at
from ...app.owner import Extension, extension
from ...core.session.environment import EnvironmentState
from ...core.session.first_run import recommended
from ...properties import ROOT_PACKAGE, Img23DWeightsRow, preferences_of
from ...shared.img23d_protocol.choices import Licence, licence_named
from ...shared.img23d_protocol.options.settings import BUILT_IN, CUT_OUTS, engine_named, first_to_set_up
from ..widgets.fixes import draw_fix
from ..widgets.steady_rows import guarded_row
from ..widgets.text import draw_sentence, gigabytes
from .setup_progress import draw_setup_progress

if TYPE_CHECKING:
    from ...shared.img23d_protocol.messages import WeightsInfo

_ENVIRONMENTS = {
    EnvironmentState.MISSING: ("", "NONE"),
    EnvironmentState.PARTIAL: ("The environment is half made: Set Up AI Models goes on where it stopped.", "TIME"),
    EnvironmentState.OUTDATED: ("The environment is out of date: press Set Up AI Models once.", "FILE_REFRESH"),
    EnvironmentState.READY: ("The environment is ready.", "CHECKMARK"),
    EnvironmentState.CHOSEN: ("Your own Python is used.", "CHECKMARK"),
    EnvironmentState.ELSEWHERE: ("Another machine does the work: its models are set up there.", "NETWORK_DRIVE"),
    EnvironmentState.BROKEN: ("The Python chosen in the preferences is not there.", "ERROR"),
}
_STATES = {
    "missing": ("Not downloaded", "IMPORT"),
    "partial": ("Half downloaded", "TIME"),
    "ready": ("Ready", "CHECKMARK"),
    "damaged": ("Damaged: download it again", "ERROR"),
}
_OFFLINE = "Blender may not use the network. Allow Online Access in the preferences to download."


def draw_item(context: bpy.types.Context, layout: bpy.types.UILayout, item: Img23DWeightsRow) -> None:
    info = weights_at(extension(), item.index)
    if info is None:
        return
    column = layout.column(align=True)
    column.label(text=info.label, icon=_STATES[info.state][1], translate=False)
    state = column.row()
    state.active = False
    state.label(text=_short_state(info, info.id in extension().models.view.sets), icon="BLANK1", translate=False)


def _short_state(info: WeightsInfo, is_chosen: bool) -> str:
    """`Not downloaded, 4.3 GB`; what the settings do not work with says so instead, where there is nothing wrong with it: its icon
    says whether it is there, and both do not fit into the line.
    """
    state = _STATES[info.state][0] if is_chosen or info.state not in ("missing", "ready") else "Not chosen"
    return _("{state}, {size}").format(state=_(state).partition(":")[0], size=gigabytes(info.size_bytes))


def draw(panel: bpy.types.Panel, context: bpy.types.Context) -> None:
    owner = extension()
    owner.models.want()
    column = panel.layout.column()
    _draw_environment(column, context, owner.models.view)
    column.operator("preferences.addon_show", text="Where It Runs...", icon="PREFERENCES").module = ROOT_PACKAGE
    if owner.setup.is_running:
        draw_setup_progress(column, context, owner.setup)
    else:
        if not is_elsewhere(owner):
            _draw_outcome(column, context, owner)
            _draw_setup(column, context, owner, owner.models.view)
        _draw_use(column, context, owner)
    _draw_devices(column, context, owner)
    _draw_weights(column, context, owner)
    if not is_elsewhere(owner):
        column.operator("img23d.free_memory", text="Free Memory", icon="TRASH")


def is_elsewhere(owner: Extension) -> bool:
    """Whether the models are those of another machine: nothing is downloaded, verified or deleted here then."""
    return owner.models.view.environment.state is EnvironmentState.ELSEWHERE


def _draw_environment(layout: bpy.types.UILayout, context: bpy.types.Context, view: ModelsView) -> None:
    text, icon = _ENVIRONMENTS[view.environment.state]
    if text:
        draw_sentence(layout, context, text, icon=icon)
    else:
        draw_sentence(layout, context, "AI models find any named thing in a photo, cut it out, shape it and paint it.")


def _draw_outcome(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension) -> None:
    for note in owner.setup.job.notes if owner.setup.job is not None else ():
        draw_sentence(layout, context, note, icon="INFO")
    if owner.setup.failure:
        draw_sentence(layout, context, f"{_(owner.setup.failure)} {_(owner.setup.action)}".rstrip(), icon="ERROR")
        draw_fix(layout, owner.setup.fix)
        row = guarded_row(layout, context, owner, "set-up", "go on")
        row.scale_y = 1.4
        row.operator("img23d.go_on", text="Go On", icon="PLAY")


def _draw_setup(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, view: ModelsView) -> None:
    preferences = preferences_of(context)
    _draw_recommended(layout, context, owner, view)
    layout.prop(preferences, "setup_engine", text="For")
    if view.is_complete and not preferences.lacks_licence:
        draw_sentence(layout, context, "All chosen models are ready.", icon="CHECKMARK")
        return
    if not bpy.app.online_access:
        draw_sentence(layout, context, _OFFLINE, icon="INTERNET_OFFLINE")
        layout.operator("screen.userpref_show", text="Open Preferences", icon="PREFERENCES").section = "SYSTEM"
        return
    if preferences.lacks_licence:
        _draw_licence(layout, context, view)
        return
    row = guarded_row(layout, context, owner, "set-up all", "setup")
    row.scale_y = 1.4
    row.operator("img23d.setup", text="Set Up AI Models", icon="IMPORT")
    _draw_what_and_where(layout, context, view)


def _draw_recommended(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, view: ModelsView) -> None:
    """The engine that suits this machine best, as long as another one is chosen and it is not ready."""
    preferences = preferences_of(context)
    engine = recommended(owner.session.devices, owner.session.cards, preferences.accepted)
    is_ready = engine is not None and any(one.ready for one in owner.session.engines if one.id == engine.id)
    if engine is None or is_ready or engine.id == preferences.setup_engine or not bpy.app.online_access:
        return
    box = layout.box()
    draw_sentence(box, context, f"{_('Recommended for this machine: {engine}.').format(engine=engine.label)} {_(engine.tip)}", icon="LIGHT", in_box=True)
    box.operator("img23d.setup", text=_("Set Up {engine}").format(engine=engine.label), icon="IMPORT").engine = engine.id
    if size := view.missing.get(engine.id, 0):
        draw_sentence(box, context, _("Downloads about {size} of models.").format(size=gigabytes(size)), in_box=True)


def _draw_use(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension) -> None:
    """Who has set the models up wants them, and may not know that the engine is chosen further up."""
    values = context.scene.img23d
    ready = [engine for engine in owner.session.engines if engine.ready and engine.id != BUILT_IN.id]
    if ready and values.engine == BUILT_IN.id:
        chosen = next((engine for engine in ready if engine.id == preferences_of(context).setup_engine), ready[0])
        layout.prop_enum(values, "engine", chosen.id, text=_("Use {engine}").format(engine=chosen.label), icon="FORWARD")


def _draw_licence(layout: bpy.types.UILayout, context: bpy.types.Context, view: ModelsView) -> None:
    box = layout.box()
    _draw_question(box, context, licence_named(engine_named(preferences_of(context).setup_engine).licence))
    free = first_to_set_up(preferences_of(context).accepted)
    if view.is_complete:
        draw_sentence(box, context, _("The models of {engine} are ready.").format(engine=free.label), icon="CHECKMARK", in_box=True)
        return
    box.operator("img23d.setup", text=_("Use {engine} Instead").format(engine=free.label), icon="IMPORT").engine = free.id
    draw_sentence(box, context, f"{_(free.terms)}. {_(free.tip)}", in_box=True)
    _draw_what_and_where(box, context, view)
    box.operator("img23d.setup", text="Cut-Outs Only", icon="IMPORT").engine = CUT_OUTS.id
    draw_sentence(box, context, _cutouts_only(view), in_box=True)


def _draw_question(box: bpy.types.UILayout, context: bpy.types.Context, licence: Licence) -> None:
    draw_sentence(box, context, licence.notice, icon="INFO", in_box=True)
    box.operator("wm.url_open", text="Read the Licence", icon="URL").url = licence.link
    box.operator("img23d.accept_licence", text=licence.answer, icon="CHECKMARK").licence = licence.id


def _cutouts_only(view: ModelsView) -> str:
    size = view.missing.get(CUT_OUTS.id, 0)
    text = _(CUT_OUTS.tip)
    return f"{text} {_('Downloads about {size} of models.').format(size=gigabytes(size))}" if size else text


def _draw_what_and_where(layout: bpy.types.UILayout, context: bpy.types.Context, view: ModelsView) -> None:
    if view.environment.is_ours and not view.environment.is_ready:
        sentence = _("Downloads 0.5 to 4 GB of Python and PyTorch, depending on the graphics card, into {folder}.")
        draw_sentence(layout, context, sentence.format(folder=view.environment.place))
    if view.missing_bytes:
        sentence = _("Downloads about {size} of models into {folder}.")
        draw_sentence(layout, context, sentence.format(size=gigabytes(view.missing_bytes), folder=view.folder))


def _draw_devices(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension) -> None:
    for device in owner.session.devices:
        memory = f", {device.total_bytes / 2**30:.0f} GB" if device.total_bytes else ""  # as cards are labelled
        icon = "MEMORY" if device.id == "cpu" else "DESKTOP"
        draw_sentence(layout, context, f"{device.label}{memory}. {device.note}".strip(), icon=icon)


def _draw_weights(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension) -> None:
    if not owner.session.weights:
        layout.operator("img23d.refresh_models", text="List the Models", icon="FILE_REFRESH")
        return
    _draw_summary(layout, context, owner)
    state = context.window_manager.img23d
    layout.template_list("IMG23D_UL_weights", "", state, "weights", state, "active_weights", rows=6, maxrows=6, sort_lock=True)
    buttons = layout.row(align=True)  # below the list, whose names need all of the width
    buttons.operator("img23d.refresh_models", text="Look Again", icon="FILE_REFRESH")
    if not is_elsewhere(owner):
        buttons.operator("img23d.open_models_folder", text="Folder", icon="FILE_FOLDER")
    info = weights_at(owner, state.active_weights)
    if info is not None:
        _draw_details(layout.box(), context, owner, info)


def _draw_summary(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension) -> None:
    """Of the models that the settings work with: how many are there, and what the others cost."""
    view = owner.models.view
    chosen = [info for info in owner.session.weights if info.id in view.sets]
    ready = sum(info.state == "ready" for info in chosen)
    if ready == len(chosen):
        text, icon = _("Set up: all {count} models that your settings need."), "CHECKMARK"
    else:
        text, icon = _("Set up: {ready} of the {count} models that your settings need. Missing: {size}."), "IMPORT"
    draw_sentence(layout, context, text.format(ready=ready, count=len(chosen), size=gigabytes(view.missing_bytes)), icon=icon)


def _draw_details(layout: bpy.types.UILayout, context: bpy.types.Context, owner: Extension, info: WeightsInfo) -> None:
    layout.label(text=info.label, translate=False)
    text = _(_STATES[info.state][0])
    if info.is_borrowed:
        text = _("{state}, in another program's cache").format(state=text)
    draw_sentence(layout, context, f"{text}.", icon=_STATES[info.state][1], in_box=True)
    if info.note:
        draw_sentence(layout, context, info.note, in_box=True)
    row = layout.row()
    row.label(text=_("Licence: {name}").format(name=info.licence), translate=False)
    if info.licence_link:
        row.operator("wm.url_open", text="", icon="URL").url = info.licence_link
    if not is_elsewhere(owner):
        _draw_weights_buttons(layout, context, info)


def _draw_weights_buttons(layout: bpy.types.UILayout, context: bpy.types.Context, info: WeightsInfo) -> None:
    row = layout.row(align=True)
    accepted = not info.must_accept or info.must_accept in preferences_of(context).accepted
    if info.state != "ready":
        download = row.row(align=True)
        download.enabled = accepted and bpy.app.online_access
        download.operator("img23d.download_weights", text="Download", icon="IMPORT").weights = info.id
    if info.state != "missing":
        row.operator("img23d.verify_weights", text="Verify", icon="VIEWZOOM").weights = info.id
        deletion = row.row(align=True)
        deletion.enabled = not info.is_borrowed
        deletion.operator("img23d.delete_weights", text="Delete", icon="TRASH").weights = info.id
    if not accepted:
        _draw_lacking(layout, context, info.must_accept)


def _draw_lacking(layout: bpy.types.UILayout, context: bpy.types.Context, licence: str) -> None:
    """The question stands above where the licence is that of the engine to set up; that of a splitter is asked about here."""
    if engine_named(preferences_of(context).setup_engine).licence == licence:
        draw_sentence(layout, context, "Its licence must be accepted above before it can be downloaded.", in_box=True)
    else:
        _draw_question(layout.box(), context, licence_named(licence))
