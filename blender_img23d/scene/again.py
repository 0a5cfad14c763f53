"""An object made again: the same thing of the same photo, by itself."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_rpt as _

from ..core.jobs import Job
from ..core.recipe import build_again
from ..core.requests import RANDOM_SEED
from ..shared.img23d_protocol.errors import bad_request
from ..shared.img23d_protocol.messages import Generate
from .folders import runs_base
from .history import recipe_of
from .owner import Extension
from .requests import panel_settings


def again_request(
    context: bpy.types.Context, obj: bpy.types.Object, *, new_seed: bool, with_panel: bool, variants: int = 1
) -> Generate:
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


def place_again(context: bpy.types.Context, owner: Extension, job: Job, obj: bpy.types.Object) -> None:
    """Says where the job's result goes when it comes."""
    placer = owner.applier.placer
    if job.request.variants > 1:
        placer.make_variants(job, obj, is_replaced_later=_is_in_place(context))
        return
    make = placer.make_instead if _is_in_place(context) else placer.make_beside
    make(job, 0, obj)


def _check_own(context: bpy.types.Context, obj: bpy.types.Object) -> None:
    if obj.type != "MESH":
        raise bad_request(_("“{name}” is no mesh any more: press Generate to make it from its photo.").format(name=obj.name))
    is_linked = obj.library is not None or obj.data.library is not None or obj.override_library is not None
    if is_linked and _is_in_place(context):
        raise bad_request(_("“{name}” is linked from another file: choose Beside, or make it local first.").format(name=obj.name))


def _is_in_place(context: bpy.types.Context) -> bool:
    return context.window_manager.img23d.again_place == "IN_PLACE"
