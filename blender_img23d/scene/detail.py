"""Copies of an object with fewer faces for what is far away, its origin, and its scale."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
from bpy.app.translations import pgettext_rpt as _
from mathutils import Matrix, Vector

from ..shared.img23d_protocol.errors import bad_request
from .extents import mesh_extents

LEVELS = (0.5, 0.25, 0.12, 0.06)  # of the object's own faces
LEVEL_OF = "img23d_level_of"  # on a copy: the object that it is a copy of


def add_levels(obj: bpy.types.Object, count: int, context: bpy.types.Context) -> list[bpy.types.Object]:
    """Copies with the UV maps and the materials of the object, in a collection of their own, instead of those made before.

    They stand where the object stands, hidden, as programs that switch between them want it.
    """
    for old in [one for one in context.scene.objects if one.get(LEVEL_OF) == obj]:
        _remove(old)
    collection = _collection(obj)
    return [_level(obj, f"{obj.name}_LOD{number}", LEVELS[number - 1], collection, context) for number in range(1, count + 1)]


def _collection(obj: bpy.types.Object) -> bpy.types.Collection:
    parent, name = obj.users_collection[0], f"{obj.name} LODs"
    known = next((one for one in parent.children if one.name == name), None)
    if known is None:
        known = bpy.data.collections.new(name)
        parent.children.link(known)
    return known


def _level(
    obj: bpy.types.Object, name: str, share: float, collection: bpy.types.Collection, context: bpy.types.Context
) -> bpy.types.Object:
    copy = bpy.data.objects.new(name, obj.data)
    collection.objects.link(copy)
    copy.matrix_world = obj.matrix_world
    modifier = copy.modifiers.new("Decimate", "DECIMATE")
    modifier.ratio = share
    context.view_layer.update()
    depsgraph = context.view_layer.depsgraph
    mesh = bpy.data.meshes.new_from_object(copy.evaluated_get(depsgraph), preserve_all_data_layers=True, depsgraph=depsgraph)
    copy.modifiers.clear()
    copy.data = mesh
    mesh.name = name
    copy[LEVEL_OF] = obj
    copy.hide_set(True)
    return copy


def _remove(obj: bpy.types.Object) -> None:
    mesh = obj.data
    bpy.data.objects.remove(obj)
    if mesh.users == 0:
        bpy.data.meshes.remove(mesh)


def check_own_mesh(objects: Sequence[bpy.types.Object]) -> None:
    """Raises Img23DError(BAD_REQUEST) for a mesh that cannot be changed without changing another object."""
    for obj in objects:
        if obj.library or obj.data.library or obj.override_library or obj.data.override_library:
            sentence = _("“{name}” is linked from another file: make it local first (Object > Relations > Make Local).")
            raise bad_request(sentence.format(name=obj.name))
        if obj.data.users > 1:
            sentence = _("“{name}” shares its mesh with another object: make it single first (Object > Relations > Make Single User).")
            raise bad_request(sentence.format(name=obj.name))


def set_origin(obj: bpy.types.Object, *, is_base: bool) -> None:
    """To the middle of the mesh, or of its lowest side; neither it nor what hangs on it moves."""
    room = mesh_extents(obj.data)
    point = Vector((room.middle[0], room.middle[1], room.low[2] if is_base else room.middle[2]))
    obj.data.transform(Matrix.Translation(-point), shape_keys=True)
    place = obj.matrix_basis @ point
    obj.location += place - obj.matrix_basis.translation
    _hold_children(obj, Matrix.Translation(-point))


def apply_scale(obj: bpy.types.Object) -> None:
    """The mesh takes the object's scale, which is 1 afterwards; neither it nor what hangs on it moves."""
    scale = Matrix.Diagonal((*obj.scale, 1.0))
    obj.data.transform(scale, shape_keys=True)
    if scale.determinant() < 0.0:
        obj.data.flip_normals()
    obj.scale = (1.0, 1.0, 1.0)
    _hold_children(obj, scale)


def _hold_children(obj: bpy.types.Object, change: Matrix) -> None:
    for child in obj.children:
        child.matrix_parent_inverse = change @ child.matrix_parent_inverse
    obj.data.update()
