"""A file of splats becomes one object in a collection."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_rpt as _

from ..file.windows import Workplace
from ..glb.materials import SLOT_TAG
from ..result_importer import Importer
from .attributes import make_mesh, mean_color
from .geometry_nodes import MATERIAL, NAME, RENDER, VIEWPORT, give, given, is_splat_group, splat_group
from .material import make_material

if TYPE_CHECKING:
    from .formats.cloud import Splats
    from .formats.files import Up

MOST_SHOWN = 200_000  # splats that a viewport still turns smoothly, and that a render has the memory for
TRANSPARENT_BOUNCES = 256  # of Cycles, two a splat: with its own 8 a look through more than four splats ends in black


class SplatImporter(Importer):
    """For the results of a run."""

    def make(self, path: str, place: Workplace, collection: bpy.types.Collection) -> bpy.types.Object:
        return import_splats(path, place, collection)

    def finish(self, obj: bpy.types.Object, name: str, tell: Callable[[str], None], plain: bpy.types.Mesh | None = None) -> None:
        if note := thinned_note(obj):
            tell(note)

    def on_replaced(self, obj: bpy.types.Object) -> None:
        show_anew(obj)


def import_splats(path: str, place: Workplace, collection: bpy.types.Collection) -> bpy.types.Object:
    """The object of a PLY or SPZ file, without any transform of its own, linked to `collection` only. More than MOST_SHOWN splats are
    thinned for display, and kept; `thinned_note` says so.

    Selection and active object stay as they are. Raises Img23DError(MESH_UNREADABLE), and nothing is in the file then.
    """
    return import_with_axes(path, place, collection, up=None)[0]


def import_with_axes(path: str, place: Workplace, collection: bpy.types.Collection, *, up: Up | None) -> tuple[bpy.types.Object, int]:
    """As above, with the file's axis that points up where it is another than its kind has; and how many splats were left out because
    they have values that are no numbers.
    """
    import numpy as np

    from .formats.cloud import moved
    from .formats.files import read_splats

    splats, left_out = read_splats(Path(path), up)
    metre = 1.0 / place.scene.unit_settings.scale_length
    if metre != 1.0:
        splats = moved(splats, np.diag((metre, metre, metre, 1.0)))
    let_cycles_look_through(place.scene)
    return build_object(Path(path).stem, splats, collection), left_out


def build_object(name: str, splats: Splats, collection: bpy.types.Collection) -> bpy.types.Object:
    """In the axes and the unit that the splats have."""
    mesh = make_mesh(name, splats)
    mesh.materials.append(make_material(name, mean_color(mesh)))
    obj = bpy.data.objects.new(name, mesh)
    collection.objects.link(obj)
    modifier = obj.modifiers.new(NAME, "NODES")
    modifier.node_group = splat_group()
    _show(modifier, mesh)
    return obj


def show_anew(obj: bpy.types.Object) -> None:
    """After other splats have taken the place of the object's own: as many of them as of any others, with their material. Nothing for a mesh."""
    modifier = _modifier_of(obj)
    if modifier is None:
        return
    before = given(modifier, MATERIAL)
    shown = _show(modifier, obj.data)
    if before is not None and before != shown and before.get(SLOT_TAG) and not before.users:
        name = before.name
        bpy.data.materials.remove(before)
        shown.name = name


def _show(modifier: bpy.types.NodesModifier, mesh: bpy.types.Mesh) -> bpy.types.Material:
    share = min(100.0, 100.0 * MOST_SHOWN / max(len(mesh.vertices), 1))
    ours = next(one for one in mesh.materials if one is not None and one.get(SLOT_TAG))
    for socket, value in ((VIEWPORT, share), (RENDER, share), (MATERIAL, ours)):
        give(modifier, socket, value)
    return ours


def let_cycles_look_through(scene: bpy.types.Scene) -> None:
    """As deep as splats lie in front of each other; a higher value of the artist's stays."""
    settings = getattr(scene, "cycles", None)
    if settings is not None and settings.transparent_max_bounces < TRANSPARENT_BOUNCES:
        settings.transparent_max_bounces = TRANSPARENT_BOUNCES


def density(obj: bpy.types.Object) -> tuple[float, float] | None:
    """Of the viewport and of renders, in percent; None where the object has lost its modifier."""
    modifier = _modifier_of(obj)
    if modifier is None:
        return None
    return tuple(float(given(modifier, number)) for number in (VIEWPORT, RENDER))


def thinned_note(obj: bpy.types.Object) -> str:
    """What to tell where not all of the splats are shown, else an empty text."""
    shares = density(obj)
    if shares is None or min(shares) >= 100.0:
        return ""
    told = _("Of {count} splats {share} % are shown, so that Blender stays quick: change it under Modifiers. All are kept for export.")
    return told.format(count=f"{len(obj.data.vertices):,}".replace(",", " "), share=f"{min(shares):.2g}")


def _modifier_of(obj: bpy.types.Object) -> bpy.types.NodesModifier | None:
    return next((one for one in obj.modifiers if one.type == "NODES" and is_splat_group(one.node_group)), None)
