"""A mesh and the view onto it, written as the .npz that the backend lays out or paints (see `messages.Paint`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_rpt as _
from mathutils import Matrix

from ...shared.img23d_protocol.errors import bad_request
from ..mesh.evaluated import CARRIED, evaluated_mesh
from ..mesh.uv_maps import read_uv_map, rendered_uv_map
from ..mesh.world_file import has_same_faces, state_of, write_mesh

if TYPE_CHECKING:
    import numpy as np

TRIANGLES_MAX = 4_000_000  # of what modifiers make; beyond that the mesh is painted without them
_COPYING = {"MIRROR", "ARRAY"}
_LOST_SHARE = 0.01  # of corners without UV coordinates that is worth a word


@dataclass(frozen=True, kw_only=True)
class Captured:
    """What was written, and what must still be true of the mesh when the painting comes back.

    `own_map` is the UV map of the artist's that is in the file, empty where a new one is wanted. `grows`: modifiers make
    further faces, so what is in the file is to be laid out, and painted by `capture_grown`.
    """

    own_map: str
    state: str
    grows: bool
    notes: tuple[str, ...] = ()


def capture_mesh(obj: bpy.types.Object, view: Matrix, path: Path, view_layer: bpy.types.ViewLayer, *, wants_own: bool = False) -> Captured:
    """Write `path`: the mesh, posed where the modifiers keep every face (armature, shape keys). Raises Img23DError."""
    mesh, notes = obj.data, []
    own_map = rendered_uv_map(mesh) if wants_own else ""
    if wants_own and not own_map:
        notes.append(_("“{name}” has no UV map of its own, so it gets a new one.").format(name=obj.name))
    with evaluated_mesh(obj, view_layer) as shown:
        shown.calc_loop_triangles()
        count, is_same = len(shown.loop_triangles), has_same_faces(shown, mesh)
        if count > TRIANGLES_MAX and not is_same:
            note = _("Its modifiers make {millions:.0f} million triangles, so “{name}” is painted without them.")
            notes.append(note.format(millions=count / 1e6, name=obj.name))
        write_mesh(obj, shown if is_same else mesh, view, path, read_uv_map(mesh, own_map) if own_map else None)
    grows = not is_same and 0 < count <= TRIANGLES_MAX
    return Captured(own_map=own_map, state=state_of(mesh, own_map), grows=grows, notes=tuple(notes))


def capture_grown(
    obj: bpy.types.Object,
    view: Matrix,
    path: Path,
    view_layer: bpy.types.ViewLayer,
    *,
    layout: np.ndarray | None = None,
    own_map: str = "",
) -> tuple[str, ...]:
    """Write `path`: what the modifiers make of the mesh, and of a new layout (corners, 2) or the artist's own UV map.

    Returns what there is to be known about it. Raises Img23DError where it cannot be painted.
    """
    import numpy as np

    with evaluated_mesh(obj, view_layer, layout) as shown:
        name = own_map if layout is None else CARRIED
        uv = read_uv_map(shown, name) if name in shown.uv_layers else np.zeros((len(shown.loops), 2), np.float32)
        lost = 1.0 - float(np.mean(uv.any(axis=1)))  # corners that the modifiers made without coordinates
        if lost == 1.0:
            sentence = _("The modifiers of “{name}” leave no UV map, so no texture would show: apply them first.")
            raise bad_request(sentence.format(name=obj.name))
        write_mesh(obj, shown, view, path, uv)
    notes = []
    if lost >= _LOST_SHARE:
        note = _("Some faces that the modifiers of “{name}” make have no UV coordinates: they show one colour.")
        notes.append(note.format(name=obj.name))
    if any(modifier.type in _COPYING and modifier.show_viewport for modifier in obj.modifiers):
        note = _("Copies that the modifiers of “{name}” make show the same texture: apply them first for different ones.")
        notes.append(note.format(name=obj.name))
    return tuple(notes)
