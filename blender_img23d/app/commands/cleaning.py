"""The photo cleaned by a model, and what the artist makes of it: the picture becomes the scene's photo, or the photo stays."""

from __future__ import annotations

import bpy
from bpy.app.translations import pgettext_rpt as _

from ...core.tally import cleaned_picture
from ...properties import Img23DSceneSettings
from ...scene.file.folders import absolute
from ...shared.img23d_protocol import ErrorCode, Img23DError
from ...shared.img23d_protocol.errors import bad_request
from ...shared.img23d_protocol.options.edit import PHOTO
from .. import outcome
from ..jobs.requests import edit_request
from ..owner import Extension
from .photo_sources import use_photo
from .search import needs_check, search_first

_BUSY = "Something is being made or looked for: clean the picture when that is over."
_LOOK = "Look at the cleaned picture first: take it, or keep the photo."


def offered(owner: Extension, values: Img23DSceneSettings) -> str:
    """The path of the picture that was made of the photo and neither taken nor refused, empty where there is none."""
    return "" if values.kept_photo == values.photo else cleaned_picture(owner.session.jobs, absolute(values.photo))


def needs_cleaning(values: Img23DSceneSettings) -> bool:
    """Whether the artist wants the whole photo cleaned, and has not seen yet what becomes of it."""
    is_decided = bool(values.original_photo) or values.kept_photo == values.photo
    return bool(values.edit and values.edit_of == PHOTO and values.photo and not is_decided)


def before_generating(operator: bpy.types.Operator, context: bpy.types.Context, owner: Extension) -> set[str]:
    """What the operator returns where the artist wants to see something first; nothing where the run can begin."""
    cleaned = clean_first(operator, context, owner, then="generate")
    if cleaned or not needs_check(context.scene.img23d):
        return cleaned
    return search_first(operator, context, owner)


def clean_first(operator: bpy.types.Operator, context: bpy.types.Context, owner: Extension, *, then: str) -> set[str]:
    """What the operator returns where the picture is to be cleaned first, after which `then` goes on; nothing where it goes on now.

    In background mode nobody can look at it: the picture is taken.
    """
    values = context.scene.img23d
    if not needs_cleaning(values):
        return set()
    if offered(owner, values):
        return owner.refuse(operator, bad_request(_LOOK))
    result = clean(operator, context, owner, then=then)
    if not outcome.must_wait() or result != {"FINISHED"}:
        return result
    take(context, owner)
    return set()


def clean(operator: bpy.types.Operator, context: bpy.types.Context, owner: Extension, *, then: str = "") -> set[str]:
    """What the operator returns; the panel then offers the picture."""
    if owner.session.active is not None:
        return owner.refuse(operator, Img23DError(ErrorCode.BUSY, _BUSY))
    try:
        job = owner.session.submit(edit_request(context), owner.applier.files.key)
    except Img23DError as error:
        return owner.refuse(operator, error)
    context.scene.img23d.kept_photo = ""
    owner.after_cleaning = then
    if not outcome.must_wait():
        operator.report({"INFO"}, _("The picture is being cleaned: look at it, then take it or keep the photo."))
    return outcome.follow(operator, context, owner, job)


def take(context: bpy.types.Context, owner: Extension) -> None:
    """The cleaned picture becomes the photo: boxes refer to it from now on. Raises Img23DError where there is none."""
    values = context.scene.img23d
    picture, original, is_named = offered(owner, values), values.photo, values.named_photo == values.photo
    if not picture:
        raise bad_request("There is no cleaned picture of this photo.")
    use_photo(context, picture)
    values.original_photo = original
    if is_named:
        values.named_photo = values.photo


def keep(context: bpy.types.Context, owner: Extension) -> None:
    """The photo stays as it is, whatever was made of it."""
    values = context.scene.img23d
    values.kept_photo = values.photo
    owner.refusal = ""
    owner.pump.is_stale = True
    owner.pump.wake()


def back_to_photo(context: bpy.types.Context) -> None:
    """What the chosen picture was cleaned from is the photo again, and stays as it is."""
    values = context.scene.img23d
    is_named = values.named_photo == values.photo
    use_photo(context, values.original_photo)
    values.kept_photo, values.original_photo = values.photo, ""
    if is_named:
        values.named_photo = values.photo


def go_on(owner: Extension) -> set[str]:
    """What was to follow the cleaning."""
    then, owner.after_cleaning = owner.after_cleaning, ""
    if not then:
        return {"FINISHED"}
    return getattr(bpy.ops.img23d, then)()
