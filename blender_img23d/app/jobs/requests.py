"""From the scene's settings to a request."""

from __future__ import annotations

from pathlib import Path

import bpy

from ...core.boxes.targets import searchable, things_to_find, things_to_make
from ...core.requests import build_edit, build_generate, build_locate, build_pick, build_settings
from ...core.runs.searches import new_search_folder
from ...properties import preferences_of
from ...scene.file.folders import absolute, runs_base
from ...scene.photo.target_rows import read_rows
from ...shared.img23d_protocol.messages import Edit, Generate, Locate, Pick, Point, Settings, Wanted
from ...shared.img23d_protocol.options.settings import OPTIONS
from .defaults import begin_with_defaults


def generate_request(context: bpy.types.Context) -> Generate:
    """Raises Img23DError."""
    begin_with_defaults(context, context.scene)
    values = context.scene.img23d
    return build_generate(
        photo=absolute(values.photo),
        original=absolute(values.original_photo),
        wanted=things_to_make(read_rows(context.scene), values.names, values.found_names),
        engine=values.engine,
        seed=values.seed,
        settings=work_settings(context),
        base_folder=runs_base(context),
    )


def edit_request(context: bpy.types.Context) -> Edit:
    """A cleaner picture of the scene's photo. Raises Img23DError."""
    begin_with_defaults(context, context.scene)
    values = context.scene.img23d
    settings = panel_settings(context).changed(edit=True)
    return build_edit(photo=absolute(values.photo), engine=values.engine, seed=values.seed, settings=settings, base_folder=runs_base(context))


def locate_request(context: bpy.types.Context) -> Locate:
    """All the typed names. Raises Img23DError."""
    return _locate(context, things_to_find(read_rows(context.scene), context.scene.img23d.names))


def locate_again_request(context: bpy.types.Context) -> Locate:
    """Only the chosen one of the list, by its name. Raises Img23DError."""
    values = context.scene.img23d
    return _locate(context, (Wanted(name=searchable(values.targets[values.active_target].name)),))


def pick_request(context: bpy.types.Context, point: Point | None, folder: Path | None) -> Pick:
    """What can be picked in the scene's photo; into a new folder, or the one of the look before. Raises Img23DError."""
    begin_with_defaults(context, context.scene)
    photo = absolute(context.scene.img23d.photo)
    return build_pick(
        photo=photo,
        point=point,
        settings=panel_settings(context),
        folder=folder or new_search_folder(runs_base(context), photo),
    )


def _locate(context: bpy.types.Context, wanted: tuple[Wanted, ...]) -> Locate:
    begin_with_defaults(context, context.scene)
    values = context.scene.img23d
    return build_locate(
        photo=absolute(values.photo),
        original=absolute(values.original_photo),
        wanted=wanted,
        engine=values.engine,
        seed=values.seed,
        settings=work_settings(context),
        folder=new_search_folder(runs_base(context), absolute(values.photo)),
    )


def work_settings(context: bpy.types.Context) -> Settings:
    """The same for what follows when the artist has seen what becomes of the whole photo: nothing is edited behind their back. Raises Img23DError."""
    settings = panel_settings(context)
    return settings.changed(edit=False) if settings.edit.edits_photo else settings


def panel_settings(context: bpy.types.Context) -> Settings:
    """What the scene wants, and what this machine is to do it with. Raises Img23DError."""
    values, machine = context.scene.img23d, preferences_of(context)
    return build_settings(**{one.key: getattr(machine if one.is_machine else values, one.key) for one in OPTIONS})
