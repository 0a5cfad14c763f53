"""One GLB becomes one mesh object in a collection."""

from __future__ import annotations

import bpy
from mathutils import Matrix

from .reader import GlbReader, build_object
from ..file.windows import Workplace


def import_glb(
    path: str, place: Workplace, collection: bpy.types.Collection, reader: GlbReader
) -> bpy.types.Object:
    """The object of the GLB, without any transform of its own, linked to `collection` only.

    Selection and active object stay as they are. Raises Img23DError(MESH_UNREADABLE), and nothing is in the file then.
    """
    arrays = reader.take(path)
    obj = build_object(arrays, reader.mesh(path, arrays), collection)
    metre = 1.0 / place.scene.unit_settings.scale_length
    if metre != 1.0:
        obj.data.transform(Matrix.Scale(metre, 4))
    return obj
