"""An object's origin and its scale, which move nothing of what is seen."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
from bpy.app.translations import pgettext_rpt as _
from mathutils import Matrix, Vector

from ...shared.img23d_protocol.errors import bad_request
from ..mesh.chosen import is_splats
from ..mesh.extents import mesh_extents
from ..splats.attributes import transform_splats


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
    """The mesh takes the object's scale, which is 1 afterwards; neither it nor what hangs on it moves. Raises Img23DError."""
    scale = Matrix.Diagonal((*obj.scale, 1.0))
    if is_splats(obj):
        _give_splats(obj, scale)
    else:
        obj.data.transform(scale, shape_keys=True)
        if scale.determinant() < 0.0:
            obj.data.flip_normals()
    obj.scale = (1.0, 1.0, 1.0)
    _hold_children(obj, scale)


def _give_splats(obj: bpy.types.Object, scale: Matrix) -> None:
    try:
        transform_splats(obj.data, scale)
    except ValueError as error:
        sentence = _("“{name}” is scaled to nothing along one of its axes: give it a size there first.")
        raise bad_request(sentence.format(name=obj.name)) from error


def _hold_children(obj: bpy.types.Object, change: Matrix) -> None:
    for child in obj.children:
        child.matrix_parent_inverse = change @ child.matrix_parent_inverse
    obj.data.update()
