"""Searching for the named things: for Find, Find This Again, and Generate where a search comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_rpt as _

from ...core.boxes.targets import is_covered
from ...properties import Img23DSceneSettings
from ...shared.img23d_protocol import ErrorCode, Img23DError
from ..jobs.requests import locate_again_request, locate_request
from ..outcome import follow

if TYPE_CHECKING:
    from ..owner import Extension

_BUSY = "Something is being made or looked for: press Generate again when that is over. It looks for the names first, since “Check Before Generating” is on."


def search(operator: bpy.types.Operator, context: bpy.types.Context, owner: Extension, *, only: bool = False) -> set[str]:
    """What the operator returns; with `only` the row that is chosen is looked for, and the others stay as they are."""
    try:
        request = locate_again_request(context) if only else locate_request(context)
        job = owner.session.submit(request, owner.applier.files.key)
    except Img23DError as error:
        return owner.refuse(operator, error)
    owner.applier.targets.expect(job, context.scene, only=only)
    owner.in_use.clean_searches(context)
    return follow(operator, context, owner, job)


def search_first(operator: bpy.types.Operator, context: bpy.types.Context, owner: Extension) -> set[str]:
    """As `search`, for Generate: what is made can wait for its turn, and what the artist wants to look at now cannot."""
    if owner.session.active is not None:
        return owner.refuse(operator, Img23DError(ErrorCode.BUSY, _BUSY))
    operator.report({"INFO"}, _("Look at what was found, then press Generate again."))
    return search(operator, context, owner)


def needs_check(values: Img23DSceneSettings) -> bool:
    """Whether the artist wants to see first what the names will find, and has not yet."""
    return values.check_first and not (len(values.targets) > 0 and is_covered(values.names, values.found_names))
