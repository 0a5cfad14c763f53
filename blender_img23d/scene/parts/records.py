"""Custom properties that say of a part which object and run it came from, who divided it, and under which licence."""

from __future__ import annotations

import time

import bpy

from ...shared.img23d_protocol.values import Value
from ..file.tags import ENGINE, PHOTO, RUN

PART_OF = "img23d_part_of"  # the whole object's name
PART_GROUP = "img23d_part_group"  # of a part: the empty that holds all parts of one cut
SPLITTER = "img23d_splitter"  # id
LICENCE = "img23d_split_licence"  # of what the splitter makes, empty where it asks for nothing
SPLIT_RUN = "img23d_split_run"  # the job's id
SPLIT_FOLDER = "img23d_split_folder"
MADE_BY = "img23d_whole_engine"  # the engine that made the whole object, where one did
MADE_RUN = "img23d_whole_run"
MADE_LICENCES = "img23d_whole_licences"  # of the models that it was made with, in words
SETTINGS, SEED, TIME = "img23d_settings", "img23d_seed", "img23d_time"  # as on what an engine made, of the splitting
_BETWEEN = "; "
WHOLE_OF_GROUP = "img23d_whole"  # of such an empty: the object that was cut, which is kept hidden


class Division(Value):
    """Who divided an object, in which run."""

    run: str
    folder: str
    splitter: str
    licence: str = ""
    settings: str = ""  # JSON
    seed: int = 0


def tag_part(part: bpy.types.Object, whole: bpy.types.Object | None, group: bpy.types.Object, division: Division, *, name: str = "") -> None:
    """`name` is that of the whole, where there is no such object."""
    part[PART_OF], part[PART_GROUP] = whole.name if whole is not None else name, group
    part[SPLITTER], part[LICENCE] = division.splitter, division.licence
    part[SPLIT_RUN], part[SPLIT_FOLDER] = division.run, division.folder
    part[TIME] = time.strftime("%Y-%m-%d %H:%M:%S")
    part[SETTINGS], part[SEED] = division.settings, division.seed
    for own, key in ((PHOTO, PHOTO), (ENGINE, MADE_BY), (RUN, MADE_RUN)):
        if whole is not None and own in whole:
            part[key] = whole[own]
    if whole is not None and ENGINE in whole:
        part[MADE_LICENCES] = _licences(whole)


def is_part(obj: bpy.types.Object) -> bool:
    return PART_OF in obj


def group_of(obj: bpy.types.Object) -> bpy.types.Object | None:
    """The empty that holds a part, or the object itself where it is one."""
    if is_group(obj):
        return obj
    group = obj.get(PART_GROUP)
    return group if isinstance(group, bpy.types.Object) and is_group(group) else None


def is_group(obj: bpy.types.Object) -> bool:
    return WHOLE_OF_GROUP in obj


def parts_of(group: bpy.types.Object) -> list[bpy.types.Object]:
    """Those that some scene has."""
    return [obj for obj in bpy.data.objects if obj.get(PART_GROUP) == group and obj.users_scene and not is_group(obj)]


def _licences(whole: bpy.types.Object) -> str:
    """Those of the models that it was made with, in words."""
    from ...core.runs.recipe import recipe_of_tags, words_of

    recipe = recipe_of_tags({key: whole[key] for key in whole.keys() if key.startswith("img23d_")})
    return _BETWEEN.join(value for label, value in words_of(recipe) if label == "Licence")
