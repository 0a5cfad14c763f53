"""The mesh that is divided: what an artist sees of an object, what carries its preview, and what the parts are cut from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as _
from mathutils import Matrix

from ...shared.img23d_protocol.errors import bad_request
from ..mesh.chosen import is_splats
from ..mesh.evaluated import evaluated_mesh, new_mesh_of
from ..mesh.world_file import has_same_faces, state_of, write_mesh
from .labels import LABELS, read_labels, write_labels

FACES_MAX = 4_000_000  # triangles that are taken from Blender at once


@dataclass(frozen=True, kw_only=True)
class Captured:
    """What was written. `state` is that of its faces; `grows`: the modifiers' faces are not the mesh's own."""

    state: str
    grows: bool


def check_divisible(obj: bpy.types.Object) -> None:
    """Raises Img23DError(BAD_REQUEST) with what to do first."""
    mesh = obj.data
    if obj.mode != "OBJECT" or mesh.is_editmode:
        raise bad_request("Go back to Object Mode first, then press Make Parts again.")
    if obj.library or mesh.library or obj.override_library or mesh.override_library:
        sentence = _("“{name}” is linked from another file: make it local first (Object > Relations > Make Local).")
        raise bad_request(sentence.format(name=obj.name))
    if is_splats(obj):
        raise bad_request(_("“{name}” is made of Gaussian splats, which have no faces: select a mesh.").format(name=obj.name))


def capture(obj: bpy.types.Object, view: Matrix | None, path: Path, view_layer: bpy.types.ViewLayer) -> Captured:
    """Write `path`: what the viewport shows of the object, in world space. Raises Img23DError."""
    with evaluated_mesh(obj, view_layer) as shown:
        shown.calc_loop_triangles()
        if not len(shown.polygons):
            raise bad_request(_("“{name}” has no faces to make parts of.").format(name=obj.name))
        if len(shown.loop_triangles) > FACES_MAX:
            sentence = _("“{name}” has {millions:.1f} million triangles: make parts of a copy with fewer faces (Decimate).")
            raise bad_request(sentence.format(name=obj.name, millions=len(shown.loop_triangles) / 1e6))
        write_mesh(obj, shown, view, path, None)
        return Captured(state=state_of(shown), grows=not has_same_faces(shown, obj.data))


def shows_same(obj: bpy.types.Object, state: str, view_layer: bpy.types.ViewLayer) -> bool:
    """Whether its faces are still those that were captured."""
    with evaluated_mesh(obj, view_layer) as shown:
        return state_of(shown) == state


def make_stand_in(obj: bpy.types.Object, view_layer: bpy.types.ViewLayer) -> bpy.types.Object:
    """An object of what the modifiers make, which carries the preview where the mesh itself cannot."""
    stand_in = bpy.data.objects.new(_("{name} (parts)").format(name=obj.name), new_mesh_of(obj, view_layer))
    for collection in obj.users_collection:
        collection.objects.link(stand_in)
    stand_in.parent = obj
    stand_in.matrix_parent_inverse.identity()
    return stand_in


# --- what is cut --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Ground:
    """`mesh` is a mesh of its own with the labels, at the object's own place and not deformed by `armatures`: modifiers' names of the
    object, and whether its parent deforms it. `keys`: shape keys go with the parts.
    """

    mesh: bpy.types.Mesh
    armatures: tuple[str, ...] = ()
    is_deformed_by_parent: bool = False
    has_keys: bool = False
    notes: tuple[str, ...] = ()


@contextmanager
def ground_of(obj: bpy.types.Object, host: bpy.types.Object, view_layer: bpy.types.ViewLayer) -> Iterator[Ground]:
    """`host` carries the labels. Raises Img23DError where they do not fit what the object is by now."""
    ground = _ground(obj, host, view_layer)
    try:
        yield ground
    finally:
        bpy.data.meshes.remove(ground.mesh)


def _ground(obj: bpy.types.Object, host: bpy.types.Object, view_layer: bpy.types.ViewLayer) -> Ground:
    armatures = tuple(one.name for one in obj.modifiers if one.type == "ARMATURE" and one.show_viewport and one.object is not None)
    by_parent = obj.parent is not None and obj.parent_type == "ARMATURE"
    is_rigged = bool(armatures or by_parent)
    has_keys = obj.data.shape_keys is not None and not any(one.show_viewport and one.name not in armatures for one in obj.modifiers)
    mesh = _resting(obj, view_layer, without_keys=has_keys)
    if _take_labels(mesh, host):
        notes = (_("The armature comes last on the parts: a subdivided, bent place may look a little different."),) if _deforms_early(obj) else ()
        return Ground(mesh=mesh, armatures=armatures, is_deformed_by_parent=by_parent, has_keys=has_keys, notes=notes)
    bpy.data.meshes.remove(mesh)
    mesh = new_mesh_of(host, view_layer)
    if not _take_labels(mesh, host):
        bpy.data.meshes.remove(mesh)
        raise bad_request(_("The faces of “{name}” were changed meanwhile: press Make Parts again.").format(name=obj.name))
    note = _("The parts of “{name}” are as it is bent now: its modifiers make other faces without the armature.")
    return Ground(mesh=mesh, notes=(note.format(name=obj.name),) if is_rigged else ())


def _take_labels(mesh: bpy.types.Mesh, host: bpy.types.Object) -> bool:
    if has_same_faces(mesh, host.data):
        write_labels(mesh, read_labels(host.data))
    return LABELS in mesh.attributes


def _deforms_early(obj: bpy.types.Object) -> bool:
    """Whether something that makes or moves vertices comes after an armature."""
    shown = [one.type for one in obj.modifiers if one.show_viewport]
    return "ARMATURE" in shown and any(kind != "ARMATURE" for kind in shown[shown.index("ARMATURE") :])


def _resting(obj: bpy.types.Object, view_layer: bpy.types.ViewLayer, *, without_keys: bool) -> bpy.types.Mesh:
    """What the modifiers but for the armatures make of it; the object itself is not touched."""
    data, copy = obj.data.copy(), obj.copy()
    try:
        copy.data = data
        copy.hide_viewport = False
        for modifier in [one for one in copy.modifiers if one.type == "ARMATURE"]:
            copy.modifiers.remove(modifier)
        if copy.parent_type == "ARMATURE":
            copy.parent_type = "OBJECT"
        if without_keys:
            copy.shape_key_clear()
        view_layer.id_data.collection.objects.link(copy)
        return new_mesh_of(copy, view_layer)
    finally:
        bpy.data.objects.remove(copy)
        bpy.data.meshes.remove(data)
