"""Results as assets: with the run's thumbnail, and with tags to search for."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as _

from ...core.runs.recipe import Recipe, label_of
from ...scene.file.tags import is_result
from ...shared.img23d_protocol.errors import bad_request
from ...shared.img23d_protocol.options.settings import ENGINES
from ..history import recipe_of

_LONGEST_TAG = 63  # bytes that Blender keeps


def chosen_results(context: bpy.types.Context) -> list[bpy.types.Object]:
    """The selected objects that were made from a photo."""
    return [obj for obj in context.selected_objects if is_result(obj)]


def mark_as_asset(obj: bpy.types.Object) -> None:
    """Raises Img23DError(BAD_REQUEST) for an object of another file."""
    if obj.library is not None:
        raise bad_request(_("“{name}” is linked from another file: open that file and mark it there.").format(name=obj.name))
    recipe = recipe_of(obj)
    obj.asset_mark()
    _describe(obj.asset_data, obj, recipe)
    if Path(recipe.preview).is_file():
        with bpy.context.temp_override(id=obj):
            bpy.ops.ed.lib_id_load_custom_preview(filepath=recipe.preview)
    else:
        obj.asset_generate_preview()  # by Blender, in the background


def _describe(data: bpy.types.AssetMetaData, obj: bpy.types.Object, recipe: Recipe) -> None:
    words = [*(recipe.name or obj.name).split(), "Img23D", label_of(ENGINES, recipe.engine)]
    for word in words:
        data.tags.new(_cut(word), skip_if_exists=True)
    photo = Path(recipe.photo).name
    text = _("Made from {photo} with seed {seed}") if photo else _("Made with seed {seed}")
    data.description = text.format(photo=photo, seed=recipe.seed)


def _cut(word: str) -> str:
    return word.encode("utf-8")[:_LONGEST_TAG].decode("utf-8", "ignore")
