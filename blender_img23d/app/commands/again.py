"""Making one object again: the same thing of the same photo, by itself."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
from bpy.app.translations import pgettext_rpt as _

from ...core.queue.queued_jobs import QueuedJob
from ...core.requests import RANDOM_SEED
from ...core.runs.recipe import build_again
from ...scene.file.folders import runs_base
from ...shared.img23d_protocol.errors import bad_request
from ...shared.img23d_protocol.messages import Generate
from ..history import recipe_of
from ..jobs.queued import queued_again
from ..jobs.requests import work_settings
from ..owner import Extension


def again_request(context: bpy.types.Context, obj: bpy.types.Object, *, new_seed: bool, with_panel: bool, variants: int = 1) -> Generate:
    """With the settings that the object was made with, or with the panel's. Several variants are never the same as the object.

    Raises Img23DError.
    """
    _check_own(context, obj)
    recipe = recipe_of(obj)
    return build_again(
        recipe,
        base_folder=runs_base(context),
        seed=RANDOM_SEED if new_seed or variants > 1 else recipe.seed,
        variants=variants,
        engine=context.scene.img23d.engine if with_panel else "",
        settings=work_settings(context) if with_panel else None,
    )


def again_job(context: bpy.types.Context, owner: Extension, obj: bpy.types.Object, *, new_seed: bool, with_panel: bool, variants: int = 1) -> QueuedJob:
    """Raises Img23DError."""
    request = again_request(context, obj, new_seed=new_seed, with_panel=with_panel, variants=variants)
    return queued_again(context, owner.applier.files, request, obj, is_instead=_is_in_place(context))


def comparison(context: bpy.types.Context, owner: Extension, obj: bpy.types.Object, engines: Sequence[str]) -> list[QueuedJob]:
    """The thing made by each of the engines, with the seed and the settings that the object was made with, or with the panel's; the one
    that is kept takes the object's place. Raises Img23DError.
    """
    _check_local(obj)
    recipe, settings = recipe_of(obj), work_settings(context) if context.window_manager.img23d.again_with_panel else None
    base = runs_base(context)
    requests = [build_again(recipe, base_folder=base, seed=recipe.seed, engine=engine, settings=settings) for engine in engines]
    compared = " ".join(request.job for request in requests)
    return [queued_again(context, owner.applier.files, request, obj, is_instead=True, comparison=compared) for request in requests]


def _check_own(context: bpy.types.Context, obj: bpy.types.Object) -> None:
    _check_mesh(obj)
    if _is_linked(obj) and _is_in_place(context):
        raise bad_request(_("“{name}” is linked from another file: choose Beside, or make it local first.").format(name=obj.name))


def _check_local(obj: bpy.types.Object) -> None:
    _check_mesh(obj)
    if _is_linked(obj):
        raise bad_request(_("“{name}” is linked from another file: make it local first.").format(name=obj.name))


def _check_mesh(obj: bpy.types.Object) -> None:
    if obj.type != "MESH":
        raise bad_request(_("“{name}” is no mesh any more: press Generate to make it from its photo.").format(name=obj.name))


def _is_linked(obj: bpy.types.Object) -> bool:
    return obj.library is not None or obj.data.library is not None or obj.override_library is not None


def _is_in_place(context: bpy.types.Context) -> bool:
    return context.window_manager.img23d.again_place == "IN_PLACE"
