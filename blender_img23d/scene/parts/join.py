"""Joining back: the whole object as it was, or where the artist has worked on parts, one object of these."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
from bpy.app.translations import pgettext_rpt as _

from ...shared.img23d_protocol.errors import bad_request
from ..file.windows import Workplace
from ..view.selection import select_only
from .cut import COUNT, HIDDEN_BEFORE
from .explode import EXPLODE
from .lids import LID
from .part_state import is_as_cut
from .records import WHOLE_OF_GROUP, is_part, parts_of
from .separate import keep_used_materials

_SAME_PLACE = 1e-6  # of the size of the whole: borders that are nearer than that were one


def was_worked_on(group: bpy.types.Object) -> bool:
    """Whether something of the artist's would be lost with the parts."""
    parts = parts_of(group)
    return len(parts) != group.get(COUNT) or not all(map(is_as_cut, parts))


def whole_of(group: bpy.types.Object) -> bpy.types.Object | None:
    """The object that was cut; None where it was deleted, or none was."""
    whole = group.get(WHOLE_OF_GROUP)
    return whole if isinstance(whole, bpy.types.Object) and whole.users_scene else None


def join_back(group: bpy.types.Object, place: Workplace) -> tuple[bpy.types.Object, str]:
    """The object that there is now, and a sentence about it. Raises Img23DError."""
    whole, parts = whole_of(group), parts_of(group)
    if not parts and whole is None:
        raise bad_request("The parts and the object that they were cut from are gone: there is nothing to join.")
    if whole is not None and (not parts or not was_worked_on(group)):
        _remove(group, parts)
        _show(whole, group)
        _clear(group)
        said = _("“{name}” is whole again, as it was before the cut.").format(name=whole.name)
    else:
        joined = _joined(group, parts, whole, place)
        kept = whole is not None
        _clear(group)
        sentence = _("The parts are one object again, with what you have changed; “{name}” as it was is kept, hidden.")
        said = sentence.format(name=whole.name) if kept else _("The parts are one object again.")
        whole = joined
    place.view_layer.update()
    select_only([whole], place.view_layer)
    return whole, said


# --- steps --------------------------------------------------------------------------------------------------------------


def _joined(group: bpy.types.Object, parts: Sequence[bpy.types.Object], whole: bpy.types.Object | None, place: Workplace) -> bpy.types.Object:
    """One object of all parts, where they are when nothing is exploded."""
    group[EXPLODE] = 0.0
    group.update_tag()
    place.view_layer.update()
    joined = _empty_mesh(group, parts, whole)
    place.view_layer.update()  # for where it stands
    for part in parts:
        _keep_children(part, joined)
        _make_own(part)
    place.view_layer.update()
    with place.context(active_object=joined, object=joined, selected_objects=[joined, *parts], selected_editable_objects=[joined, *parts]):
        bpy.ops.object.join()
    _mend(joined.data)
    keep_used_materials(joined.data, list(joined.data.materials))
    return joined


def _empty_mesh(group: bpy.types.Object, parts: Sequence[bpy.types.Object], whole: bpy.types.Object | None) -> bpy.types.Object:
    """An object without any face, at the whole's place or else the empty's, with the armature of the parts."""
    name = whole.name if whole is not None else group.name
    joined = bpy.data.objects.new(name, bpy.data.meshes.new(name))
    collection = next(iter(whole.users_collection), None) if whole is not None else None
    collection = collection or next((parent for parent in bpy.data.collections if group.users_collection[0].name in parent.children), None)
    (collection or group.users_scene[0].collection).objects.link(joined)
    source = whole or group
    joined.parent, joined.parent_type, joined.parent_bone = source.parent, _plain(source.parent_type), source.parent_bone
    joined.matrix_parent_inverse, joined.matrix_basis = source.matrix_parent_inverse, source.matrix_basis
    for modifier in parts[0].modifiers:
        if modifier.type == "ARMATURE":
            joined.modifiers.new(modifier.name, "ARMATURE").object = modifier.object
    return joined


def _plain(parent_type: str) -> str:
    """The parts have an armature modifier in place of a parent that deforms."""
    return "OBJECT" if parent_type == "ARMATURE" else parent_type


def _make_own(part: bpy.types.Object) -> None:
    """Copies that the artist has linked to the same mesh keep theirs, and Join brings no object below another."""
    if part.data.users > 1:
        part.data = part.data.copy()


def _keep_children(part: bpy.types.Object, joined: bpy.types.Object) -> None:
    """What the artist has hung on a part stays where it is."""
    for child in list(part.children):
        world = child.matrix_world.copy()
        child.parent = joined
        child.matrix_world = world


def _mend(mesh: bpy.types.Mesh) -> None:
    """The cuts: lids go, and borders at the same place are one again."""
    import bmesh

    edited = bmesh.new()
    edited.from_mesh(mesh)
    layer = edited.faces.layers.int.get(LID)
    if layer is not None:
        bmesh.ops.delete(edited, geom=[face for face in edited.faces if face[layer]], context="FACES")
    border = [vert for vert in edited.verts if vert.is_boundary]
    size = max((vert.co.length for vert in border), default=0.0)
    bmesh.ops.remove_doubles(edited, verts=border, dist=max(size * _SAME_PLACE, 1e-9))
    edited.to_mesh(mesh)
    edited.free()
    if LID in mesh.attributes:
        mesh.attributes.remove(mesh.attributes[LID])
    mesh.update()


def _remove(group: bpy.types.Object, parts: Sequence[bpy.types.Object]) -> None:
    for part in parts:
        mesh = part.data
        bpy.data.objects.remove(part)
        if not mesh.users:
            bpy.data.meshes.remove(mesh)


def _show(whole: bpy.types.Object, group: bpy.types.Object) -> None:
    before = group.get(HIDDEN_BEFORE)
    viewport, render = (bool(before[0]), bool(before[1])) if before is not None and len(before) == 2 else (False, False)
    whole.hide_viewport, whole.hide_render = viewport, render


def _clear(group: bpy.types.Object) -> None:
    """The empty and its collection, unless the artist has put something there."""
    collections = list(group.users_collection)
    if any(not is_part(child) for child in group.children):
        del group[WHOLE_OF_GROUP]
        return
    bpy.data.objects.remove(group)
    for collection in collections:
        if not collection.objects and not collection.children and collection in list(bpy.data.collections):
            bpy.data.collections.remove(collection)
