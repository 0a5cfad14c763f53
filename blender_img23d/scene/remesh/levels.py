"""Levels of detail: copies of an object with fewer faces for what is far away; a second Blender takes the faces away."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as _

from ..file.windows import Workplace, push_undo, workplace_of
from .remesher import Change, Words

SHARES = (0.5, 0.25, 0.12, 0.06)  # of the object's own faces
LEVEL_OF = "img23d_level_of"  # on a copy: the object that it is a copy of
_PROGRAM = Path(__file__).with_name("level_program.py")
_ENDED = "“{name}” got no levels of detail: Blender ended without a result. Try again."
_WORDS = Words(
    doing="Making levels of “{name}”: {seconds} s",
    changed="“{name}” got no new levels of detail: it was changed while they were made.",
    late="“{name}” got no levels of detail: making them took more than {minutes} minutes.",
    ended=_ENDED,
    unfit=_ENDED,
)


def levels_of(count: int) -> Change:
    """`count` copies with the UV maps and the materials of the object, in a collection of their own, instead of those made before.

    They stand where the object stands, hidden, as programs that switch between them want it.
    """
    shares = tuple(map(str, SHARES[:count]))
    return Change(program=_PROGRAM, arguments=shares, words=_WORDS, write=_write, put=_put)


def _write(obj: bpy.types.Object, source: Path) -> None:
    """The mesh without its materials, whose pictures may be large; each face keeps the number of its own."""
    mesh = obj.data.copy()
    for slot in range(len(mesh.materials)):
        mesh.materials[slot] = None
    try:
        bpy.data.libraries.write(str(source), {mesh}, fake_user=True)
    finally:
        bpy.data.meshes.remove(mesh)


def _put(obj: bpy.types.Object, path: Path) -> str:
    place = workplace_of(obj.users_scene[0])
    with bpy.data.libraries.load(str(path)) as (there, wanted):
        wanted.meshes = sorted(there.meshes)
    for old in [one for one in place.scene.objects if one.get(LEVEL_OF) == obj]:
        _remove(old)
    collection = _collection(obj)
    for number, mesh in enumerate(wanted.meshes, start=1):
        _add_level(obj, mesh, f"{obj.name}_LOD{number}", collection, place)
    push_undo(place, "Img23D: Levels of Detail")
    text = _("{count} copies with fewer faces lie hidden in the collection “{name}”.")
    return text.format(count=len(wanted.meshes), name=collection.name)


def _collection(obj: bpy.types.Object) -> bpy.types.Collection:
    parent, name = obj.users_collection[0], f"{obj.name} LODs"
    known = next((one for one in parent.children if one.name == name), None)
    if known is None:
        known = bpy.data.collections.new(name)
        parent.children.link(known)
    return known


def _add_level(obj: bpy.types.Object, mesh: bpy.types.Mesh, name: str, collection: bpy.types.Collection, place: Workplace) -> None:
    mesh.use_fake_user, mesh.name = False, name
    for slot, material in enumerate(obj.data.materials):
        mesh.materials[slot] = material
    copy = bpy.data.objects.new(name, mesh)
    collection.objects.link(copy)
    copy.matrix_world, copy[LEVEL_OF], copy.hide_render = obj.matrix_world, obj, True
    for own, slot in zip(obj.material_slots, copy.material_slots, strict=False):
        if own.link == "OBJECT":
            slot.link, slot.material = "OBJECT", own.material
    place.view_layer.update()  # which else does not know of it yet
    if copy.name in place.view_layer.objects:  # not where the artist has excluded the collection
        copy.hide_set(True, view_layer=place.view_layer)


def _remove(obj: bpy.types.Object) -> None:
    mesh = obj.data
    bpy.data.objects.remove(obj)
    if mesh.users == 0:
        bpy.data.meshes.remove(mesh)
