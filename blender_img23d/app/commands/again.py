"""Making one object again: the same thing of the same photo, by itself."""

from __future__ import annotations

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
from ..jobs.requests import panel_settings
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
        settings=panel_settings(context) if with_panel else None,
    )


def again_job(context: bpy.types.Context, owner: Extension, obj: bpy.types.Object, *, new_seed: bool, with_panel: bool, variants: int = 1) -> QueuedJob:
    """Raises Img23DError."""
    request = again_request(context, obj, new_seed=new_seed, with_panel=with_panel, variants=variants)
    return queued_again(context, owner.applier.files, request, obj, is_instead=_is_in_place(context))


def _check_own(context: bpy.types.Context, obj: bpy.types.Object) -> None:
    if obj.type != "MESH":
        raise bad_request(_("“{name}” is no mesh any more: press Generate to make it from its photo.").format(name=obj.name))
    is_linked = obj.library is not None or obj.data.library is not None or obj.override_library is not None
    if is_linked and _is_in_place(context):
        raise bad_request(_("“{name}” is linked from another file: choose Beside, or make it local first.").format(name=obj.name))


def _is_in_place(context: bpy.types.Context) -> bool:
    return context.window_manager.img23d.again_place == "IN_PLACE"
