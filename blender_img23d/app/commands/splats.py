"""Files of splats that the artist chose or dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as _

from ...scene.file.windows import workplace_of
from ...scene.splats.formats.files import Up
from ...scene.splats.importer import import_with_axes, thinned_note
from ...shared.img23d_protocol import Img23DError


@dataclass(frozen=True, kw_only=True)
class Brought:
    objects: list[bpy.types.Object]
    told: str
    is_partial: bool  # a file, or some of the splats of one, could not be shown


def bring_in(paths: Sequence[str], up: str | None, context: bpy.types.Context) -> Brought:
    """Each file becomes an object of the chosen collection. One that cannot be read keeps none of the others out; raises Img23DError
    where none can.
    """
    objects, notes, first = [], [], None
    for path in paths:
        try:
            obj, left_out = import_with_axes(path, workplace_of(context.scene), _collection(context), up=Up(up) if up else None)
        except Img23DError as error:
            first = first or error
            notes.append(f"{Path(path).name}: {_(error.sentence)}")
            continue
        objects.append(obj)
        if left_out:
            notes.append(_("{count} splats had no place or size that can be shown, and were left out.").format(count=left_out))
    if first is not None and not objects:
        raise first
    context.view_layer.update()  # what was linked can be selected from then on
    is_partial = bool(notes)
    count = sum(len(obj.data.vertices) for obj in objects)
    told = [_("{count} splats are here now.").format(count=count), *notes, *filter(None, map(thinned_note, objects)), *_solid_note(context)]
    return Brought(objects=objects, told=" ".join(told), is_partial=is_partial)


def _collection(context: bpy.types.Context) -> bpy.types.Collection:
    """The chosen one, unless it is of another file."""
    chosen = context.collection
    is_own = chosen is not None and chosen.library is None and chosen.override_library is None
    return chosen if is_own else context.scene.collection


def _solid_note(context: bpy.types.Context) -> tuple[str, ...]:
    areas = context.screen.areas if context.screen is not None else ()
    views = [area.spaces.active.shading.type for area in areas if area.type == "VIEW_3D"]
    is_solid = bool(views) and all(kind in ("SOLID", "WIREFRAME") for kind in views)
    return (_("Choose Material Preview or Rendered at the top right of the viewport to see them."),) if is_solid else ()
